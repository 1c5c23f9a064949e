#include "cli/run/watch.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "cli/run/build_program.hpp"
#include "cli/run/start_program.hpp"

namespace t2t::own {
namespace {

namespace fs = std::filesystem;

using Times = std::map<fs::path, fs::file_time_type>;

/// When each file was last written. A file that an editor is just replacing keeps its old time.
Times times_of(const std::vector<fs::path>& files, const Times& before) {
    Times times;
    for (const fs::path& file : files) {
        std::error_code missing;
        const auto time = fs::last_write_time(file, missing);
        const auto known = before.find(file);
        if (!missing) times[file] = time;
        if (missing && known != before.end()) times[file] = known->second;
    }
    return times;
}

/// Starts the program in a process of its own. @returns the process; 0 when it does not compile
pid_t start(const CommandLine& line, std::vector<fs::path>& sources) {
    fs::path program;
    try {
        program = build_program(line, sources);
    } catch (const std::exception& error) {
        std::cerr << "t2t: " << error.what() << '\n';
    }
    if (program.empty()) return 0;
    const pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);  // whatever ends `watch` ends the program
        try {
            become(program, line);
        } catch (const std::exception& error) {
            std::cerr << "t2t: " << error.what() << '\n';
            _exit(1);
        }
    }
    return child;
}

std::string ended(int status) {
    if (WIFEXITED(status)) return "ended with exit code " + std::to_string(WEXITSTATUS(status));
    return std::string("ended by a signal: ") + strsignal(WTERMSIG(status));
}

}  // namespace

int watch(const CommandLine& line) {
    std::vector<fs::path> sources = line.files;
    for (;;) {
        // Taken before the files are read: a save that comes while they are compiled is one, too.
        Times before = times_of(sources, {});
        pid_t child = start(line, sources);
        const Times read = times_of(sources, before);
        std::erase_if(before, [&](const auto& one) { return !read.contains(one.first); });
        before.insert(read.begin(), read.end());
        while (times_of(sources, before) == before) {
            int status = 0;
            if (child > 0 && waitpid(child, &status, WNOHANG) == child) {
                child = 0;
                std::cerr << "t2t: " << ended(status) << "; waiting for the next save\n";
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
        if (child > 0) {
            kill(child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
        std::cerr << "\nt2t: saved; " << (line.check ? "checking" : "running") << " again\n";
    }
}

}  // namespace t2t::own

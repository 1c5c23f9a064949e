#include "common/process/child_process.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace t2t::process {
namespace {

[[noreturn]] void fail(const char* doing) {
    throw std::system_error(errno, std::generic_category(), doing);
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(number_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    int operator*() const { return number_; }

 private:
    int number_;
};

/// Which files a child gets beside the pipe that it prints into: by default those of this program.
class ChildFiles {
 public:
    ChildFiles() { posix_spawn_file_actions_init(&actions_); }
    ~ChildFiles() { posix_spawn_file_actions_destroy(&actions_); }
    ChildFiles(const ChildFiles&) = delete;
    ChildFiles& operator=(const ChildFiles&) = delete;

    void read_from(int file) { posix_spawn_file_actions_adddup2(&actions_, file, STDIN_FILENO); }
    void print_into(int file) { posix_spawn_file_actions_adddup2(&actions_, file, STDOUT_FILENO); }
    void drop_errors() {
        posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    }
    const posix_spawn_file_actions_t* operator*() const { return &actions_; }

 private:
    posix_spawn_file_actions_t actions_;
};

// Unlike a pipe, a file in memory takes all of `text` at once: the child never waits for us to read
// while we wait for it to read.
int file_with(const std::string& text) {
    const int file = memfd_create("standard input", MFD_CLOEXEC);
    if (file < 0) fail("making a file in memory");
    for (std::size_t done = 0; done < text.size();) {
        const ssize_t wrote = write(file, text.data() + done, text.size() - done);
        if (wrote < 0) fail("filling a file in memory");
        done += static_cast<std::size_t>(wrote);
    }
    lseek(file, 0, SEEK_SET);
    return file;
}

std::string read_all(const Descriptor& file) {
    std::string text;
    std::array<char, 1 << 16> piece;
    for (;;) {
        const ssize_t got = read(*file, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return text;
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

/// Runs `command` to its end, with what it prints in the result.
Output finish(std::vector<std::string>& command, ChildFiles& files) {
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);

    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("making a pipe");
    const Descriptor read_end(ends[0]);
    pid_t child = 0;
    {
        const Descriptor write_end(ends[1]);  // the child's alone once it runs, or it would not end
        files.print_into(*write_end);
        const int error =
            posix_spawnp(&child, arguments[0], *files, nullptr, arguments.data(), environ);
        if (error != 0) {
            throw std::runtime_error("cannot run '" + command[0] +
                                     "': " + std::generic_category().message(error) +
                                     "; install it, or put its folder into PATH");
        }
    }
    Output output;
    output.text = read_all(read_end);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    return output;
}

}  // namespace

Output run(const std::string& command) {
    std::vector<std::string> shell{"/bin/sh", "-c", command};
    ChildFiles files;
    return finish(shell, files);
}

std::string shell_word(std::string_view text) {
    std::string word = "'";
    for (const char c : text) {
        if (c == '\'') {
            word += "'\\''";
        } else {
            word += c;
        }
    }
    return word + "'";
}

bool is_installed(std::string_view program) {
    return run("command -v " + shell_word(program) + " >/dev/null 2>&1").status == 0;
}

std::string output_of(std::vector<std::string> command, const std::string& input) {
    const Descriptor child_input(file_with(input));
    ChildFiles files;
    files.read_from(*child_input);
    files.drop_errors();
    const Output output = finish(command, files);
    if (output.status != 0) {
        std::string line;
        for (const std::string& word : command) line += ' ' + word;
        throw std::runtime_error("this command failed; run it by hand to see why:" + line);
    }
    return output.text;
}

}  // namespace t2t::process

#include "cli/run/build_program.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "cli/run/diagnostics.hpp"
#include "cli/run/sources.hpp"
#include "cli/run/toolchain.hpp"
#include "cli/run/warps_in_step.hpp"
#include "common/process/child_process.hpp"

namespace t2t::own {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kept_programs = 64;

/// A hash of 128 bits (FNV-1a, twice): texts that differ get hashes that differ.
class Fingerprint {
 public:
    void add(std::string_view text) {
        for (const char c : text) mix(static_cast<unsigned char>(c));
        mix(0x100);  // an end, so that "ab", "c" is not "a", "bc"
    }
    std::string hex() const {
        char text[33];
        std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(low_),
                      static_cast<unsigned long long>(high_));
        return text;
    }

 private:
    void mix(unsigned value) {
        low_ = (low_ ^ value) * 0x100000001b3;
        high_ = (high_ ^ value ^ (low_ >> 32)) * 0x100000001b3;
    }
    std::uint64_t low_ = 0xcbf29ce484222325;
    std::uint64_t high_ = 0x9ae16a3b2f90404f;
};

std::string time_of(const fs::path& file) {
    std::error_code ignored;
    return std::to_string(fs::last_write_time(file, ignored).time_since_epoch().count());
}

/// What decides how the program comes out.
std::string fingerprint(const CommandLine& line, const Sources& sources, const Toolchain& tools) {
    Fingerprint print;
    print.add(tools.text);
    for (const fs::path& library : tools.link) print.add(time_of(library));
    print.add(time_of(tools.compiler));
    print.add(time_of(tools.precompiled / line.standard / "own_program.hpp.gch"));
    print.add(line.standard);
    for (const std::string& option : line.host_options) print.add(option);
    for (const std::string& library : line.libraries) print.add(library);
    for (const std::string& definition : line.definitions) print.add(definition);
    for (const fs::path& dir : sources.include_dirs) print.add(dir.string());
    for (const fs::path& file : sources.files) print.add(file.string());
    for (const fs::path& header : sources.first_headers) print.add("first " + header.string());
    for (const auto& [path, source] : sources.by_path) {
        print.add(path.string());
        print.add(source.shown);
        print.add(source.text);
    }
    return print.hex();
}

constexpr std::string_view folder_prefix = "making-";  // and the number of the process

/// A folder that is gone when this object is.
class TemporaryFolder {
 public:
    explicit TemporaryFolder(const fs::path& parent)
        : path_(parent / (std::string(folder_prefix) + std::to_string(getpid()))) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const fs::path& path() const { return path_; }

 private:
    fs::path path_;
};

/// A command of the shell, word by word.
class Command {
 public:
    explicit Command(const std::string& program) { *this << program; }
    Command& operator<<(const std::string& word) {
        text_ += (text_.empty() ? "" : " ") + process::shell_word(word);
        return *this;
    }
    Command& operator<<(const std::vector<std::string>& words) {
        for (const std::string& word : words) *this << word;
        return *this;
    }
    /// Runs it; what it prints comes back together.
    process::Output run() const { return process::run("LC_ALL=C.UTF-8 " + text_ + " 2>&1"); }

 private:
    std::string text_;
};

bool is_device_code(const fs::path& file) {
    return file.extension() == ".cu";
}

process::Output compile(const fs::path& file, const fs::path& object, const fs::path& mirror,
                        const CommandLine& line, const Sources& sources, const Toolchain& tools) {
    Command command(tools.compiler);
    const bool is_c = file.extension() == ".c";
    command << std::vector<std::string>{"-x", is_c ? "c" : "c++", "-c"} << tools.options;
    if (!is_c) command << "-std=gnu++" + line.standard;
    command << line.host_options;
    if (is_device_code(file)) {
        command << tools.device_options;
        const fs::path header = tools.precompiled / line.standard / "own_program.hpp";
        command << "-include" << header.string();
        for (const fs::path& first : sources.first_headers) {
            command << "-include" << mirrored(mirror, first).string();
        }
    }
    for (const std::string& definition : line.definitions) command << "-D" + definition;
    command << "-iquote" << file.parent_path().string();
    for (const fs::path& dir : sources.include_dirs) {
        command << "-I" << mirrored(mirror, dir).string() << "-I" << dir.string();
    }
    for (const fs::path& dir : tools.include_dirs) command << "-I" << dir.string();
    command << mirrored(mirror, file).string() << "-o" << object.string();
    return command.run();
}

/// Compiles every file, as many at a time as there are cores.
std::vector<process::Output> compile_all(const std::vector<fs::path>& objects,
                                         const fs::path& mirror, const CommandLine& line,
                                         const Sources& sources, const Toolchain& tools) {
    std::vector<process::Output> outputs(objects.size());
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < objects.size(); i = next++) {
            outputs[i] = compile(sources.files[i], objects[i], mirror, line, sources, tools);
        }
    };
    const std::size_t workers =
        std::min<std::size_t>(objects.size(), std::max(1u, std::thread::hardware_concurrency()));
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(work);
    work();
    threads.clear();
    return outputs;
}

void print_errors(std::vector<Diagnostic> errors, const std::string& output,
                  const CommandLine& line, const Sources& sources) {
    const std::string name = line.files.front().string();
    if (errors.empty()) {  // none that is known by its form: all there is
        std::cerr << output << "t2t: " << name << " does not compile\n";
        return;
    }
    const std::size_t shown = line.all_errors ? errors.size() : 1;
    for (std::size_t i = 0; i < shown; ++i) std::cerr << text_of(errors[i], sources);
    std::cerr << "t2t: " << name << " does not compile";
    const std::size_t more = errors.size() - shown;
    if (more > 0) {
        std::cerr << "; " << more << (more == 1 ? " more error" : " more errors")
                  << ", --all-errors shows " << (more == 1 ? "it" : "them");
    }
    std::cerr << '\n';
}

/// Whether the process that makes a program in this folder has ended, by Ctrl-C perhaps.
bool is_left_behind(const fs::path& folder) {
    const std::string name = folder.filename().string();
    if (!name.starts_with(folder_prefix)) return false;
    const int process = std::atoi(name.c_str() + folder_prefix.size());
    return process > 0 && kill(process, 0) != 0 && errno == ESRCH;
}

/// Removes the programs that have not been used for longest, and what interrupted calls have left.
void forget_old_programs(const fs::path& cache) {
    std::vector<std::pair<fs::file_time_type, fs::path>> programs;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(cache, ignored)) {
        if (is_left_behind(entry.path())) fs::remove_all(entry.path(), ignored);
        if (entry.is_regular_file(ignored)) {
            programs.emplace_back(entry.last_write_time(ignored), entry.path());
        }
    }
    std::ranges::sort(programs);
    for (std::size_t i = 0; i + kept_programs < programs.size(); ++i) {
        fs::remove(programs[i].second, ignored);
    }
}

fs::path compile_with_nvcc(const fs::path& made, const CommandLine& line, const Sources& sources,
                           const Toolchain& tools) {
    Command command(tools.compiler);
    command << tools.options << "-std=c++" + line.standard << "-o" << made.string();
    for (const std::string& definition : line.definitions) command << "-D" + definition;
    for (const fs::path& dir : sources.include_dirs) command << "-I" + dir.string();
    for (const fs::path& first : sources.first_headers) command << "-include" << first.string();
    for (const std::string& option : line.host_options) command << "-Xcompiler" << option;
    for (const fs::path& file : sources.files) command << file.string();
    command << line.libraries;
    const process::Output output = command.run();
    std::cerr << output.text;
    if (output.status == 0) return made;
    std::cerr << "t2t: " << line.files.front().string() << " does not compile\n";
    return {};
}

fs::path compile_and_link(const fs::path& folder, const CommandLine& line, const Sources& sources,
                          const Toolchain& tools) {
    const fs::path made = folder / "program";
    if (tools.is_nvcc) return compile_with_nvcc(made, line, sources, tools);

    const fs::path mirror = folder / "sources";
    write(sources, mirror);
    std::vector<fs::path> objects;
    for (std::size_t i = 0; i < sources.files.size(); ++i) {
        objects.push_back(folder / (std::to_string(i) + ".o"));
    }
    std::string printed;
    bool failed = false;
    std::vector<Diagnostic> errors;
    for (const process::Output& output : compile_all(objects, mirror, line, sources, tools)) {
        if (output.status == 0) continue;
        failed = true;
        printed += output.text;
        std::ranges::move(compiler_errors(output.text, sources), std::back_inserter(errors));
    }
    if (failed) {
        print_errors(std::move(errors), printed, line, sources);
        return {};
    }
    Command link(tools.compiler);
    for (const fs::path& object : objects) link << object.string();
    for (const fs::path& part : tools.link) link << part.string();
    link << line.host_options << line.libraries << "-pthread"
         << "-o" << made.string();
    const process::Output linked = link.run();
    if (linked.status == 0) return made;
    print_errors(linker_errors(linked.text, sources), linked.text, line, sources);
    return {};
}

}  // namespace

fs::path build_program(const CommandLine& line, std::vector<fs::path>& sources_seen) {
    const Toolchain tools = toolchain();
    sources_seen = line.files;
    const Sources sources = gather(line.files, line.include_dirs, line.first_headers);
    sources_seen.clear();
    for (const auto& [path, source] : sources.by_path) sources_seen.push_back(path);

    if (!line.check && !tools.is_nvcc) std::cerr << notes_on_warps_in_step(sources);

    const fs::path cache = build_folder() / "own";
    fs::create_directories(cache);
    const fs::path program = cache / (fingerprint(line, sources, tools));
    std::error_code ignored;
    if (fs::exists(program)) {
        fs::last_write_time(program, fs::file_time_type::clock::now(), ignored);
    } else {
        const TemporaryFolder folder(cache);
        const fs::path made = compile_and_link(folder.path(), line, sources, tools);
        if (made.empty()) return {};
        fs::rename(made, program);
        forget_old_programs(cache);
    }
    if (!line.output.empty()) {
        fs::copy_file(program, line.output, fs::copy_options::overwrite_existing);
    }
    return program;
}

}  // namespace t2t::own

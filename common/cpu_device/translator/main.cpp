// t2t_translate INPUT OUTPUT: translates one .cu or .cuh file for the CPU device.
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/cpu_device/translator/translate.hpp"

namespace {

namespace fs = std::filesystem;

std::optional<std::string> read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || fs::is_directory(path)) return std::nullopt;
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// Leaves a file alone that has this text already. Whatever includes it then stays built when only
// the translator was built anew; Ninja looks at the output again after the command (CMake asks it
// to: restat).
void write(const fs::path& path, const std::string& text) {
    if (read(path) == text) return;
    if (path.has_parent_path()) fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << text << std::flush;
    if (!file)
        throw std::runtime_error("cannot write " + path.string() +
                                 "; check the folder and the disk");
}

void run(const fs::path& input, const fs::path& output) {
    const std::optional<std::string> source = read(input);
    if (!source) throw std::runtime_error("cannot read " + input.string() + "; check the path");
    std::error_code ignored;
    if (fs::equivalent(input, output, ignored)) {
        throw std::runtime_error("OUTPUT is INPUT, " + input.string() + "; name another file");
    }
    try {
        write(output, t2t::cpu_device::translate(*source, fs::absolute(input).string()));
    } catch (const t2t::cpu_device::TranslationError& error) {
        fs::remove(output, ignored);  // an old translation must not be built in its place
        throw std::runtime_error(input.string() + ":" + std::to_string(error.line()) +
                                 ": error: " + error.what());
    } catch (...) {
        fs::remove(output, ignored);
        throw;
    }
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 3) {
        std::cerr
            << "usage: t2t_translate INPUT OUTPUT\n"
               "Translates a .cu or .cuh file into C++ for the CPU device, with the same lines.\n";
        return 2;
    }
    try {
        run(arguments[1], arguments[2]);
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 1;
    }
}

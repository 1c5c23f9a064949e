#include "cli/run/toolchain.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace t2t::own {

namespace fs = std::filesystem;

fs::path build_folder() {
    return fs::read_symlink("/proc/self/exe").parent_path().parent_path();
}

Toolchain toolchain() {
    const fs::path file = build_folder() / "own_programs.txt";
    std::ifstream in(file);
    if (!in) throw std::runtime_error("cannot read " + file.string() + "; build anew");
    Toolchain tools;
    tools.text.assign(std::istreambuf_iterator<char>(in), {});
    std::istringstream lines(tools.text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t blank = line.find(' ');
        const std::string key = line.substr(0, blank);
        const std::string value = blank == line.npos ? "" : line.substr(blank + 1);
        if (value.empty()) continue;
        if (key == "compiler") tools.compiler = value;
        if (key == "nvcc") {
            tools.compiler = value;
            tools.is_nvcc = true;
        }
        if (key == "option") tools.options.push_back(value);
        if (key == "device_option") tools.device_options.push_back(value);
        if (key == "include") tools.include_dirs.push_back(value);
        if (key == "link") tools.link.push_back(value);
        if (key == "precompiled") tools.precompiled = value;
    }
    return tools;
}

}  // namespace t2t::own

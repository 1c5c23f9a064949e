/// @file
/// How this build compiles a program of one's own. CMake writes it, beside the programs of the build.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace t2t::own {

/// The compiler, its options, and what a program is linked with.
struct Toolchain {
    std::string text;                  ///< the file itself: what a change of the build changes
    std::string compiler;              ///< absolute
    bool is_nvcc = false;              ///< else a C++ compiler, for the CPU device
    std::vector<std::string> options;  ///< of every file
    std::vector<std::string> device_options;          ///< of .cu files alone
    std::vector<std::filesystem::path> include_dirs;  ///< behind the program's own
    std::vector<std::filesystem::path> link;          ///< objects and libraries, in order
    std::filesystem::path
        precompiled;  ///< holds folders 17 and 20 with precompiled headers; or empty
};

/// Reads the toolchain of the build that this program belongs to.
/// @throws std::runtime_error when it is not there
Toolchain toolchain();

/// The folder of the build that this program belongs to.
std::filesystem::path build_folder();

}  // namespace t2t::own

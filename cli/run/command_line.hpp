/// @file
/// What the words after `./t2t run`, `./t2t check FILE.cu` and `./t2t watch` say.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace t2t::own {

/// What is to be done with a program of one's own.
struct CommandLine {
    std::vector<std::filesystem::path> files;          ///< .cu, .cpp, .cc, .cxx and .c, as typed
    std::vector<std::filesystem::path> include_dirs;   ///< -I, as typed
    std::vector<std::filesystem::path> first_headers;  ///< -include: read before each .cu file
    std::vector<std::string> definitions;              ///< -D, such as `N=1024`
    std::vector<std::string> host_options;             ///< -Xcompiler, for the C++ compiler
    std::vector<std::string> libraries;                ///< -l and -L, for the linker, in order
    std::string standard = "17";                       ///< of C++, nvcc's default
    std::filesystem::path output;                      ///< -o: where the program is kept, or empty
    unsigned timeout = 0;                              ///< seconds; 0: none
    bool all_errors = false;                           ///< --all-errors
    std::vector<std::string> arguments;                ///< the program's own, behind --

    bool check = false;                 ///< run with every access seen
    bool watch = false;                 ///< again at each save
    bool annotate = false;              ///< --annotate, of check
    std::string json;                   ///< --json, of check: a file, `-`, or empty
    std::string draw;                   ///< --draw, of check: LINE or FILE:LINE, or empty
    std::string picture = "check.svg";  ///< --out, of check

    bool help = false;  ///< --help: nothing else is done
};

/// Reads the words of `./t2t COMMAND words…`.
/// @param words the command first: run, check or watch
/// @throws cli::UsageError when a word is wrong, or a file is no source file or not there
CommandLine parse(const std::vector<std::string>& words);

/// What --help prints.
std::string help_of(const CommandLine& line);

}  // namespace t2t::own

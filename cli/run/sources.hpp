/// @file
/// A program's source files and the local headers that they include, translated for the CPU device.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace t2t::own {

/// One file of the program.
struct Source {
    std::filesystem::path path;  ///< absolute, without `..` and links of folders
    std::string shown;       ///< as messages name it: from the current folder where it lies below
    std::string text;        ///< as it is on the disk
    std::string translated;  ///< for the C++ compiler; of .cpp and .c files the text itself
};

/// All files of a program.
struct Sources {
    std::vector<std::filesystem::path> files;          ///< those that are compiled, absolute
    std::vector<std::filesystem::path> include_dirs;   ///< absolute
    std::vector<std::filesystem::path> first_headers;  ///< of -include, absolute
    std::map<std::filesystem::path, Source> by_path;   ///< those, and the headers among them

    /// The file that a compiler's message calls `shown`, or by its path; nullptr: it is none of these.
    const Source* find(const std::string& shown) const;
};

/// Reads `files`, `first_headers` and, from there on, every header that an `#include` finds beside its file or in
/// `include_dirs`, whatever `#if` stands around it. Headers of the system are not looked at.
/// @throws std::runtime_error when a file cannot be read or translated; the message has its place
Sources gather(const std::vector<std::filesystem::path>& files,
               const std::vector<std::filesystem::path>& include_dirs,
               const std::vector<std::filesystem::path>& first_headers = {});

/// The path below `folder` where write() puts the file at `path`.
std::filesystem::path mirrored(const std::filesystem::path& folder,
                               const std::filesystem::path& path);

/// Writes every file's translation below `folder`, at its own absolute path there, so that one file finds
/// another as the originals do.
void write(const Sources& sources, const std::filesystem::path& folder);

}  // namespace t2t::own

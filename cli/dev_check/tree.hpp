/// @file
/// What `t2t dev check` looks at, and what it says: a tree of files in memory, and findings.
///
/// A rule is a plain function from a tree to findings. Nothing in it touches the disk, so a test
/// plants a fault in a tree of three lines and looks for the finding.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace t2t::dev_check {

/// One file of the repository.
struct File {
    std::string text;          ///< the content; empty when the file is larger than largest_text
    bool executable = false;   ///< may the owner run it?
    std::uintmax_t bytes = 0;  ///< the size on disk
};

/// Larger files are not read, only weighed.
inline constexpr std::uintmax_t largest_text = 1'000'000;

/// Every file, by its path from the repository's root, with `/` between folders.
using Tree = std::map<std::string, File>;

/// One thing that is wrong.
struct Finding {
    std::string path;      ///< from the repository's root
    std::size_t line = 1;  ///< counted from 1
    std::string message;   ///< "what is wrong; what to do"
};

/// All that one rule has to say; empty when the tree is fine.
using Findings = std::vector<Finding>;

/// One rule.
using Rule = Findings (*)(const Tree& tree);

/// Reads what git tracks, or would track, below `root`.
/// @throws std::runtime_error when `root` is no git working tree
Tree read_tree(const std::filesystem::path& root);

/// Is there a file, or a folder with a file in it, at `path`?
bool exists(const Tree& tree, const std::string& path);

}  // namespace t2t::dev_check

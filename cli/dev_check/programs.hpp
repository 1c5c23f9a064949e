/// @file
/// The two rules that other programs decide: clang-format for layout, bash for scripts.
#pragma once

#include <filesystem>
#include <string>

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// The clang-format that decides the layout, version 14; empty when it is not installed. Another
/// version breaks some lines elsewhere.
std::string layout_program();

/// The C++ and CUDA files of `tree` that `program`, a clang-format, would lay out otherwise.
/// @param root where the files of `tree` are on disk
Findings layout(const Tree& tree, const std::filesystem::path& root, const std::string& program);

/// The shell scripts of `tree` that bash cannot parse.
/// @param root where the files of `tree` are on disk
Findings scripts(const Tree& tree, const std::filesystem::path& root);

}  // namespace t2t::dev_check

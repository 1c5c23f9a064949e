/// @file
/// All rules of `t2t dev check`.
#pragma once

#include <span>

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// The rules that need nothing but the tree.
std::span<const Rule> rules();

/// What all rules have to say, by path and line.
Findings check(const Tree& tree);

}  // namespace t2t::dev_check

/// @file
/// Rules for every file of the tree: text that is finished, scripts that can be run.
#pragma once

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// Sources hold no note that something is left to do.
Findings leftovers(const Tree& tree);
/// No line of a text file ends in a blank, and its last line ends.
Findings line_ends(const Tree& tree);
/// No file is larger than 1 MB, but for model weights.
Findings sizes(const Tree& tree);
/// What starts with `#!` may be executed, and t2t and every profile.sh do start so.
Findings executables(const Tree& tree);

}  // namespace t2t::dev_check

/// @file
/// The rule for links: what a page points to is there.
#pragma once

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// Every relative link and picture of a Markdown page exists, and so does the heading after its `#`.
Findings links(const Tree& tree);

}  // namespace t2t::dev_check

/// @file
/// Rules for who may include whom: cli → model → chapters → common.
#pragma once

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// A quoted include runs from the repository's root, names a file, and goes along the arrows.
Findings include_arrows(const Tree& tree);
/// A chapter's headers are its own, but for the one that carries its name.
Findings private_headers(const Tree& tree);
/// Nothing under common/ names a chapter.
Findings common_names_no_chapter(const Tree& tree);

}  // namespace t2t::dev_check

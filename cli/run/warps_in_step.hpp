/// @file
/// Programs that trust the lanes of a warp to run in step.
#pragma once

#include <string>

#include "cli/run/sources.hpp"

namespace t2t::own {

/// One sentence for each file whose device code has `volatile` memory, and neither a __syncwarp() nor a
/// fence: books from before 2017 sum the last warp of a block so. A race that a GPU mostly forgives; the
/// CPU device runs the lanes one after the other, so the result differs.
/// @returns lines that end in '\n'; empty when there is no such file
std::string notes_on_warps_in_step(const Sources& sources);

}  // namespace t2t::own

/// @file
/// Every ladder of the course. A chapter's ladders are entered once, in ladders.cpp, and their rungs are read
/// from the chapter's own header.
///
/// Whoever links this links every rung. A program of one chapter knows its ladders from its benchmark.
#pragma once

#include <vector>

#include "common/lab/ladder_entry.hpp"

namespace t2t {

/// The ladders of chapter number `chapter`, in the order of its lesson; none while it is to come.
const std::vector<LadderEntry>& ladders_of(int chapter);

}  // namespace t2t

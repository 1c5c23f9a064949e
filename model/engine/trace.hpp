/// @file
/// A trace of one token, as people read it.
#pragma once

#include <string>
#include <vector>

#include "common/lab/trace.hpp"

namespace t2t::model {

/// The entries as a table, what a chain runs indented below it, then the share of each chapter.
/// @param copy_gb_s the device's copy bandwidth, which `% of roof` divides by; 0 leaves that out
std::string describe(const std::vector<TraceEntry>& entries, double copy_gb_s);

}  // namespace t2t::model

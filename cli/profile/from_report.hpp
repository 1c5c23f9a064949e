/// @file
/// From what the CPU device saw to a profile's kernels and sentences.
#pragma once

#include <string>
#include <vector>

#include "cli/profile/profile.hpp"
#include "common/cpu_device/observer/report/report.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::profile {

/// The kernels of `report`, with their traffic under ncu's names.
std::vector<Kernel> kernels_of(const observer::Report& report);

/// The place in `report.kernels` of the kernel that moves most bytes, the first of equals; that of the
/// one that a profile speaks of.
/// @param report of at least one kernel
std::size_t heaviest(const observer::Report& report);

/// The sentences about a rung that the CPU device has run.
/// @param wrong what is wrong with its result; empty when it is right
std::vector<Sentence> sentences_of_report(const observer::Report& report, const Work& work,
                                          const std::string& wrong);

/// The line whose requests waste most sectors or passes, as `v2_tile.cu:44`; where none does, the one that
/// moves most bytes; empty when there is none.
std::string worst_line(const observer::KernelReport& kernel);

}  // namespace t2t::profile

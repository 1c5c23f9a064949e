/// @file
/// From the words of a command to the rungs and lines that they mean.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/check/drawn_line.hpp"
#include "cli/check/rung_report.hpp"
#include "common/lab/bench/bench_case.hpp"

namespace t2t::rung_check {

/// The cases that hold a rung that `word` names (see t2t::names_rung), each with those of its rungs; all when it is empty.
/// @param chapter `03_shared_memory`, for the message
/// @throws cli::UsageError when there is none; the message lists the rungs there are
std::vector<lab::BenchCase> select_rungs(std::vector<lab::BenchCase> cases, const std::string& word,
                                         const std::string& chapter);

/// The requests of `line` in the first shape of each rung, one of each kind of access: the one with
/// most lanes.
/// @throws cli::UsageError when that line accesses no memory; the message names lines that do
std::vector<observer::Request> requests_of(const DrawnLine& line,
                                           std::span<const RungReport> rungs);

}  // namespace t2t::rung_check

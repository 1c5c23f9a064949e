/// @file
/// From the words of a command to the rungs and lines that they mean.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/check/rung_report.hpp"
#include "common/lab/bench/bench_case.hpp"

namespace t2t::rung_check {

/// The cases that hold a rung that `word` names (see t2t::names_rung), each with those of its rungs; all when it is empty.
/// @param chapter `03_shared_memory`, for the message
/// @throws cli::UsageError when there is none; the message lists the rungs there are
std::vector<lab::BenchCase> select_rungs(std::vector<lab::BenchCase> cases, const std::string& word,
                                         const std::string& chapter);

/// A line of a source file, as `--draw` names it.
struct DrawnLine {
    std::string file;  ///< the end of its path; empty means the rung's own file
    int line = 0;      ///< counted from 1
};

/// `44` or `v2_tile.cu:44`.
/// @throws cli::UsageError when it is neither
DrawnLine parse_drawn_line(const std::string& words);

/// The requests of `line` in the first shape of each rung, one of each kind of access: the one with
/// most lanes.
/// @throws cli::UsageError when that line accesses no memory; the message names lines that do
std::vector<observer::Request> requests_of(const DrawnLine& line,
                                           std::span<const RungReport> rungs);

}  // namespace t2t::rung_check

/// @file
/// Asks Nsight Compute, through a chapter's profile.sh.
///
/// The script has the lesson's metrics and hands them to chapters/profile_with_ncu.sh, which calls ncu. It
/// passes further options on to ncu, and the ones given here make ncu print a table for programs (CSV).
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/profile/profile.hpp"

namespace t2t::profile {

/// What ncu said.
struct NcuAnswer {
    std::vector<Kernel> kernels;  ///< with metrics; none when ncu had nothing to say
    std::string why_not = {};     ///< in that case the reason, and what to do about it
};

/// Runs `script` for `rung`.
/// @param script a chapter's profile.sh
NcuAnswer ask_ncu(const std::filesystem::path& script, const std::string& rung);

/// Names of metrics.
using MetricNames = std::set<std::string, std::less<>>;

/// The metrics in the list of a profile.sh, `metrics=( … )`, without the comments between them.
MetricNames metrics_asked(std::string_view script);

/// The kernels in what ncu printed with `--csv --page raw`, among the words of the program that it
/// watched. Values are turned into bytes and nanoseconds, those that ncu could not get ("n/a") left
/// out. ncu adds hundreds of columns that nobody asked for: of those, only what find_metric() knows
/// about the launch is kept.
/// @param asked the metrics to keep in any case
std::vector<Kernel> parse_ncu(std::string_view text, const MetricNames& asked);

/// Why a run of profile.sh gave no metrics, and what to do about it.
/// @param text   all that it printed
/// @param status its exit status
std::string why_no_metrics(const std::string& text, int status);

}  // namespace t2t::profile

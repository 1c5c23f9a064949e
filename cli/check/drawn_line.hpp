/// @file
/// The line that `--draw` names.
#pragma once

#include <string>

namespace t2t::rung_check {

/// A line of a source file, as `--draw` names it.
struct DrawnLine {
    std::string file;  ///< the end of its path; empty means the rung's own file
    int line = 0;      ///< counted from 1
};

/// `44` or `v2_tile.cu:44`.
/// @throws cli::UsageError when it is neither
DrawnLine parse_drawn_line(const std::string& words);

}  // namespace t2t::rung_check

/// @file
/// Files that a command writes because an option says so: --json, --out.
#pragma once

#include <string>

namespace t2t::cli {

/// Called before any time is spent on what is to be written. Nothing is left behind.
/// @param option `--json`, for the message
/// @param file   empty and `-` (standard output) are always fine
/// @throws UsageError when `file` cannot be written
void require_writable(const std::string& option, const std::string& file);

/// Writes `text` to `file`, or to standard output when that is `-`.
/// @throws std::runtime_error when it cannot be written
void write_output(const std::string& option, const std::string& file, const std::string& text);

}  // namespace t2t::cli

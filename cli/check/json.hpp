/// @file
/// Reports as JSON, for programs. The keys do not change.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/check/rung_report.hpp"

namespace t2t::rung_check {

/// One rung on one shape: `operation`, `rung`, `shape`; then either `skipped` (why), or `right`,
/// `wrong` (what, unless it is right), `faults`, `kernels`, `total`, `device_bytes`, `shadow_bytes`.
///
/// A fault has `kind`, `kernel`, `where`, `other`, `thread`, `other_thread`, `what`, `cause`, `count`.
/// A kernel has `kernel`, `definition`, `grid`, `block`, `shared_bytes`, `launches`, `total`, `lines`
/// (each a `where` and a `traffic`) and `requests` (what `--draw` draws). Traffic has the names of
/// observer::Traffic, and the quotients that the tables show.
nlohmann::ordered_json to_json(const RungReport& rung);

/// All reports as one text, with the `command` that made them and its `date`.
std::string json_text(const std::vector<RungReport>& reports, const std::string& command,
                      const std::string& date);

/// What was seen of a program of one's own: `command`, `date`, `file`, and the report as above.
std::string json_text(const RungReport& seen, const std::string& file, const std::string& command,
                      const std::string& date);

/// A report's traffic alone.
nlohmann::ordered_json to_json(const observer::Traffic& traffic);

}  // namespace t2t::rung_check

/// @file
/// Results as a table for people and as JSON for programs.
#pragma once

#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "common/device/properties.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/roofs.hpp"

namespace t2t::lab {

/// The figures of one row. A figure that does not apply is empty.
struct Figures {
    double median_ms = 0;                     ///< of one run
    double p10_ms = 0;                        ///< 10th percentile
    double p90_ms = 0;                        ///< 90th percentile
    double gb_s = 0;                          ///< bytes that must move over the median
    double tflop_s = 0;                       ///< operations over the median
    std::optional<double> percent_of_roof{};  ///< of this run's copy, or of the fp32 peak
    std::optional<double> to_library{};       ///< speed relative to the library: 1.1 is 10 % faster
    std::optional<double> gain{};             ///< speed relative to the rung below
};

/// The figures of `result.rows[row]`; nothing when the row has no samples.
/// @param fp32_tflop_s the roof of a case bound by fp32 arithmetic
std::optional<Figures> figures(const CaseResult& result, std::size_t row, double fp32_tflop_s);

/// The lines above all tables: device, versions, date, and what the times mean.
void print_header(std::ostream& out, const DeviceProperties& device, const std::string& date);

/// One table. On the CPU device it compares no rung with the one below: a thread of a block runs to its
/// end, or to the next barrier, before the next thread starts, so the processor's caches see another
/// order of accesses than a GPU's.
void print_table(std::ostream& out, const CaseResult& result, double fp32_tflop_s,
                 const DeviceProperties& device);

/// The same as JSON: device, date, command, roofs and all rows with all samples.
nlohmann::ordered_json to_json(const std::vector<CaseResult>& results,
                               const DeviceProperties& device, const Roofs& roofs,
                               const std::string& date, const std::string& command);

/// The roofs as JSON.
nlohmann::ordered_json to_json(const Roofs& roofs);

/// The roofs as lines for people.
void print_roofs(std::ostream& out, const Roofs& roofs, const DeviceProperties& device);

}  // namespace t2t::lab

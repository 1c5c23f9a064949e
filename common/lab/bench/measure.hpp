/// @file
/// Times all rows of a case, interleaved, each held to its check before and after.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "common/device/properties.hpp"
#include "common/lab/bench/bench.hpp"

namespace t2t::lab {

/// How long and what to measure.
struct BenchOptions {
    int repetitions = by_build(50, 9);  ///< samples per row
    std::string only_rung = {};         ///< measure rungs of this name alone; empty: all
};

/// What a row of a table is.
enum class RowKind {
    rung,
    library,
    copy,  ///< a device-to-device copy that moves as many bytes: the roof of this run
};

/// One row's samples.
struct RowResult {
    std::string name;                       ///< the rung's or the library's
    RowKind kind = RowKind::rung;           ///< what the row is
    std::vector<double> milliseconds = {};  ///< one run's time, a sample a repetition
    std::string fault = {};                 ///< why the result is wrong; empty when it is right
    std::string skipped = {};  ///< why it did not run on this device; empty when it did
};

/// One table.
struct CaseResult {
    std::string operation;         ///< the ladder's
    std::string shape;             ///< as the benchmark labels it
    Work work;                     ///< of one run
    Roof roof = Roof::copy;        ///< what bounds it
    std::size_t operand_sets = 1;  ///< rotated, so that no run finds its operands in the L2 cache
    std::vector<RowResult> rows = {};  ///< in climbing order, then library and copy

    /// Whether a row's result was wrong.
    bool any_wrong() const;
};

/// How many sets of `bytes` bytes exceed an L2 cache of `l2_cache` bytes four times over: 1 to 64.
std::size_t operand_sets(double bytes, std::size_t l2_cache);

/// Measures `bench_case` on `device`.
///
/// Google Benchmark runs the repetitions of all rows in random order; a sample is the mean over a batch
/// of runs (see TimedRuns) of about a millisecond.
/// @throws CudaError when a row's launch fails; a wrong result is no exception, it is in the row
CaseResult measure(const BenchCase& bench_case, const BenchOptions& options,
                   const DeviceProperties& device);
}  // namespace t2t::lab

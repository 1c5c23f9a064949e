/// @file
/// The jobs that the CPU device is timed on.
#pragma once

#include <vector>

#include <benchmark/benchmark.h>

namespace t2t {

/// One job. Its result is checked, so that a device that skips work cannot look fast.
struct SpeedJob {
    const char* name;
    void (*run)(benchmark::State& state);
    double bar;  ///< the most seconds that one operation may take on 2 cores; 0 where none is set
};

/// All jobs, in the order of the table.
const std::vector<SpeedJob>& speed_jobs();

/// Whether a job's result was wrong since the last call.
bool take_wrong_result();

}  // namespace t2t

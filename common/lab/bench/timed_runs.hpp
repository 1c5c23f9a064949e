/// @file
/// Many runs queued at once, so that kernels are timed and not the host that launches them.
#pragma once

#include <cstddef>
#include <functional>

#include <cuda_runtime.h>

#include "common/device/event.hpp"

namespace t2t::lab {

/// How a batch reaches the device.
enum class Queueing {
    /// Recorded once as a CUDA graph and replayed: launches cost about a microsecond.
    graph,
    /// Launched again each time. A graph's copies take a slower path than the stream's (2.7 instead of
    /// 4.2 TB/s on an H200), so long runs, which hide their launches, go here. So do runs that wait for
    /// the device, which a graph cannot record.
    one_by_one,
};

/// `runs` runs in one batch; run i works on operand set i mod `sets`. Neither moves nor copies.
class TimedRuns {
 public:
    /// With Queueing::graph, records the runs on `stream`; nothing runs yet.
    /// @param run  queues one run on an operand set
    /// @param runs how many; a multiple of `sets`, so that every batch walks over all operands
    TimedRuns(std::function<void(std::size_t set, cudaStream_t)> run, std::size_t runs,
              std::size_t sets, cudaStream_t stream, Queueing queueing);
    TimedRuns(const TimedRuns&) = delete;
    TimedRuns& operator=(const TimedRuns&) = delete;
    ~TimedRuns();

    /// Queues all runs.
    void queue();

    /// Device time of one run in milliseconds: the mean over one batch. On a GPU another batch is queued
    /// right before, so that the device is busy while the host queues the one that is timed.
    double milliseconds_per_run();

 private:
    void run_all();

    std::function<void(std::size_t set, cudaStream_t)> run_;
    std::size_t runs_;
    std::size_t sets_;
    cudaStream_t stream_;
    cudaGraphExec_t graph_ = nullptr;  ///< nullptr: one by one
    DeviceTimer timer_;
};

}  // namespace t2t::lab

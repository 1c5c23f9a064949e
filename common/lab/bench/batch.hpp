/// @file
/// Many runs recorded once as a CUDA graph and replayed, so that short kernels are timed and not the
/// host that launches them.
#pragma once

#include <cstddef>
#include <functional>

#include <cuda_runtime.h>

#include "common/device/event.hpp"

namespace t2t::lab {

/// `runs` runs in one graph; run i works on operand set i mod `sets`. Neither moves nor copies.
class Batch {
 public:
    /// Records the runs on `stream`; nothing runs yet.
    /// @param run  queues one run on an operand set
    /// @param runs how many; a multiple of `sets`, so that every replay walks over all operands
    Batch(const std::function<void(std::size_t set, cudaStream_t)>& run, std::size_t runs,
          std::size_t sets, cudaStream_t stream);
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch();

    /// Queues all runs.
    void replay();

    /// Device time of one run in milliseconds: the mean over one replay. On a GPU another replay is
    /// queued right before, so that the device is busy while the host queues the one that is timed.
    double milliseconds_per_run();

 private:
    std::size_t runs_;
    cudaStream_t stream_;
    cudaGraphExec_t graph_ = nullptr;
    DeviceTimer timer_;
};

}  // namespace t2t::lab

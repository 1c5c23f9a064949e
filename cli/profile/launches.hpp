/// @file
/// The kernels that a run launches, and what each takes of an SM. Only in a build for a GPU.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include <cuda_runtime.h>

#include "cli/profile/sentences.hpp"

namespace t2t::profile {

/// A kernel of a run.
struct RecordedKernel {
    Kernel kernel;  ///< without times; its metrics are ncu's launch__… and the occupancy
    Fit fit;        ///< what its blocks take
};

/// Records one run as a CUDA graph, without running it, and asks CUDA about the kernels in it.
/// @param run queues one run on a stream
/// @returns one for each kernel, in the order of their first launch; nothing when the run waits for the
///          device in between and so cannot be recorded
std::optional<std::vector<RecordedKernel>> recorded_kernels(
    const std::function<void(cudaStream_t)>& run);

}  // namespace t2t::profile

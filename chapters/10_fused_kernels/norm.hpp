/// @file
/// The norm in the chains of chapter 10: which of chapter 09's two ladders serves it.
#pragma once

#include <cstddef>

#include <cuda_runtime.h>

#include "chapters/09_normalization/normalization.cuh"
#include "common/lab/run.hpp"

namespace t2t::fused_kernels {

using normalization::LayerNorm;
using normalization::RmsNorm;

/// Calls `use` with the ladder that serves `norm`, and with the operation that it takes: a LayerNorm, or
/// without a bias an RMSNorm.
template <typename T, typename Use>
auto with_norm_ladder(const LayerNorm<T>& norm, Use use) {
    if (norm.bias != nullptr) return use(normalization::layer_norm_ladder<T>, norm);
    return use(normalization::rms_norm_ladder<T>,
               RmsNorm<T>{norm.x, norm.weight, norm.y, norm.rows, norm.width, norm.epsilon,
                          norm.workspace});
}

/// Queues a norm, by the ladder that serves it; as run().
template <typename T>
void run_norm(const LayerNorm<T>& norm, cudaStream_t stream) {
    with_norm_ladder(norm, [&](const auto& ladder, const auto& op) { run(ladder, op, stream); });
}

/// Bytes of workspace that run_norm() needs for `norm`.
template <typename T>
std::size_t norm_workspace(const LayerNorm<T>& norm) {
    return with_norm_ladder(
        norm, [](const auto& ladder, const auto& op) { return workspace_of(ladder, op); });
}

}  // namespace t2t::fused_kernels

/// Rung 1: a warp for the rows of one token's experts.
///
/// Idea      Each token reads the weights of the experts that it chose, as if it were alone. A
///           first kernel fills the inner activation, a second one mixes the experts' answers. A
///           warp takes 4 rows at a time; its lanes walk along them side by side, 16 bytes each.
/// Changed   Nothing below this rung. It is the matrix-vector product of chapter 16 with one more
///           step: which matrix it is stands in `chosen`.
/// Expect    A token reads top_k · 3 · width · inner weights, two operations each: memory is the
///           limit. For one token that is all that must be read. For 64 tokens and 8 experts each
///           expert is read by 16 tokens on average, and what L2 does not hold comes from DRAM
///           again: the time grows with the tokens, where the bytes that must move stop growing.
/// Measured  H200, Mixtral 8x7B, bf16: 1 token 0.211 ms, 3,346 GB/s, 80 % of the same run's copy;
///           64 tokens 10.1 ms, 279 GB/s, 6.5 %: 48 times as long for 4 times the bytes, as
///           predicted. ncu (1 token): DRAM is 85 % busy in the first kernel, but 51 % in the
///           second, which has 8 warps on an SM and takes nearly as long for half of the bytes.
#include <algorithm>

#include "chapters/17_mixture_of_experts/launch.hpp"
#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "chapters/17_mixture_of_experts/products.hpp"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"

namespace t2t::mixture_of_experts {
namespace {

constexpr int warp_rows = 4;  // rows of one matrix that a warp handles at a time

__device__ std::int64_t warp_of_grid() {
    return (std::int64_t{blockIdx.x} * block_size + threadIdx.x) / warp_size;
}

__device__ bool exists(std::int64_t expert, const ExpertsShape& shape) {
    return expert >= 0 && expert < shape.experts;
}

// hidden = silu(gate · x) ∘ (up · x): a warp for 4 inner rows of one token's one expert.
template <int step, typename T, typename Weight>
__global__ void experts_warp_per_row_hidden_kernel(
    const T* x,                  // [tokens, width]
    const std::int32_t* chosen,  // [tokens, top_k]
    const Weight* gate_up,       // [experts, 2, inner, width]
    T* hidden,                   // [tokens, top_k, inner]
    ExpertsShape shape) {
    const std::int64_t groups = ceil_div<std::int64_t>(shape.inner, warp_rows);
    const std::int64_t slot = warp_of_grid() / groups;  // of all tokens' slots
    const std::int64_t first = warp_of_grid() % groups * warp_rows;
    if (slot >= shape.tokens * shape.top_k) return;  // all lanes of the warp, or none
    const std::int64_t expert = chosen[slot];

    float sums[2 * warp_rows] = {};  // of the gate rows, then of the up rows
    if (exists(expert, shape)) {
        const Weight* gate = gate_up + expert * 2 * shape.inner * shape.width;
        const Weight* rows[2 * warp_rows];
        for (int r = 0; r < warp_rows; ++r) {
            // Past the end the last row stands in; what comes of it is not stored.
            const std::int64_t row = std::min(first + r, shape.inner - 1);
            rows[r] = gate + row * shape.width;
            rows[warp_rows + r] = gate + (shape.inner + row) * shape.width;
        }
        add_products<step>(sums, rows, x + slot / shape.top_k * shape.width, shape.width);
    }
    const float gate = total_over_warp(sums);  // in lanes 0 to 3; lanes 4 to 7 have the up rows
    const float up = __shfl_down_sync(full_warp, gate, warp_rows);
    const int lane = threadIdx.x % warp_size;
    if (lane < warp_rows && first + lane < shape.inner) {
        const float silu = gate / (1 + expf(-gate));
        hidden[slot * shape.inner + first + lane] = from_float<T>(silu * up);
    }
}

// y = Σ share · (down · hidden): a warp for 4 rows of one token's result.
template <int step, typename T, typename Weight>
__global__ void experts_warp_per_row_kernel(const T* hidden,             // [tokens, top_k, inner]
                                            const std::int32_t* chosen,  // [tokens, top_k]
                                            const float* shares,         // [tokens, top_k]
                                            const Weight* down,          // [experts, width, inner]
                                            float* y,                    // [tokens, width]
                                            ExpertsShape shape) {
    const std::int64_t groups = ceil_div<std::int64_t>(shape.width, warp_rows);
    const std::int64_t token = warp_of_grid() / groups;
    const std::int64_t first = warp_of_grid() % groups * warp_rows;
    if (token >= shape.tokens) return;  // all lanes of the warp, or none

    float sums[warp_rows] = {};  // this lane's part of each row, over all slots
    for (std::int64_t s = 0; s < shape.top_k; ++s) {
        const std::int64_t slot = token * shape.top_k + s;
        const std::int64_t expert = chosen[slot];
        float products[warp_rows] = {};
        if (exists(expert, shape)) {
            const Weight* rows[warp_rows];
            for (int r = 0; r < warp_rows; ++r) {
                const std::int64_t row = std::min(first + r, shape.width - 1);
                rows[r] = down + (expert * shape.width + row) * shape.inner;
            }
            add_products<step>(products, rows, hidden + slot * shape.inner, shape.inner);
        }
        const float share = exists(expert, shape) ? shares[slot] : NAN;
        for (int r = 0; r < warp_rows; ++r) sums[r] += share * products[r];
    }
    const float total = total_over_warp(sums);
    const int lane = threadIdx.x % warp_size;
    if (lane < warp_rows && first + lane < shape.width) {
        y[token * shape.width + first + lane] = total;
    }
}

// Blocks for `units` tokens or slots of `rows` rows each.
unsigned blocks_for(std::int64_t units, std::int64_t rows) {
    const std::int64_t warps = units * ceil_div<std::int64_t>(rows, warp_rows);
    return require_blocks("experts", ceil_div<std::int64_t>(warps, block_size / warp_size));
}

}  // namespace

template <typename T, typename Weight>
void v1_experts_warp_per_row(const T* x, const std::int32_t* chosen, const float* shares,
                             const Weight* gate_up, const Weight* down, T* hidden, float* y,
                             ExpertsShape shape, cudaStream_t stream) {
    if (!has_work(x, chosen, shares, gate_up, down, hidden, y, shape)) return;
    constexpr int vector = 16 / sizeof(Weight);  // weights in 16 bytes
    // Rows begin at a multiple of 16 bytes only when they hold whole vectors.
    const auto fill_hidden = shape.width % vector == 0
                                 ? experts_warp_per_row_hidden_kernel<vector, T, Weight>
                                 : experts_warp_per_row_hidden_kernel<1, T, Weight>;
    const auto mix = shape.inner % vector == 0 ? experts_warp_per_row_kernel<vector, T, Weight>
                                               : experts_warp_per_row_kernel<1, T, Weight>;
    const std::int64_t slots = shape.tokens * shape.top_k;
    if (slots > 0 && shape.inner > 0) {
        fill_hidden<<<blocks_for(slots, shape.inner), block_size, 0, stream>>>(x, chosen, gate_up,
                                                                               hidden, shape);
        check_launch("experts v1_experts_warp_per_row, hidden");
    }
    mix<<<blocks_for(shape.tokens, shape.width), block_size, 0, stream>>>(hidden, chosen, shares,
                                                                          down, y, shape);
    check_launch("experts v1_experts_warp_per_row");
}

template void v1_experts_warp_per_row<float, float>(const float*, const std::int32_t*, const float*,
                                                    const float*, const float*, float*, float*,
                                                    ExpertsShape, cudaStream_t);
template void v1_experts_warp_per_row<float, __nv_bfloat16>(const float*, const std::int32_t*,
                                                            const float*, const __nv_bfloat16*,
                                                            const __nv_bfloat16*, float*, float*,
                                                            ExpertsShape, cudaStream_t);
template void v1_experts_warp_per_row<__nv_bfloat16, __nv_bfloat16>(
    const __nv_bfloat16*, const std::int32_t*, const float*, const __nv_bfloat16*,
    const __nv_bfloat16*, __nv_bfloat16*, float*, ExpertsShape, cudaStream_t);

}  // namespace t2t::mixture_of_experts

/// Rung 1: one warp for the rows of one token's experts.
///
/// Idea      Each token reads the weights of the experts that it chose, as if it were alone. A
///           first kernel fills the inner activation, a second one mixes the experts' answers. A
///           warp takes 4 rows at a time; its lanes walk along them side by side, 16 bytes each.
/// Changed   Against the matrix-vector product of chapter 16: which matrix it is stands in `chosen`.
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
#include "common/device/activation.cuh"
#include "common/device/check.hpp"
#include "common/device/elements.cuh"
#include "common/device/vectors.cuh"
#include "common/device/warp.cuh"
#include "common/device/workspace.hpp"

namespace t2t::mixture_of_experts {
namespace {

constexpr int warp_rows = 4;  // rows of one matrix that a warp handles at a time

__device__ std::int64_t warp_of_grid() {
    return (std::int64_t{blockIdx.x} * block_size + threadIdx.x) / warp_size;
}

__device__ bool exists(std::int64_t expert, std::int64_t experts) {
    return expert >= 0 && expert < experts;
}

// hidden = function(gate · x) ∘ (up · x): a warp for 4 inner rows of one token's one expert.
template <int step, typename X, typename W>
__global__ void experts_warp_per_row_hidden_kernel(const X* x,                  // [tokens, width]
                                                   const std::int32_t* chosen,  // [tokens, top_k]
                                                   const W* gate_up,  // [experts, 2, inner, width]
                                                   X* hidden,         // [tokens, top_k, inner]
                                                   std::int64_t tokens, std::int64_t width,
                                                   std::int64_t inner, std::int64_t experts,
                                                   std::int64_t top_k,
                                                   ActivationFunction function) {
    const std::int64_t groups = ceil_div<std::int64_t>(inner, warp_rows);
    const std::int64_t slot = warp_of_grid() / groups;  // of all tokens' slots
    const std::int64_t first = warp_of_grid() % groups * warp_rows;
    if (slot >= tokens * top_k) return;  // all lanes of the warp, or none
    const std::int64_t expert = chosen[slot];

    float sums[2 * warp_rows] = {};  // of the gate rows, then of the up rows
    if (exists(expert, experts)) {
        const W* gate = gate_up + expert * 2 * inner * width;
        const W* rows[2 * warp_rows];
        for (int r = 0; r < warp_rows; ++r) {
            // Past the end the last row stands in; what comes of it is not stored.
            const std::int64_t row = std::min(first + r, inner - 1);
            rows[r] = gate + row * width;
            rows[warp_rows + r] = gate + (inner + row) * width;
        }
        add_products<step>(sums, rows, x + slot / top_k * width, width);
    }
    // Lane l has sum l / 4: the gate rows lie in the lower half of the warp, the up rows in the upper.
    const float gate = warp_sums(sums);
    const float up = __shfl_down_sync(full_warp, gate, warp_size / 2);
    constexpr int lanes_per_row = warp_size / (2 * warp_rows);
    const int lane = threadIdx.x % warp_size;
    const std::int64_t row = first + lane / lanes_per_row;
    if (lane < warp_size / 2 && lane % lanes_per_row == 0 && row < inner) {
        hidden[slot * inner + row] = from_float<X>(activate(function, gate) * up);
    }
}

// y = Σ share · (down · hidden): a warp for 4 rows of one token's result.
template <int step, typename X, typename W>
__global__ void experts_warp_per_row_kernel(const X* hidden,             // [tokens, top_k, inner]
                                            const std::int32_t* chosen,  // [tokens, top_k]
                                            const float* shares,         // [tokens, top_k]
                                            const W* down,               // [experts, width, inner]
                                            float* y,                    // [tokens, width]
                                            std::int64_t tokens, std::int64_t width,
                                            std::int64_t inner, std::int64_t experts,
                                            std::int64_t top_k) {
    const std::int64_t groups = ceil_div<std::int64_t>(width, warp_rows);
    const std::int64_t token = warp_of_grid() / groups;
    const std::int64_t first = warp_of_grid() % groups * warp_rows;
    if (token >= tokens) return;  // all lanes of the warp, or none

    float sums[warp_rows] = {};  // this lane's part of each row, over all slots
    for (std::int64_t s = 0; s < top_k; ++s) {
        const std::int64_t slot = token * top_k + s;
        const std::int64_t expert = chosen[slot];
        float products[warp_rows] = {};
        if (exists(expert, experts)) {
            const W* rows[warp_rows];
            for (int r = 0; r < warp_rows; ++r) {
                const std::int64_t row = std::min(first + r, width - 1);
                rows[r] = down + (expert * width + row) * inner;
            }
            add_products<step>(products, rows, hidden + slot * inner, inner);
        }
        const float share = exists(expert, experts) ? shares[slot] : NAN;
        for (int r = 0; r < warp_rows; ++r) sums[r] += share * products[r];
    }
    const float total = warp_sums(sums);  // lane l has row l / 8
    constexpr int lanes_per_row = warp_size / warp_rows;
    const int lane = threadIdx.x % warp_size;
    const std::int64_t row = first + lane / lanes_per_row;
    if (lane % lanes_per_row == 0 && row < width) y[token * width + row] = total;
}

// Blocks for `units` tokens or slots of `rows` rows each.
unsigned blocks_for(std::int64_t units, std::int64_t rows) {
    const std::int64_t warps = units * ceil_div<std::int64_t>(rows, warp_rows);
    return require_blocks("experts", ceil_div<std::int64_t>(warps, block_size / warp_size));
}

}  // namespace

template <typename X, typename W>
void v1_experts_warp_per_row(const Experts<X, W>& op, cudaStream_t stream) {
    if (!op.check()) return;
    // Rows begin at a multiple of 16 bytes only when they hold whole vectors.
    const auto fill_hidden = op.width % vector_width<W> == 0
                                 ? experts_warp_per_row_hidden_kernel<vector_width<W>, X, W>
                                 : experts_warp_per_row_hidden_kernel<1, X, W>;
    const auto mix = op.inner % vector_width<W> == 0
                         ? experts_warp_per_row_kernel<vector_width<W>, X, W>
                         : experts_warp_per_row_kernel<1, X, W>;
    const std::int64_t slots = op.tokens * op.top_k;
    X* hidden =
        Workspace("experts v1_experts_warp_per_row", op.workspace).take<X>(slots * op.inner);
    if (slots > 0 && op.inner > 0) {
        fill_hidden<<<blocks_for(slots, op.inner), block_size, 0, stream>>>(
            op.x, op.chosen, op.gate_up, hidden, op.tokens, op.width, op.inner, op.experts,
            op.top_k, op.function);
        check_launch("experts v1_experts_warp_per_row, hidden");
    }
    mix<<<blocks_for(op.tokens, op.width), block_size, 0, stream>>>(
        hidden, op.chosen, op.shares, op.down, op.y, op.tokens, op.width, op.inner, op.experts,
        op.top_k);
    check_launch("experts v1_experts_warp_per_row");
}

template void v1_experts_warp_per_row(const Experts<float, float>&, cudaStream_t);
template void v1_experts_warp_per_row(const Experts<float, __nv_bfloat16>&, cudaStream_t);
template void v1_experts_warp_per_row(const Experts<__nv_bfloat16, __nv_bfloat16>&, cudaStream_t);

}  // namespace t2t::mixture_of_experts

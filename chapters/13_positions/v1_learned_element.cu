/// Rung 1: one thread for each element.
///
/// Idea      A gather and an add in one: a thread looks up its token's position, reads one element
///           of that row of the table, and adds it.
/// Changed   Against chapter 02's lookup and chapter 01's add: the lookup would write the rows to
///           memory and the add would read them back; here they stay in a register.
/// Expect    12 bytes move for each element, 8 where the row is still in L2. The lanes of a warp
///           read neighbours: 4 sectors per request.
/// Measured  H200, 8,192 × 768: 1,618 GB/s, 42 % of the same run's copy. ncu: bytes as counted (28
///           MB read, the table once); 3 sectors per load request, because all lanes read one
///           position. But DRAM is 21 % busy and the schedulers 63 %: a warp executes 88
///           instructions for 32 elements, a 64-bit division by the width among them.
#include <limits>

#include "chapters/13_positions/launch.hpp"
#include "chapters/13_positions/positions.cuh"
#include "common/device/check.hpp"

namespace t2t::positions {
namespace {

__global__ void learned_element_kernel(float* x,                       // [tokens, width]
                                       const float* table,             // [rows, width]
                                       const std::int32_t* positions,  // [tokens]
                                       std::int64_t tokens, std::int64_t width, std::int64_t rows) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    const std::int64_t token = i / width;
    if (token >= tokens) return;
    const std::int64_t position = positions[token];
    const bool known = 0 <= position && position < rows;
    x[i] = known ? x[i] + table[position * width + i % width]
                 : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

void v1_learned_element(const LearnedPositions& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks = require_blocks(
        "learned_positions", ceil_div<std::int64_t>(op.tokens * op.width, block_size));
    learned_element_kernel<<<blocks, block_size, 0, stream>>>(op.x, op.table, op.positions,
                                                              op.tokens, op.width, op.rows);
    check_launch("learned_positions v1_learned_element");
}

}  // namespace t2t::positions

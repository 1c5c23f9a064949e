/// Rung 1: one thread for each element.
///
/// Idea      y = logits / temperature, as in chapter 01; the row says which temperature.
/// Expect    8 bytes per element, so memory is the limit: close to chapter 01's v1. The temperature
///           of a row is one word that all lanes read: one sector, and in cache. A 64-bit division
///           finds the row, a true division the result; memory hides both.
/// Measured  H200, 64 × 128,256: 2,413 GB/s, 92 % of the same run's copy, which is slow at this
///           size (2,612 GB/s); 1 × 128,256: 1.75 µs, 96 %. ncu has DRAM 37 % busy: memory is not
///           the limit, and what is, the counters do not say.
#include "chapters/18_sampling/sampling.cuh"
#include "common/device/check.hpp"

namespace t2t::sampling {
namespace {

constexpr int block_size = 256;

__global__ void temperature_element_kernel(const float* logits,   // [rows, vocabulary]
                                           const RowRule* rules,  // [rows]
                                           float* y,              // [rows, vocabulary]
                                           std::int64_t rows, std::int64_t vocabulary) {
    const std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (i >= rows * vocabulary) return;
    const float temperature = rules[i / vocabulary].temperature;
    y[i] = logits[i] / (temperature == 0 ? 1 : temperature);
}

}  // namespace

void v1_temperature_element(const Temperature& op, cudaStream_t stream) {
    if (!op.check()) return;
    const unsigned blocks =
        require_blocks("temperature", ceil_div<std::int64_t>(op.rows * op.vocabulary, block_size));
    temperature_element_kernel<<<blocks, block_size, 0, stream>>>(op.logits, op.rules, op.y,
                                                                  op.rows, op.vocabulary);
    check_launch("temperature v1_temperature_element");
}

}  // namespace t2t::sampling

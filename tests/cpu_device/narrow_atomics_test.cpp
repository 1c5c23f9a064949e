/// The CPU device's atomicAdd on 16-bit types, from operating-system threads that run long enough
/// to meet.
///
/// A kernel that adds as much would be over before the device's workers are all awake.
#include <latch>
#include <thread>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <gtest/gtest.h>

namespace t2t::cpu_device {
namespace {

/// Four threads add `value` and take it away again, and leave it added once each.
template <typename T>
T contended_sum(T start, T value, T opposite) {
    constexpr int threads = 4;
    alignas(4) T sum = start;
    std::latch ready(threads);
    std::vector<std::thread> adders;
    for (int t = 0; t < threads; ++t) {
        adders.emplace_back([&] {
            ready.arrive_and_wait();
            for (int i = 0; i < 500'000; ++i) {
                atomicAdd(&sum, value);
                atomicAdd(&sum, opposite);
            }
            atomicAdd(&sum, value);
        });
    }
    for (std::thread& adder : adders) adder.join();
    return sum;
}

TEST(NarrowAtomics, ScalarsLoseNoAddition) {
    EXPECT_EQ(float(contended_sum(__half(0), __half(1), __half(-1))), 4.0f);
    EXPECT_EQ(float(contended_sum(__nv_bfloat16(0), __nv_bfloat16(1), __nv_bfloat16(-1))), 4.0f);
}

TEST(NarrowAtomics, PairsLoseNoAddition) {
    const auto half =
        contended_sum(__floats2half2_rn(0, 0), __floats2half2_rn(1, 2), __floats2half2_rn(-1, -2));
    EXPECT_EQ(float(half.x), 4.0f);
    EXPECT_EQ(float(half.y), 8.0f);
    const auto bfloat16 = contended_sum(__floats2bfloat162_rn(0, 0), __floats2bfloat162_rn(1, 2),
                                        __floats2bfloat162_rn(-1, -2));
    EXPECT_EQ(float(bfloat16.x), 4.0f);
    EXPECT_EQ(float(bfloat16.y), 8.0f);
}

}  // namespace
}  // namespace t2t::cpu_device

// Two transposes with a planted fault, to prove that the check of 03_transpose_test.cpp can fail.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>

#include "common/device/check.hpp"
#include "common/device/properties.hpp"
#include "common/lab/check_rung.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"

namespace t2t {
namespace {

constexpr int edge = 32;

// v3_padded for a matrix of whole tiles, without its barrier.
__global__ void no_barrier_kernel(const float* in, float* out, int rows, int columns) {
    __shared__ float tile[edge][edge + 1];
    const int row = blockIdx.y * edge;
    const int column = blockIdx.x * edge;
    for (int y = threadIdx.y; y < edge; y += blockDim.y) {
        tile[y][threadIdx.x] = in[(row + y) * columns + column + threadIdx.x];
    }
    for (int y = threadIdx.y; y < edge; y += blockDim.y) {
        out[(column + y) * rows + row + threadIdx.x] = tile[threadIdx.x][y];
    }
}

// The same with a division of labour: warp 0 brings the tile, warps 1 to 8 take it out. With the
// threads run in the order of their numbers the tile happens to be complete before anyone reads it.
__global__ void loading_warp_kernel(const float* in, float* out, int rows, int columns) {
    __shared__ float tile[edge][edge + 1];
    const int row = blockIdx.y * edge;
    const int column = blockIdx.x * edge;
    if (threadIdx.y == 0) {
        for (int y = 0; y < edge; ++y) {
            tile[y][threadIdx.x] = in[(row + y) * columns + column + threadIdx.x];
        }
    } else {
        for (int y = threadIdx.y - 1; y < edge; y += blockDim.y - 1) {
            out[(column + y) * rows + row + threadIdx.x] = tile[threadIdx.x][y];
        }
    }
}

using Kernel = void (*)(const float*, float*, int, int);

lab::Comparison check_mutant(Kernel kernel, int warps) {
    const int rows = 2 * edge;
    const int columns = 3 * edge;
    const auto values = lab::normal(rows * columns, 3, 2, lab::test_seed());
    lab::RungCheck check("transpose", "mutant");
    const float* in = check.input("in", values);
    float* out = check.output<float>(
        "out", {lab::reference::transpose(values, {rows, columns}), {columns, rows}});
    return check.run([&] {
        kernel<<<dim3(columns / edge, rows / edge), dim3(edge, warps)>>>(in, out, rows, columns);
        check_launch("transpose mutant");
    });
}

class TransposeMutants : public ::testing::Test {
 protected:
    void SetUp() override {
        if (!device_properties().is_cpu_device) {
            GTEST_SKIP() << "a race on a GPU may go unseen; the CPU device's schedules show it";
        }
    }
};

TEST_F(TransposeMutants, MissingBarrierIsRejected) {
    const auto result = check_mutant(no_barrier_kernel, 8);
    EXPECT_FALSE(result.ok());
}

// What the schedules are for: the usual order hides this one, the others do not.
TEST_F(TransposeMutants, MissingBarrierAfterAWarpsLoadIsRejectedUnlessTheOrderHidesIt) {
    const char* schedule = std::getenv("T2T_SCHEDULE");
    const bool hidden = schedule == nullptr || std::string_view(schedule) == "forward";
    const auto result = check_mutant(loading_warp_kernel, 9);
    EXPECT_EQ(result.ok(), hidden) << result.message();
}

}  // namespace
}  // namespace t2t

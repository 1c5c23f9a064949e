#include "common/lab/guarded_buffer.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "common/device/check.hpp"

namespace t2t::lab {
namespace {

using Offsets = std::vector<std::ptrdiff_t>;

/// Overwrites `count` elements of device memory with zero bytes, starting at `at`.
template <typename T>
void overwrite(T* at, std::size_t count) {
    T2T_CHECK(cudaMemset(at, 0, count * sizeof(T)));
}

TEST(GuardedBuffer, StartsAsNan) {
    const std::vector<float> singles = GuardedBuffer<float>(1000).download();
    const std::vector<double> doubles = GuardedBuffer<double>(1000).download();
    ASSERT_EQ(singles.size(), 1000u);
    ASSERT_EQ(doubles.size(), 1000u);
    for (const float value : singles) ASSERT_TRUE(std::isnan(value));
    for (const double value : doubles) ASSERT_TRUE(std::isnan(value));
}

TEST(GuardedBuffer, StartsWithAPatternThatIsNoIndex) {
    for (const std::int32_t value : GuardedBuffer<std::int32_t>(100).download()) {
        ASSERT_EQ(value, 0x7FBA7FBA);
    }
}

TEST(GuardedBuffer, HoldsItsValues) {
    const std::vector<float> values{1, 2, 3};
    GuardedBuffer<float> buffer(values);
    EXPECT_EQ(buffer.size(), 3u);
    EXPECT_EQ(buffer.download(), values);
    EXPECT_TRUE(buffer.unchanged());
    EXPECT_TRUE(buffer.margin_faults().empty());
}

TEST(GuardedBuffer, IsAlignedAsFromCudaMallocPlusTheOffset) {
    const auto misalignment = [](auto* data) {
        return reinterpret_cast<std::uintptr_t>(data) % 256;
    };
    EXPECT_EQ(misalignment(GuardedBuffer<float>(7).data()), 0u);
    EXPECT_EQ(misalignment(GuardedBuffer<float>(7, 1).data()), 4u);
    EXPECT_EQ(misalignment(GuardedBuffer<double>(7, 3).data()), 24u);
    EXPECT_EQ(misalignment(GuardedBuffer<char>(7, 5).data()), 5u);
}

TEST(GuardedBuffer, HasAnAddressWhenEmpty) {
    GuardedBuffer<float> buffer(0);
    EXPECT_NE(buffer.data(), nullptr);
    EXPECT_TRUE(buffer.download().empty());
    EXPECT_TRUE(buffer.unchanged());
    overwrite(buffer.data(), 1);
    EXPECT_EQ(buffer.margin_faults(), Offsets{0});
}

TEST(GuardedBuffer, FindsWritesOnBothSides) {
    for (const std::size_t offset : {0, 1, 3}) {
        GuardedBuffer<float> buffer(std::vector<float>(33, 1.0f), offset);
        overwrite(buffer.data() - 2, 2);
        overwrite(buffer.data() + 33, 3);
        EXPECT_EQ(buffer.margin_faults(), (Offsets{-2, -1, 33, 34, 35}));
        EXPECT_TRUE(buffer.unchanged());
        buffer.reset();
        EXPECT_TRUE(buffer.margin_faults().empty());
    }
}

TEST(GuardedBuffer, FindsWritesUpTo64ElementsAway) {
    GuardedBuffer<double> buffer(5);
    overwrite(buffer.data() - 64, 1);
    overwrite(buffer.data() + 5 + 63, 1);
    EXPECT_EQ(buffer.margin_faults(), (Offsets{-64, 68}));
}

TEST(GuardedBuffer, FindsASingleByte) {
    GuardedBuffer<double> buffer(5);
    overwrite(reinterpret_cast<char*>(buffer.data()) - 1, 1);
    overwrite(reinterpret_cast<char*>(buffer.data() + 5), 1);
    overwrite(reinterpret_cast<char*>(buffer.data() + 6) + 7, 1);
    EXPECT_EQ(buffer.margin_faults(), (Offsets{-1, 5, 6}));
}

TEST(GuardedBuffer, KnowsWhetherItChanged) {
    GuardedBuffer<float> buffer(std::vector<float>{1, 2, 3});
    overwrite(buffer.data() + 2, 1);
    EXPECT_FALSE(buffer.unchanged());
    EXPECT_TRUE(buffer.margin_faults().empty());
    buffer.reset();
    EXPECT_TRUE(buffer.unchanged());
    EXPECT_EQ(buffer.download(), (std::vector<float>{1, 2, 3}));
}

TEST(GuardedBuffer, MarginsAreNan) {
    GuardedBuffer<float> buffer(1);
    for (const std::ptrdiff_t offset : {-1, 1}) {
        float value = 0;
        T2T_CHECK(
            cudaMemcpy(&value, buffer.data() + offset, sizeof(float), cudaMemcpyDeviceToHost));
        EXPECT_TRUE(std::isnan(value)) << offset;
    }
}

TEST(GuardedBuffer, MarginsOfTwoBuffersDiffer) {
    GuardedBuffer<float> in(std::vector<float>(5, 1.0f));
    GuardedBuffer<float> out(5);
    T2T_CHECK(cudaMemcpy(out.data(), in.data(), 6 * sizeof(float), cudaMemcpyDeviceToDevice));
    EXPECT_EQ(out.margin_faults(), Offsets{5});
}

}  // namespace
}  // namespace t2t::lab

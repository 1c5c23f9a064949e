/// @file
/// common/device: errors that say what to do, and memory, streams and events that free themselves.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/device/arguments.hpp"
#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "common/device/event.hpp"
#include "common/device/properties.hpp"
#include "common/device/stream.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using tests::complaint;

/// The message of the CudaError that `action` throws.
template <typename Action>
std::string message_of(Action action) {
    try {
        action();
    } catch (const CudaError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

bool contains(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

TEST(Check, SuccessThrowsNothing) {
    EXPECT_NO_THROW(check(cudaSuccess, "cudaAnything()"));
}

TEST(Check, MessageNamesTheCallTheErrorThePlaceAndTheAdvice) {
    const int line = __LINE__ + 1;
    const std::string message = message_of([] { check(cudaErrorIllegalAddress, "cudaFoo(a, b)"); });
    EXPECT_TRUE(contains(message, "cudaFoo(a, b)")) << message;
    EXPECT_TRUE(contains(message, "cudaErrorIllegalAddress (700)")) << message;
    EXPECT_TRUE(contains(message, "device_test.cpp:" + std::to_string(line) + ":")) << message;
    EXPECT_TRUE(contains(message, "compute-sanitizer")) << message;
}

TEST(Check, MacroNamesTheCallAsWritten) {
    const auto failing_call = [](int) { return cudaErrorInvalidValue; };
    const std::string message = message_of([&] { T2T_CHECK(failing_call(1 + 2)); });
    EXPECT_TRUE(contains(message, "failing_call(1 + 2)")) << message;
}

TEST(Check, ErrorKeepsItsCode) {
    try {
        check(cudaErrorNoDevice, "cudaFoo()");
        FAIL() << "nothing was thrown";
    } catch (const CudaError& error) {
        EXPECT_EQ(error.code(), cudaErrorNoDevice);
    }
}

TEST(Check, ErrorsThatPeopleMeetHaveAdvice) {
    for (const cudaError_t code :
         {cudaErrorMemoryAllocation, cudaErrorInvalidValue, cudaErrorInvalidConfiguration,
          cudaErrorLaunchOutOfResources, cudaErrorIllegalAddress, cudaErrorLaunchFailure,
          cudaErrorLaunchTimeout, cudaErrorNoDevice, cudaErrorInsufficientDriver,
          cudaErrorNoKernelImageForDevice, cudaErrorUnsupportedPtxVersion,
          cudaErrorMisalignedAddress, cudaErrorAssert, cudaErrorCooperativeLaunchTooLarge,
          cudaErrorSystemDriverMismatch}) {
        EXPECT_FALSE(advice(code).empty()) << cudaGetErrorName(code);
    }
    EXPECT_TRUE(advice(cudaSuccess).empty());
}

TEST(Arguments, ASizeIsZeroOrMore) {
    EXPECT_EQ(complaint([] { require_size("softmax", "rows", 0); }), "");
    EXPECT_EQ(complaint([] { require_size("softmax", "rows", -1); }),
              "softmax: rows is -1; a size is 0 or more");
}

TEST(Arguments, AnExtentFitsA64BitOffset) {
    constexpr std::int64_t root = std::int64_t{1} << 31;
    const auto refused = [](std::int64_t m, std::int64_t k, std::size_t bytes) {
        return complaint([=] { require_extent("linear", {{"m", m}, {"k", k}}, bytes); });
    };
    EXPECT_EQ(refused(root, root - 1, 2), "") << "2^63 - 2^32 bytes";
    EXPECT_EQ(refused(root, root, 2),
              "linear: m (2147483648) × k (2147483648) elements of 2 bytes do not fit a 64-bit "
              "offset; use smaller sizes");
    EXPECT_EQ(refused(root, root, 1), "") << "2^62 bytes";
    EXPECT_EQ(refused(0, 0, 8), "");
    EXPECT_EQ(refused(3, -1, 4), "linear: k is -1; a size is 0 or more");
    EXPECT_EQ(refused(-3, -1, 4), "linear: m is -3; a size is 0 or more");
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(complaint([] { require_extent("copy", {{"n", most}}, 1); }), "");
    EXPECT_EQ(complaint([] {
                  require_extent("copy", {{"n", most}}, 4);
              }),
              "copy: n (9223372036854775807) elements of 4 bytes do not fit a 64-bit offset; use "
              "smaller sizes");
}

// Not even where another size is 0: there is no array of that many rows.
TEST(Arguments, AnEmptyExtentMayNotOverflowEither) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_NE(complaint([] { require_extent("linear", {{"m", most}, {"k", 0}}, 4); }), "");
}

TEST(Arguments, APointerIsNotNullAndAligned) {
    alignas(16) const float values[8] = {};
    EXPECT_EQ(complaint([&] { require_pointer("softmax", "x", values, 16); }), "");
    EXPECT_EQ(complaint([&] { require_pointer("softmax", "x", values + 1, 4); }), "");
    EXPECT_EQ(complaint([] { require_pointer("softmax", "x", nullptr, 16); }),
              "softmax: x is null; pass device memory");
    EXPECT_EQ(complaint([&] { require_pointer("softmax", "x", values + 1, 16); }),
              "softmax: x is not aligned to 16 bytes; pass an aligned address");
}

TEST(Arguments, AGridHasRoomForItsBlocks) {
    EXPECT_EQ(require_blocks("softmax", max_grid_x), 2'147'483'647u);
    EXPECT_EQ(complaint([] { require_blocks("softmax", max_grid_x + 1); }),
              "softmax: needs 2147483648 blocks, and a grid has at most 2147483647 here; use a "
              "smaller size or a grid-stride rung");
    EXPECT_EQ(require_blocks("softmax", max_grid_yz, max_grid_yz), 65'535u);
    EXPECT_NE(complaint([] { require_blocks("softmax", 65'536, max_grid_yz); }), "");
}

TEST(Arguments, CeilDivRoundsUpWithoutOverflow) {
    EXPECT_EQ(ceil_div(0, 32), 0);
    EXPECT_EQ(ceil_div(1, 32), 1);
    EXPECT_EQ(ceil_div(32, 32), 1);
    EXPECT_EQ(ceil_div(33, 32), 2);
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(ceil_div(most, std::int64_t{2}), std::int64_t{1} << 62);
}

/// Tests that need a device skip where there is none: a GPU build on a machine without a GPU.
class OnDevice : public testing::Test {
 protected:
    void SetUp() override {
        if (!has_device()) GTEST_SKIP() << "there is no GPU here";
    }
};

using Buffer = OnDevice;
using StreamAndEvent = OnDevice;
using Properties = OnDevice;

TEST_F(Buffer, RoundTrip) {
    const std::vector<int> values{3, 1, 4, 1, 5};
    const DeviceBuffer<int> buffer(values);
    EXPECT_EQ(buffer.size(), 5u);
    EXPECT_EQ(buffer.bytes(), 20u);
    EXPECT_EQ(buffer.download(), values);
}

TEST_F(Buffer, UploadFillsTheStartAndLeavesTheRest) {
    DeviceBuffer<int> buffer(std::vector<int>{1, 2, 3});
    buffer.upload(std::vector<int>{9});
    EXPECT_EQ(buffer.download(), (std::vector<int>{9, 2, 3}));
}

TEST_F(Buffer, UploadOfTooManyValuesThrows) {
    DeviceBuffer<int> buffer(2);
    EXPECT_THROW(buffer.upload(std::vector<int>{1, 2, 3}), std::length_error);
}

TEST_F(Buffer, EmptyHoldsNothing) {
    DeviceBuffer<float> buffer(std::vector<float>{});
    EXPECT_EQ(buffer.data(), nullptr);
    EXPECT_TRUE(buffer.download().empty());
    buffer.upload({});
}

TEST_F(Buffer, MovesAndDoesNotCopy) {
    static_assert(!std::is_copy_constructible_v<DeviceBuffer<int>>);
    static_assert(!std::is_copy_assignable_v<DeviceBuffer<int>>);
    static_assert(!std::is_copy_constructible_v<PinnedBuffer<int>>);
    DeviceBuffer<int> first(std::vector<int>{7, 8});
    const int* data = first.data();
    DeviceBuffer<int> second(std::move(first));
    EXPECT_EQ(first.data(), nullptr);
    EXPECT_EQ(first.size(), 0u);
    EXPECT_EQ(second.data(), data);
    DeviceBuffer<int> third(1);
    third = std::move(second);
    EXPECT_EQ(third.data(), data);
    EXPECT_EQ(third.download(), (std::vector<int>{7, 8}));
}

TEST_F(Buffer, TooLargeThrowsAndLeavesNoErrorBehind) {
    const std::size_t petabyte = std::size_t{1} << 50;
    const std::string message = message_of([&] { DeviceBuffer<char> buffer(petabyte); });
    EXPECT_TRUE(contains(message, "cudaErrorMemoryAllocation")) << message;
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(Buffer, SizeThatOverflowsThrows) {
    const std::size_t size = std::numeric_limits<std::size_t>::max() / 2;  // · 4 bytes wraps around
    const std::string message = message_of([&] { DeviceBuffer<float> buffer(size); });
    EXPECT_TRUE(contains(message, "cudaErrorMemoryAllocation")) << message;
}

TEST_F(Buffer, PinnedMemoryCopiesToTheDevice) {
    PinnedBuffer<int> pinned(3);
    for (int i = 0; i < 3; ++i) pinned.data()[i] = i * i;
    DeviceBuffer<int> buffer(pinned.span());
    EXPECT_EQ(buffer.download(), (std::vector<int>{0, 1, 4}));
    cudaPointerAttributes attributes{};
    T2T_CHECK(cudaPointerGetAttributes(&attributes, pinned.data()));
    EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
}

TEST_F(StreamAndEvent, TimerMeasuresWhatTheStreamDoesBetweenItsPoints) {
    const Stream stream;
    DeviceTimer timer(stream.get());
    const auto nap = [](void*) { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
    timer.start();
    T2T_CHECK(cudaLaunchHostFunc(stream.get(), nap, nullptr));
    timer.stop();
    EXPECT_GE(timer.milliseconds(), 29.0f);  // 30, less a millisecond for two clocks that differ
    EXPECT_LT(timer.milliseconds(), 3000.0f);
}

TEST_F(StreamAndEvent, MovedFromOwnNothing) {
    static_assert(!std::is_copy_constructible_v<Stream>);
    static_assert(!std::is_copy_constructible_v<Event>);
    Stream stream;
    const cudaStream_t handle = stream.get();
    Stream moved(std::move(stream));
    EXPECT_EQ(stream.get(), nullptr);
    EXPECT_EQ(moved.get(), handle);
    moved.synchronize();
    Event event;
    Event kept(std::move(event));
    EXPECT_EQ(event.get(), nullptr);
    kept.record(moved.get());
    kept.synchronize();
}

TEST_F(Properties, DescribeThisDevice) {
    const DeviceProperties device = device_properties();
    EXPECT_FALSE(device.name.empty());
    EXPECT_GE(device.compute_capability, 75);
    EXPECT_GT(device.multiprocessors, 0);
    EXPECT_GT(device.memory, std::size_t{1} << 28);
    EXPECT_GE(device.shared_memory, std::size_t{48} * 1024);
    EXPECT_EQ(device.runtime_version, CUDART_VERSION);
#if defined(T2T_DEVICE_CPU)
    EXPECT_TRUE(device.is_cpu_device);
#else
    EXPECT_FALSE(device.is_cpu_device);
    EXPECT_GT(device.clock_mhz, 100);
    EXPECT_GT(device.memory_gb_s, 10);
#endif
}

TEST(Version, ReadsAsPeopleWriteIt) {
    EXPECT_EQ(version_text(13000), "13.0");
    EXPECT_EQ(version_text(12040), "12.4");
}

}  // namespace
}  // namespace t2t

/// @file
/// common/device: errors that say what to do, and memory, streams and events that free themselves.
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "common/device/event.hpp"
#include "common/device/properties.hpp"
#include "common/device/stream.hpp"

namespace t2t {
namespace {

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

// Two streams on one buffer without an event between them, and a host that does not wait.
#include <functional>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/observe.hpp"
#include "common/device/check.hpp"
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/source.hpp"

namespace t2t::observer {
namespace {

__global__ void fill_kernel(int* data, int value) {
    data[blockIdx.x * blockDim.x + threadIdx.x] = value;  // a write by the kernel
}

__global__ void add_kernel(const int* data, int* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = data[i] + 1;  // a read by the kernel
}

constexpr int count = 256;
constexpr std::size_t bytes = count * sizeof(int);

struct Stream {
    cudaStream_t handle = nullptr;
    explicit Stream(unsigned flags = cudaStreamDefault) {
        T2T_CHECK(cudaStreamCreateWithFlags(&handle, flags));
    }
    ~Stream() { cudaStreamDestroy(handle); }
    operator cudaStream_t() const { return handle; }
};

struct Event {
    cudaEvent_t handle = nullptr;
    Event() { T2T_CHECK(cudaEventCreate(&handle)); }
    ~Event() { cudaEventDestroy(handle); }
    operator cudaEvent_t() const { return handle; }
};

// Memory that the host may touch; freeing it waits for everything.
struct HostInts {
    int* data = nullptr;
    explicit HostInts(bool managed) {
        T2T_CHECK(managed ? cudaMallocManaged(&data, bytes) : cudaMallocHost(&data, bytes));
        for (int i = 0; i < count; ++i) data[i] = i;
    }
    ~HostInts() {
        if (cudaFree(data) != cudaSuccess) {
            cudaGetLastError();
            cudaFreeHost(data);
        }
    }
};

/// Expects one stream race, at a line of this file with the comment `first` and another with `second`.
void expect_race(const char* first, const char* second, const char* says,
                 const std::function<void()>& work) {
    T2T_CHECK(cudaDeviceSynchronize());
    const Report report = observe(work);
    T2T_CHECK(cudaDeviceSynchronize());
    ASSERT_EQ(report.faults.size(), 1u) << report.faults_text();
    const Fault& fault = report.faults[0];
    EXPECT_EQ(fault.kind, FaultKind::stream_race);
    ASSERT_TRUE(fault.other.has_value());
    EXPECT_EQ(fault.where.line, line_with(second, __FILE__)) << fault.message();
    EXPECT_EQ(fault.other->line, line_with(first, __FILE__)) << fault.message();
    EXPECT_NE(fault.what.find(says), std::string::npos) << fault.message();
    EXPECT_FALSE(fault.cause.empty());
}

void expect_order(const std::function<void()>& work) {
    T2T_CHECK(cudaDeviceSynchronize());
    const Report report = observe(work);
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_TRUE(report.clean()) << report.faults_text();
}

TEST(StreamRace, TwoKernelsInTwoStreams) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, other;
    expect_race("// a write by the kernel", "// a read by the kernel",
                "the kernel `fill_kernel` writes them, and no order is between the two streams",
                [&] {
                    fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
                    add_kernel<<<4, 64, 0, other>>>(data.data(), out.data());
                });
}

TEST(StreamRace, AKernelAndALaterCopyInAnotherStream) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    const Stream one, other;
    expect_race("// a write by the kernel", "// copies out", "reads 1,024 bytes", [&] {
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        cudaMemcpyAsync(pinned.data, data.data(), bytes, cudaMemcpyDefault, other);  // copies out
    });
}

TEST(StreamRace, ACopyAndALaterKernelInAnotherStream) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    HostInts pinned(false);
    const Stream one, other;
    expect_race("// copies in", "// a read by the kernel", "a copy writes them", [&] {
        cudaMemcpyAsync(data.data(), pinned.data, bytes, cudaMemcpyDefault, one);  // copies in
        add_kernel<<<4, 64, 0, other>>>(data.data(), out.data());
    });
}

TEST(StreamRace, AMemsetInTheDefaultStreamBesideANonBlockingOne) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream apart(cudaStreamNonBlocking);
    expect_race("// clears", "// a read by the kernel", "a memset writes them", [&] {
        cudaMemset(data.data(), 0, bytes);  // clears
        add_kernel<<<4, 64, 0, apart>>>(data.data(), out.data());
    });
}

TEST(StreamRace, AnEventThatIsRecordedTooEarly) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, other;
    const Event ready;
    expect_race("// a write by the kernel", "// a read by the kernel", "", [&] {
        cudaEventRecord(ready, one);
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        cudaStreamWaitEvent(other, ready, 0);
        add_kernel<<<4, 64, 0, other>>>(data.data(), out.data());
    });
}

TEST(StreamRace, PinnedMemoryThatIsRefilledTooEarly) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    expect_race("// starts to copy", "// refills", "the host has not waited for it", [&] {
        cudaMemcpyAsync(data.data(), pinned.data, bytes, cudaMemcpyDefault);  // starts to copy
        pinned.data[7] = 1;                                                   // refills
    });
}

TEST(StreamRace, PinnedMemoryThatIsReadTooEarly) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    int sum = 0;
    expect_race(
        "// starts to fetch", "// looks at it", "28 bytes into an allocation (1,024 bytes", [&] {
            cudaMemcpyAsync(pinned.data, data.data(), bytes, cudaMemcpyDefault);  // starts to fetch
            sum += pinned.data[7];                                                // looks at it
        });
    EXPECT_EQ(sum, 0);
}

TEST(StreamRace, ManagedMemoryThatIsReadBeforeTheKernelHasEnded) {
    HostInts managed(true);
    int sum = 0;
    expect_race("// a write by the kernel", "// does not wait",
                "the kernel `fill_kernel` writes them", [&] {
                    fill_kernel<<<4, 64>>>(managed.data, 1);
                    sum += managed.data[0];  // does not wait
                });
    EXPECT_EQ(sum, 1);
}

// ---- what is ordered ------------------------------------------------------------------------------

TEST(StreamOrder, AnEventOrdersTwoStreams) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, other;
    const Event ready;
    expect_order([&] {
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        cudaEventRecord(ready, one);
        cudaStreamWaitEvent(other, ready, 0);
        add_kernel<<<4, 64, 0, other>>>(data.data(), out.data());
    });
}

TEST(StreamOrder, AnEventPassesOnWhatItsStreamHasWaitedFor) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, two, three;
    const Event first, second;
    expect_order([&] {
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        cudaEventRecord(first, one);
        cudaStreamWaitEvent(two, first, 0);
        cudaEventRecord(second, two);
        cudaStreamWaitEvent(three, second, 0);
        add_kernel<<<4, 64, 0, three>>>(data.data(), out.data());
    });
}

TEST(StreamOrder, TheHostThatWaitsOrdersWhatItIssuesThen) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, other;
    expect_order([&] {
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        cudaStreamSynchronize(one);
        add_kernel<<<4, 64, 0, other>>>(data.data(), out.data());
    });
}

TEST(StreamOrder, TheDefaultStreamAndOthersTakeTurns) {
    auto data = filled<int>(count);
    auto out = filled<int>(count);
    const Stream one, other;
    expect_order([&] {
        fill_kernel<<<4, 64, 0, one>>>(data.data(), 1);
        add_kernel<<<4, 64>>>(data.data(), out.data());
        add_kernel<<<4, 64, 0, other>>>(out.data(), data.data());
    });
}

TEST(StreamOrder, TwoStreamsMayReadTheSameWords) {
    auto data = filled<int>(count, 3);
    auto out = filled<int>(2 * count);
    const Stream one, other;
    expect_order([&] {
        add_kernel<<<4, 64, 0, one>>>(data.data(), out.data());
        add_kernel<<<4, 64, 0, other>>>(data.data(), out.data() + count);
    });
}

TEST(StreamOrder, HalvesOfABufferInTwoStreams) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    int sum = 0;
    expect_order([&] {
        const Stream streams[2];
        for (int half = 0; half < 2; ++half) {
            int* part = data.data() + half * count / 2;
            int* source = pinned.data + half * count / 2;
            cudaMemcpyAsync(part, source, bytes / 2, cudaMemcpyDefault, streams[half]);
            add_kernel<<<2, 64, 0, streams[half]>>>(part, part);
            cudaMemcpyAsync(source, part, bytes / 2, cudaMemcpyDefault, streams[half]);
        }
        for (const Stream& stream : streams) cudaStreamSynchronize(stream);
        for (int i = 0; i < count; ++i) sum += pinned.data[i];
    });
    EXPECT_EQ(sum, count * (count - 1) / 2 + count);
}

TEST(StreamOrder, AHostFunctionComesAfterWhatIsBeforeIt) {
    HostInts managed(true);
    const Stream one;
    expect_order([&] {
        fill_kernel<<<4, 64, 0, one>>>(managed.data, 5);
        cudaLaunchHostFunc(
            one, [](void* data) { ++*static_cast<int*>(data); }, managed.data);
        cudaStreamSynchronize(one);
        ++managed.data[0];
    });
    EXPECT_EQ(managed.data[0], 7);
}

TEST(StreamOrder, AGraphIsWorkOfTheStreamThatLaunchesIt) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    const Stream one;
    T2T_CHECK(cudaStreamBeginCapture(one, cudaStreamCaptureModeGlobal));
    fill_kernel<<<4, 64, 0, one>>>(data.data(), 2);
    add_kernel<<<4, 64, 0, one>>>(data.data(), data.data());
    cudaMemcpyAsync(pinned.data, data.data(), bytes, cudaMemcpyDefault, one);
    T2T_CHECK(cudaStreamEndCapture(one, &graph));
    T2T_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    expect_order([&] {
        cudaGraphLaunch(executable, one);
        cudaGraphLaunch(executable, one);
        cudaStreamSynchronize(one);
        ++pinned.data[0];
    });
    EXPECT_EQ(pinned.data[0], 4);
    T2T_CHECK(cudaGraphExecDestroy(executable));
    T2T_CHECK(cudaGraphDestroy(graph));
}

TEST(StreamOrder, CopiesThatAreWaitedForAnyway) {
    auto data = filled<int>(count);
    HostInts pinned(false);
    expect_order([&] {
        cudaMemcpy(data.data(), pinned.data, bytes, cudaMemcpyHostToDevice);
        pinned.data[0] = 1;
        cudaMemcpy(pinned.data, data.data(), bytes, cudaMemcpyDeviceToHost);
        pinned.data[0] += 1;
    });
}

}  // namespace
}  // namespace t2t::observer

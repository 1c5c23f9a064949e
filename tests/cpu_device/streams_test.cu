// Streams, events, host functions, and graphs captured once and replayed with other input.
#include <numeric>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

/// A stream that destroys itself.
class Stream {
 public:
    explicit Stream(unsigned flags = cudaStreamNonBlocking) {
        T2T_CHECK(cudaStreamCreateWithFlags(&stream_, flags));
    }
    ~Stream() { cudaStreamDestroy(stream_); }
    operator cudaStream_t() const { return stream_; }

 private:
    cudaStream_t stream_ = nullptr;
};

/// An event that destroys itself.
class Event {
 public:
    explicit Event(unsigned flags = cudaEventDefault) {
        T2T_CHECK(cudaEventCreateWithFlags(&event_, flags));
    }
    ~Event() { cudaEventDestroy(event_); }
    operator cudaEvent_t() const { return event_; }

 private:
    cudaEvent_t event_ = nullptr;
};

__global__ void affine_kernel(int* values, int n, int factor, int offset) {
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
        values[i] = values[i] * factor + offset;
    }
}

TEST(Streams, WorkOnOneStreamRunsInOrder) {
    Stream stream;
    DeviceBuffer<int> values(std::vector<int>(1000, 1));
    for (int step = 0; step < 10; ++step) {
        affine_kernel<<<4, 64, 0, stream>>>(values.data(), 1000, 2, step);
    }
    T2T_CHECK(cudaStreamSynchronize(stream));
    int expected = 1;
    for (int step = 0; step < 10; ++step) expected = expected * 2 + step;
    EXPECT_EQ(values.download(), std::vector<int>(1000, expected));
}

TEST(Streams, QueryIsSuccessOnceAllWorkIsDone) {
    Stream stream;
    DeviceBuffer<int> values(std::vector<int>(1000, 1));
    affine_kernel<<<4, 64, 0, stream>>>(values.data(), 1000, 2, 0);
    cudaError_t soon = cudaStreamQuery(stream);
    EXPECT_TRUE(soon == cudaSuccess || soon == cudaErrorNotReady);
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
}

TEST(Streams, APriorityMayBeAskedFor) {
    int least = 0, greatest = 0;
    T2T_CHECK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
    EXPECT_GE(least, greatest);  // lower numbers are more urgent
    cudaStream_t stream;
    T2T_CHECK(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest));
    EXPECT_EQ(cudaStreamDestroy(stream), cudaSuccess);
}

TEST(Streams, AnEventOrdersTwoStreams) {
    Stream first, second;
    Event filled(cudaEventDisableTiming);
    DeviceBuffer<int> values(std::vector<int>(5000, 3));
    for (int repeat = 0; repeat < 20; ++repeat) {
        affine_kernel<<<40, 128, 0, first>>>(values.data(), 5000, 0, repeat);
        T2T_CHECK(cudaEventRecord(filled, first));
        T2T_CHECK(cudaStreamWaitEvent(second, filled));
        affine_kernel<<<40, 128, 0, second>>>(values.data(), 5000, 10, 1);
        T2T_CHECK(cudaEventRecord(filled, second));
        T2T_CHECK(cudaStreamWaitEvent(first, filled, 0));
    }
    T2T_CHECK(cudaDeviceSynchronize());
    EXPECT_EQ(values.download(), std::vector<int>(5000, 191));
}

TEST(Streams, ABlockingStreamWaitsForTheDefaultStream) {
    Stream stream(cudaStreamDefault);
    DeviceBuffer<int> values(std::vector<int>(5000, 2));
    affine_kernel<<<40, 128>>>(values.data(), 5000, 3, 0);
    affine_kernel<<<40, 128, 0, stream>>>(values.data(), 5000, 1, 5);
    affine_kernel<<<40, 128>>>(values.data(), 5000, 2, 0);
    EXPECT_EQ(values.download(), std::vector<int>(5000, 22));
}

void append_to(void* data) {
    auto* log = static_cast<std::vector<int>*>(data);
    log->push_back(int(log->size()) * 10);
}

TEST(Streams, HostFunctionsRunInOrder) {
    Stream stream;
    std::vector<int> log;
    PinnedBuffer<int> seen(1);
    DeviceBuffer<int> value(std::vector<int>{4});
    T2T_CHECK(cudaLaunchHostFunc(stream, append_to, &log));
    affine_kernel<<<1, 1, 0, stream>>>(value.data(), 1, 2, 0);
    T2T_CHECK(cudaMemcpyAsync(seen.data(), value.data(), 4, cudaMemcpyDeviceToHost, stream));
    T2T_CHECK(cudaLaunchHostFunc(stream, append_to, &log));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(log, (std::vector<int>{0, 10}));
    EXPECT_EQ(seen.data()[0], 8);
}

TEST(Events, MeasureTimeThatPasses) {
    Stream stream;
    Event begin, end;
    DeviceBuffer<int> values(std::vector<int>(1 << 20, 1));
    T2T_CHECK(cudaEventRecord(begin, stream));
    for (int i = 0; i < 4; ++i) affine_kernel<<<64, 256, 0, stream>>>(values.data(), 1 << 20, 3, 1);
    T2T_CHECK(cudaEventRecord(end, stream));
    T2T_CHECK(cudaEventSynchronize(end));
    EXPECT_EQ(cudaEventQuery(end), cudaSuccess);
    float milliseconds = -1;
    T2T_CHECK(cudaEventElapsedTime(&milliseconds, begin, end));
    EXPECT_GT(milliseconds, 0);
    EXPECT_LT(milliseconds, 60'000);
}

TEST(Events, AnEventNeverRecordedIsDoneButHasNoTime) {
    Event begin, end;
    EXPECT_EQ(cudaEventQuery(begin), cudaSuccess);
    EXPECT_EQ(cudaEventSynchronize(begin), cudaSuccess);
    float milliseconds = 0;
    EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

TEST(Events, WithoutTimingHaveNoTime) {
    Event begin(cudaEventDisableTiming), end(cudaEventDisableTiming);
    T2T_CHECK(cudaEventRecord(begin));
    T2T_CHECK(cudaEventRecord(end));
    T2T_CHECK(cudaEventSynchronize(end));
    float milliseconds = 0;
    EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorInvalidResourceHandle);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidResourceHandle);
}

/// Captures what `record(stream)` does and instantiates it.
template <typename Record>
cudaGraphExec_t capture(cudaStream_t stream, std::size_t nodes, Record&& record) {
    cudaGraph_t graph = nullptr;
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    record(stream);
    T2T_CHECK(cudaStreamEndCapture(stream, &graph));
    std::size_t count = 0;
    T2T_CHECK(cudaGraphGetNodes(graph, nullptr, &count));
    EXPECT_EQ(count, nodes);
    cudaGraphExec_t executable = nullptr;
    T2T_CHECK(cudaGraphInstantiate(&executable, graph, 0));
    T2T_CHECK(cudaGraphDestroy(graph));
    return executable;
}

TEST(Graphs, AreReplayedWithWhatMemoryHoldsThen) {
    Stream stream;
    int n = 1000;
    DeviceBuffer<int> values(std::vector<int>(n, 7));
    PinnedBuffer<int> in(n), out(n);
    auto graph = capture(stream, 4, [&](cudaStream_t s) {
        T2T_CHECK(cudaMemcpyAsync(values.data(), in.data(), in.bytes(), cudaMemcpyHostToDevice, s));
        affine_kernel<<<4, 64, 0, s>>>(values.data(), n, 2, 1);
        affine_kernel<<<4, 64, 0, s>>>(values.data(), n, 3, 0);
        T2T_CHECK(
            cudaMemcpyAsync(out.data(), values.data(), out.bytes(), cudaMemcpyDeviceToHost, s));
    });
    EXPECT_EQ(values.download(), std::vector<int>(n, 7));  // capturing runs nothing
    for (int replay = 0; replay < 5; ++replay) {
        std::iota(in.data(), in.data() + n, 100 * replay);
        T2T_CHECK(cudaGraphLaunch(graph, stream));
        T2T_CHECK(cudaStreamSynchronize(stream));
        EXPECT_EQ(std::vector(out.data(), out.data() + n),
                  tabulate<int>(n, [=](int i) { return ((100 * replay + i) * 2 + 1) * 3; }));
    }
    T2T_CHECK(cudaGraphExecDestroy(graph));
}

TEST(Graphs, KeepTheArgumentsOfTheCapture) {
    Stream stream;
    DeviceBuffer<int> values(std::vector<int>(64, 0));
    int offset = 5;
    auto graph = capture(stream, 1, [&](cudaStream_t s) {
        affine_kernel<<<1, 64, 0, s>>>(values.data(), 64, 1, offset);
        offset = 1000;
    });
    for (int i = 0; i < 3; ++i) T2T_CHECK(cudaGraphLaunch(graph, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(values.download(), std::vector<int>(64, 15));
    T2T_CHECK(cudaGraphExecDestroy(graph));
}

TEST(Graphs, CaptureForksAndJoinsThroughEvents) {
    Stream stream, side;
    Event fork(cudaEventDisableTiming), join(cudaEventDisableTiming);
    DeviceBuffer<int> left(std::vector<int>(256, 1)), right(std::vector<int>(256, 1));
    auto graph = capture(stream, 4, [&](cudaStream_t s) {
        affine_kernel<<<2, 64, 0, s>>>(right.data(), 256, 1, 1);
        T2T_CHECK(cudaEventRecord(fork, s));
        T2T_CHECK(cudaStreamWaitEvent(side, fork));
        affine_kernel<<<2, 64, 0, side>>>(right.data(), 256, 10, 0);
        affine_kernel<<<2, 64, 0, s>>>(left.data(), 256, 4, 0);
        T2T_CHECK(cudaEventRecord(join, side));
        T2T_CHECK(cudaStreamWaitEvent(s, join));
        T2T_CHECK(cudaMemcpyAsync(left.data(), right.data(), 512, cudaMemcpyDeviceToDevice, s));
    });
    for (int i = 0; i < 2; ++i) T2T_CHECK(cudaGraphLaunch(graph, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(left.download(), tabulate<int>(256, [](int i) { return i < 128 ? 210 : 16; }));
    T2T_CHECK(cudaGraphExecDestroy(graph));
}

TEST(Graphs, MemsetsAndHostFunctionsAreCapturedToo) {
    Stream stream;
    std::vector<int> log;
    DeviceBuffer<int> values(std::vector<int>(64, 9));
    auto graph = capture(stream, 3, [&](cudaStream_t s) {
        T2T_CHECK(cudaMemsetAsync(values.data(), 0, values.bytes(), s));
        affine_kernel<<<1, 64, 0, s>>>(values.data(), 64, 1, 3);
        T2T_CHECK(cudaLaunchHostFunc(s, append_to, &log));
    });
    EXPECT_TRUE(log.empty());
    for (int i = 0; i < 2; ++i) T2T_CHECK(cudaGraphLaunch(graph, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));
    EXPECT_EQ(log, (std::vector<int>{0, 10}));
    EXPECT_EQ(values.download(), std::vector<int>(64, 3));
    T2T_CHECK(cudaGraphExecDestroy(graph));
}

TEST(Graphs, AStreamKnowsThatItIsCapturing) {
    Stream stream;
    cudaStreamCaptureStatus status;
    T2T_CHECK(cudaStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusNone);
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
    T2T_CHECK(cudaStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusActive);
    cudaGraph_t graph = nullptr;
    T2T_CHECK(cudaStreamEndCapture(stream, &graph));
    T2T_CHECK(cudaGraphDestroy(graph));
    T2T_CHECK(cudaStreamIsCapturing(stream, &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusNone);
}

TEST(Graphs, WaitingForACapturingStreamSpoilsTheCapture) {
    Stream stream;
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(graph, nullptr);
    EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureInvalidated);
}

/// A capture in `origin`, from which `side` forks.
struct Fork {
    Stream origin, side;
    Event forked{cudaEventDisableTiming}, joined{cudaEventDisableTiming};
    DeviceBuffer<int> values{std::vector<int>(64, 1)};

    Fork() {
        T2T_CHECK(cudaStreamBeginCapture(origin, cudaStreamCaptureModeThreadLocal));
        T2T_CHECK(cudaEventRecord(forked, origin));
        T2T_CHECK(cudaStreamWaitEvent(side, forked));
    }
    void work(cudaStream_t stream) {
        affine_kernel<<<1, 64, 0, stream>>>(values.data(), 64, 1, 1);
        T2T_CHECK(cudaGetLastError());
    }
    void join() {
        T2T_CHECK(cudaEventRecord(joined, side));
        T2T_CHECK(cudaStreamWaitEvent(origin, joined));
    }
    cudaStreamCaptureStatus status() {
        cudaStreamCaptureStatus status;
        T2T_CHECK(cudaStreamIsCapturing(origin, &status));
        return status;
    }
    cudaError_t end() {
        cudaGraph_t graph = nullptr;
        const cudaError_t error = cudaStreamEndCapture(origin, &graph);
        EXPECT_EQ(graph != nullptr, error == cudaSuccess);
        if (graph != nullptr) T2T_CHECK(cudaGraphDestroy(graph));
        EXPECT_EQ(status(), cudaStreamCaptureStatusNone);
        cudaStreamCaptureStatus of_side;
        T2T_CHECK(cudaStreamIsCapturing(side, &of_side));
        EXPECT_EQ(of_side, cudaStreamCaptureStatusNone);
        cudaGetLastError();
        return error;
    }
};

// The errors that follow were seen on an H200 with CUDA 13.
TEST(Captures, AForkWhoseWorkNobodyWaitsForIsUnjoined) {
    Fork fork;
    fork.work(fork.side);
    EXPECT_EQ(fork.end(), cudaErrorStreamCaptureUnjoined);
}
TEST(Captures, WorkBehindTheJoinIsUnjoined) {
    Fork fork;
    fork.work(fork.side);
    fork.join();
    fork.work(fork.side);
    EXPECT_EQ(fork.end(), cudaErrorStreamCaptureUnjoined);
}
TEST(Captures, AForkWithoutWorkNeedsNoJoin) {
    Fork fork;
    fork.work(fork.origin);
    EXPECT_EQ(fork.end(), cudaSuccess);
}
TEST(Captures, AJoinMayGoThroughAThirdStream) {
    Fork fork;
    Stream third;
    Event passed(cudaEventDisableTiming);
    fork.work(fork.side);
    T2T_CHECK(cudaEventRecord(fork.joined, fork.side));
    T2T_CHECK(cudaStreamWaitEvent(third, fork.joined));
    fork.work(third);
    T2T_CHECK(cudaEventRecord(passed, third));
    T2T_CHECK(cudaStreamWaitEvent(fork.origin, passed));
    EXPECT_EQ(fork.end(), cudaSuccess);
}

TEST(Captures, AskingForACapturedEventSpoilsThem) {
    for (const auto ask : {cudaEventQuery, cudaEventSynchronize}) {
        Fork fork;
        EXPECT_EQ(ask(fork.forked), cudaErrorCapturedEvent);
        EXPECT_EQ(fork.status(), cudaStreamCaptureStatusInvalidated);
        EXPECT_EQ(fork.end(), cudaErrorStreamCaptureInvalidated);
    }
}
TEST(Captures, AskingForACapturedStreamSpoilsThem) {
    for (const auto ask : {cudaStreamQuery, cudaStreamSynchronize}) {
        Fork fork;
        EXPECT_EQ(ask(fork.side), cudaErrorStreamCaptureUnsupported);
        EXPECT_EQ(fork.status(), cudaStreamCaptureStatusInvalidated);
        EXPECT_EQ(fork.end(), cudaErrorStreamCaptureInvalidated);
    }
}
TEST(Captures, ACapturedEventHasNoTime) {
    Stream stream;
    Event begin, end;
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    T2T_CHECK(cudaEventRecord(begin, stream));
    T2T_CHECK(cudaEventRecord(end, stream));
    float milliseconds = 0;
    EXPECT_EQ(cudaEventElapsedTime(&milliseconds, begin, end), cudaErrorCapturedEvent);
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);  // that alone spoils nothing
    T2T_CHECK(cudaGraphDestroy(graph));
    cudaGetLastError();
}
TEST(Captures, AnEventStaysCapturedUntilItIsRecordedAgain) {
    Fork fork;
    fork.work(fork.side);
    EXPECT_EQ(fork.end(), cudaErrorStreamCaptureUnjoined);
    EXPECT_EQ(cudaEventQuery(fork.forked), cudaErrorInvalidValue);
    EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidValue);
    T2T_CHECK(cudaEventRecord(fork.forked, fork.origin));
    EXPECT_EQ(cudaEventSynchronize(fork.forked), cudaSuccess);
}

TEST(Captures, TakeNothingMoreOnceTheyAreSpoilt) {
    Fork fork;
    EXPECT_EQ(cudaStreamQuery(fork.origin), cudaErrorStreamCaptureUnsupported);
    affine_kernel<<<1, 64, 0, fork.origin>>>(fork.values.data(), 64, 1, 1);
    EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaMemsetAsync(fork.values.data(), 0, 4, fork.origin),
              cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaEventRecord(fork.joined, fork.origin), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(cudaStreamWaitEvent(fork.side, fork.forked), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(fork.end(), cudaErrorStreamCaptureInvalidated);
    EXPECT_EQ(fork.values.download(), std::vector<int>(64, 1));
}

TEST(Captures, EndWhereTheyBegan) {
    Fork fork;
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(fork.side, &graph), cudaErrorStreamCaptureUnmatched);
    EXPECT_EQ(fork.status(), cudaStreamCaptureStatusInvalidated);
    EXPECT_EQ(fork.end(), cudaErrorStreamCaptureInvalidated);
}

// The legacy default stream would have to wait for what a blocking stream has only written down.
TEST(Captures, ABlockingStreamKeepsTheLegacyStreamOut) {
    DeviceBuffer<int> values(std::vector<int>(64, 1));
    Event event(cudaEventDisableTiming);
    for (int call = 0; call < 5; ++call) {
        cudaStream_t blocking = nullptr;
        T2T_CHECK(cudaStreamCreate(&blocking));
        T2T_CHECK(cudaStreamBeginCapture(blocking, cudaStreamCaptureModeRelaxed));
        const cudaError_t error =
            call == 0   ? (affine_kernel<<<1, 64>>>(values.data(), 64, 1, 1), cudaGetLastError())
            : call == 1 ? cudaMemsetAsync(values.data(), 0, 4)
            : call == 2 ? cudaEventRecord(event)
            : call == 3 ? cudaStreamQuery(nullptr)
                        : cudaStreamSynchronize(nullptr);
        EXPECT_EQ(error, cudaErrorStreamCaptureImplicit) << "call " << call;
        cudaGraph_t graph = nullptr;
        EXPECT_EQ(cudaStreamEndCapture(blocking, &graph), cudaErrorStreamCaptureInvalidated);
        T2T_CHECK(cudaStreamDestroy(blocking));
        cudaGetLastError();
    }
    EXPECT_EQ(values.download(), std::vector<int>(64, 1));
}
TEST(Captures, ANonBlockingStreamDoesNot) {
    cudaStream_t apart = nullptr;
    T2T_CHECK(cudaStreamCreateWithFlags(&apart, cudaStreamNonBlocking));
    DeviceBuffer<int> values(std::vector<int>(64, 1));
    T2T_CHECK(cudaStreamBeginCapture(apart, cudaStreamCaptureModeRelaxed));
    affine_kernel<<<1, 64>>>(values.data(), 64, 1, 1);
    T2T_CHECK(cudaGetLastError());
    cudaGraph_t graph = nullptr;
    T2T_CHECK(cudaStreamEndCapture(apart, &graph));
    T2T_CHECK(cudaGraphDestroy(graph));
    T2T_CHECK(cudaStreamDestroy(apart));
    EXPECT_EQ(values.download(), std::vector<int>(64, 2));
}

TEST(Graphs, TheLegacyDefaultStreamCannotBeCaptured) {
    EXPECT_EQ(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeThreadLocal),
              cudaErrorStreamCaptureUnsupported);
    EXPECT_EQ(cudaGetLastError(), cudaErrorStreamCaptureUnsupported);
}

}  // namespace
}  // namespace t2t::conformance

#include "common/lab/bench/timed_runs.hpp"

#include <utility>

#include "common/device/check.hpp"
#include "common/lab/bench/by_build.hpp"

namespace t2t::lab {
namespace {

/// The CPU device runs everything at once: there is no launch latency to hide.
constexpr bool queue_ahead = by_build(true, false);

}  // namespace

TimedRuns::TimedRuns(std::function<void(std::size_t set, cudaStream_t)> run, std::size_t runs,
                     std::size_t sets, cudaStream_t stream, Queueing queueing)
    : run_(std::move(run)), runs_(runs), sets_(sets), stream_(stream), timer_(stream) {
    if (queueing == Queueing::one_by_one) return;
    cudaGraph_t recorded = nullptr;
    T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    try {
        run_all();
    } catch (...) {
        // The run's own error is the one to report; what ends a broken recording fails as well, and no
        // later launch must report that.
        cudaStreamEndCapture(stream, &recorded);
        if (recorded != nullptr) cudaGraphDestroy(recorded);
        cudaGetLastError();
        throw;
    }
    T2T_CHECK(cudaStreamEndCapture(stream, &recorded));
    const cudaError_t instantiated = cudaGraphInstantiate(&graph_, recorded, 0);
    cudaGraphDestroy(recorded);
    check(instantiated, "cudaGraphInstantiate");
}

TimedRuns::~TimedRuns() {
    if (graph_ != nullptr) cudaGraphExecDestroy(graph_);
}

void TimedRuns::run_all() {
    for (std::size_t i = 0; i < runs_; ++i) run_(i % sets_, stream_);
}

void TimedRuns::queue() {
    if (graph_ == nullptr) return run_all();
    T2T_CHECK(cudaGraphLaunch(graph_, stream_));
}

double TimedRuns::milliseconds_per_run() {
    if (queue_ahead) queue();
    timer_.start();
    queue();
    timer_.stop();
    return timer_.milliseconds() / static_cast<double>(runs_);
}

}  // namespace t2t::lab

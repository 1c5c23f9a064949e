#include "common/cpu_device/runtime/streams.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/graphs.hpp"

namespace t2t::cpu_device {
namespace {

using Clock = std::chrono::steady_clock;

/// For each stream of a capture, how many of its nodes lie before a moment in one of the streams.
using NodesBefore = std::map<cudaStream_t, unsigned>;

/// A capture: it begins in one stream and spreads to others that wait for its events.
struct Capture {
    cudaStream_t origin;
    cudaStreamCaptureMode mode;
    CUgraph_st graph;
    bool invalidated = false;
    bool ended = false;
    std::map<cudaStream_t, NodesBefore> streams;  ///< what lies before each stream's next node

    void record(cudaStream_t stream, cudaGraphNodeType type, std::function<void()> work) {
        // One after the other, as they were issued: that order respects every dependency.
        std::vector<cudaGraphNode_t> earlier;
        if (!graph.nodes.empty()) earlier.push_back(graph.nodes.back().get());
        graph.nodes.push_back(std::make_shared<CUgraphNode_st>(
            CUgraphNode_st{type, std::move(work), std::move(earlier)}));
        ++streams[stream][stream];
    }
    /// `stream` now waits for the nodes in `before`.
    void wait(cudaStream_t stream, const NodesBefore& before) {
        NodesBefore& mine = streams[stream];
        for (const auto& [other, nodes] : before) mine[other] = std::max(mine[other], nodes);
    }
    /// Whether the origin waits for the last node of every stream.
    bool joined() {
        return std::all_of(streams.begin(), streams.end(), [&](auto& entry) {
            auto& [stream, before] = entry;
            return before[stream] <= streams[origin][stream];
        });
    }
};

/// How many captures have begun and not ended: what costs something is done only while there are any.
std::atomic<unsigned> open_captures{0};

}  // namespace
}  // namespace t2t::cpu_device

struct CUstream_st {
    unsigned flags =
        cudaStreamDefault;  ///< unless cudaStreamNonBlocking, it and the legacy default stream take turns
    std::shared_ptr<t2t::cpu_device::Capture> capture;
};
struct CUevent_st {
    bool timed;
    bool recorded = false;
    t2t::cpu_device::Clock::time_point when;
    std::shared_ptr<t2t::cpu_device::Capture> capture;  ///< the capture it was recorded in, if any
    t2t::cpu_device::NodesBefore before;                ///< in that capture
};

namespace t2t::cpu_device {
namespace {

/// All streams and events that exist, so that a stale handle is an error and not a crash.
struct Handles {
    std::mutex mutex;
    std::set<cudaStream_t> streams;
    std::set<cudaEvent_t> events;
    std::weak_ptr<Capture> latest;  ///< the capture that began last
};
Handles& handles() {
    static Handles* const all = new Handles;
    return *all;
}

bool is_default(cudaStream_t stream) {
    return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}
bool is_stream(cudaStream_t stream) {
    const std::lock_guard lock(handles().mutex);
    return is_default(stream) || handles().streams.contains(stream);
}
bool is_event(cudaEvent_t event) {
    const std::lock_guard lock(handles().mutex);
    return handles().events.contains(event);
}

// As reports call it.
const char* name_of(cudaGraphNodeType work) {
    switch (work) {
        case cudaGraphNodeTypeMemcpy:
            return "a copy";
        case cudaGraphNodeTypeMemset:
            return "a memset";
        case cudaGraphNodeTypeHost:
            return "a host function";
        default:
            return "other work";
    }
}

std::shared_ptr<Capture> capture_of(cudaStream_t stream) {
    if (is_default(stream) || open_captures == 0) return nullptr;
    const std::lock_guard lock(handles().mutex);
    return handles().streams.contains(stream) ? stream->capture : nullptr;
}

}  // namespace

cudaError_t refuse_implicit_dependency(cudaStream_t stream) {
    if (open_captures == 0 || stream == cudaStreamPerThread || !is_default(stream))
        return cudaSuccess;
    const std::lock_guard lock(handles().mutex);
    cudaError_t result = cudaSuccess;
    for (const cudaStream_t other : handles().streams) {
        if (other->capture == nullptr || other->flags == cudaStreamNonBlocking) continue;
        other->capture->invalidated = true;
        result = cudaErrorStreamCaptureImplicit;
    }
    return result;
}

bool is_capturing(cudaStream_t stream) {
    return capture_of(stream) != nullptr;
}

cudaError_t run_or_capture(cudaStream_t stream, cudaGraphNodeType type,
                           std::function<void()> work) {
    if (sticky_error() != cudaSuccess) return finish(cudaSuccess);
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (const auto capture = capture_of(stream)) {
        if (capture->invalidated) return finish(cudaErrorStreamCaptureInvalidated);
        capture->record(stream, type, std::move(work));
    } else if (const cudaError_t refused = refuse_implicit_dependency(stream);
               refused != cudaSuccess) {
        return finish(refused);
    } else {
        const observer::StreamWork in_order(observed_stream(stream), name_of(type));
        work();
    }
    return finish(cudaSuccess);
}

const void* observed_stream(cudaStream_t stream) {
    return stream == cudaStreamLegacy ? nullptr : stream;
}

cudaError_t refuse_while_capturing() {
    const std::lock_guard lock(handles().mutex);
    const auto capture = handles().latest.lock();
    if (capture == nullptr || capture->mode == cudaStreamCaptureModeRelaxed) return cudaSuccess;
    capture->invalidated = true;
    return cudaErrorStreamCaptureUnsupported;
}

}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

// ---- streams ------------------------------------------------------------------------------------

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    if (stream == nullptr || flags > cudaStreamNonBlocking) return finish(cudaErrorInvalidValue);
    *stream = new CUstream_st;
    (*stream)->flags = flags;
    t2t::observer::stream_created(*stream, flags != cudaStreamNonBlocking);
    const std::lock_guard lock(handles().mutex);
    handles().streams.insert(*stream);
    return finish(cudaSuccess);
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
    return cudaStreamCreateWithFlags(stream, flags);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    const std::lock_guard lock(handles().mutex);
    if (handles().streams.erase(stream) == 0) return finish(cudaErrorInvalidResourceHandle);
    t2t::observer::stream_destroyed(stream);
    delete stream;
    return finish(cudaSuccess);
}
cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned* flags) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (flags == nullptr) return finish(cudaErrorInvalidValue);
    *flags = is_default(stream) ? cudaStreamDefault : stream->flags;
    return finish(cudaSuccess);
}
cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (priority == nullptr) return finish(cudaErrorInvalidValue);
    *priority = 0;  // there is but one, and cudaDeviceGetStreamPriorityRange says so
    return finish(cudaSuccess);
}
cudaError_t cudaStreamSetAttribute(cudaStream_t stream, cudaStreamAttrID,
                                   const cudaStreamAttrValue* value) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    return finish(value == nullptr ? cudaErrorInvalidValue : cudaSuccess);
}
cudaError_t cudaStreamGetAttribute(cudaStream_t stream, cudaStreamAttrID,
                                   cudaStreamAttrValue* value) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (value == nullptr) return finish(cudaErrorInvalidValue);
    *value = {};
    return finish(cudaSuccess);
}
cudaError_t cudaStreamCopyAttributes(cudaStream_t to, cudaStream_t from) {
    return finish(is_stream(to) && is_stream(from) ? cudaSuccess : cudaErrorInvalidResourceHandle);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (const auto capture = capture_of(stream)) {
        capture->invalidated = true;
        return finish(cudaErrorStreamCaptureUnsupported);
    }
    if (const cudaError_t refused = refuse_implicit_dependency(stream); refused != cudaSuccess)
        return finish(refused);
    t2t::observer::host_waits_for_stream(observed_stream(stream));
    return finish(cudaSuccess);
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
    return cudaStreamSynchronize(stream);
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
    if (function == nullptr) return finish(cudaErrorInvalidValue);
    return run_or_capture(stream, cudaGraphNodeTypeHost, [=] { function(data); });
}
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data,
                                  unsigned) {
    if (callback == nullptr) return finish(cudaErrorInvalidValue);
    return run_or_capture(stream, cudaGraphNodeTypeHost,
                          [=] { callback(stream, cudaSuccess, data); });
}

// ---- events -------------------------------------------------------------------------------------

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    if (event == nullptr) return finish(cudaErrorInvalidValue);
    *event = new CUevent_st{(flags & cudaEventDisableTiming) == 0, false, {}, nullptr, {}};
    const std::lock_guard lock(handles().mutex);
    handles().events.insert(*event);
    return finish(cudaSuccess);
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
    const std::lock_guard lock(handles().mutex);
    if (handles().events.erase(event) == 0) return finish(cudaErrorInvalidResourceHandle);
    t2t::observer::event_destroyed(event);
    delete event;
    return finish(cudaSuccess);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    if (!is_event(event) || !is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    const auto capture = capture_of(stream);
    if (capture != nullptr && capture->invalidated)
        return finish(cudaErrorStreamCaptureInvalidated);
    if (const cudaError_t refused = refuse_implicit_dependency(stream); refused != cudaSuccess)
        return finish(refused);
    event->capture = capture;
    if (capture != nullptr) {
        event->before = capture->streams[stream];
    } else {
        t2t::observer::event_recorded(event, observed_stream(stream));
    }
    event->recorded = true;
    event->when = Clock::now();
    return finish(cudaSuccess);
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned) {
    return cudaEventRecord(event, stream);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    if (!is_event(event)) return finish(cudaErrorInvalidResourceHandle);
    if (event->capture == nullptr) {
        t2t::observer::host_waits_for_event(event);
        return finish(cudaSuccess);
    }
    if (event->capture->ended) return finish(cudaErrorInvalidValue);
    event->capture->invalidated = true;
    return finish(cudaErrorCapturedEvent);
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
    return cudaEventSynchronize(event);
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
    if (!is_event(begin) || !is_event(end)) return finish(cudaErrorInvalidResourceHandle);
    if (milliseconds == nullptr) return finish(cudaErrorInvalidValue);
    const auto is_captured = [](cudaEvent_t event) {
        return event->capture != nullptr && !event->capture->ended;
    };
    if (is_captured(begin) || is_captured(end)) return finish(cudaErrorCapturedEvent);
    if (!begin->recorded || !end->recorded || !begin->timed || !end->timed) {
        return finish(cudaErrorInvalidResourceHandle);
    }
    *milliseconds = std::chrono::duration<float, std::milli>(end->when - begin->when).count();
    return finish(cudaSuccess);
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
    if (!is_stream(stream) || !is_event(event)) return finish(cudaErrorInvalidResourceHandle);
    // Work was done when the event was recorded; a captured event pulls the stream into its
    // capture.
    if (event->capture == nullptr || event->capture->ended) {
        t2t::observer::stream_waits(observed_stream(stream), event);
        return finish(cudaSuccess);
    }
    if (event->capture->invalidated) return finish(cudaErrorStreamCaptureInvalidated);
    if (is_default(stream)) return finish(cudaErrorStreamCaptureImplicit);
    if (stream->capture != nullptr && stream->capture != event->capture)
        return finish(cudaErrorStreamCaptureMerge);
    stream->capture = event->capture;
    event->capture->wait(stream, event->before);
    return finish(cudaSuccess);
}

// ---- capture ------------------------------------------------------------------------------------

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    if (is_default(stream)) return finish(cudaErrorStreamCaptureUnsupported);
    if (stream->capture != nullptr) return finish(cudaErrorIllegalState);
    stream->capture = std::make_shared<Capture>(Capture{stream, mode, {}, false, false, {}});
    ++open_captures;
    const std::lock_guard lock(handles().mutex);
    handles().latest = stream->capture;
    return finish(cudaSuccess);
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
    if (graph == nullptr) return finish(cudaErrorInvalidValue);
    *graph = nullptr;
    const auto capture = capture_of(stream);
    if (capture == nullptr) return finish(cudaErrorIllegalState);
    if (capture->origin != stream) {
        capture->invalidated = true;
        return finish(cudaErrorStreamCaptureUnmatched);
    }
    capture->ended = true;
    --open_captures;
    {
        const std::lock_guard lock(handles().mutex);
        handles().latest.reset();
        for (const cudaStream_t other : handles().streams) {
            if (other->capture == capture) other->capture = nullptr;
        }
    }
    if (capture->invalidated) return finish(cudaErrorStreamCaptureInvalidated);
    if (!capture->joined()) return finish(cudaErrorStreamCaptureUnjoined);
    *graph = new CUgraph_st{std::move(capture->graph)};
    for (const auto& node : (*graph)->nodes) node->graph = *graph;
    return finish(cudaSuccess);
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
    if (!is_stream(stream)) return finish(cudaErrorInvalidResourceHandle);
    const auto capture = capture_of(stream);
    *status = capture == nullptr     ? cudaStreamCaptureStatusNone
              : capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                     : cudaStreamCaptureStatusActive;
    return finish(cudaSuccess);
}

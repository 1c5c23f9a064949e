/// @file
/// Events, and a timer made of two.
#pragma once

#include <utility>

#include "common/device/check.hpp"

namespace t2t {

/// A point in a stream's queue that can be waited for and timed. Moves, does not copy.
class Event {
 public:
    /// @throws CudaError
    Event() { T2T_CHECK(cudaEventCreate(&event_)); }
    Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
    Event& operator=(Event&& other) noexcept {
        std::swap(event_, other.event_);
        return *this;
    }
    ~Event() {
        if (event_ != nullptr) cudaEventDestroy(event_);
    }

    /// What CUDA's calls take.
    cudaEvent_t get() const { return event_; }

    /// Moves the point to the end of what `stream` has queued now.
    void record(cudaStream_t stream) { T2T_CHECK(cudaEventRecord(event_, stream)); }

    /// Waits until the device has reached the point.
    /// @throws CudaError also when an earlier kernel failed
    void synchronize() const { T2T_CHECK(cudaEventSynchronize(event_)); }

 private:
    cudaEvent_t event_ = nullptr;
};

/// Device time from `start` to `end` in milliseconds, to about 0.5 µs; waits for `end`.
inline float milliseconds_between(const Event& start, const Event& end) {
    end.synchronize();
    float milliseconds = 0.0f;
    T2T_CHECK(cudaEventElapsedTime(&milliseconds, start.get(), end.get()));
    return milliseconds;
}

/// Measures the device time between two points of a stream.
///
/// The first point passes when the device gets there, which on an idle stream is before the host has
/// queued any work: to time short work, queue something else first.
class DeviceTimer {
 public:
    /// Both points are on `stream`.
    explicit DeviceTimer(cudaStream_t stream) : stream_(stream) {}

    /// Sets the first point.
    void start() { start_.record(stream_); }
    /// Sets the second point.
    void stop() { stop_.record(stream_); }
    /// From the first point to the second; waits for the second.
    float milliseconds() const { return milliseconds_between(start_, stop_); }

 private:
    cudaStream_t stream_;
    Event start_;
    Event stop_;
};

}  // namespace t2t

/// @file
/// A stream that destroys itself.
#pragma once

#include <utility>

#include "common/device/check.hpp"

namespace t2t {

/// A CUDA stream that does not wait for the default stream. Moves, does not copy.
class Stream {
 public:
    /// @throws CudaError
    Stream() { T2T_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
    Stream(Stream&& other) noexcept : stream_(std::exchange(other.stream_, nullptr)) {}
    Stream& operator=(Stream&& other) noexcept {
        std::swap(stream_, other.stream_);
        return *this;
    }
    ~Stream() {
        if (stream_ != nullptr) cudaStreamDestroy(stream_);
    }

    /// What CUDA's calls take.
    cudaStream_t get() const { return stream_; }

    /// Waits until all work queued so far is done.
    /// @throws CudaError also when an earlier kernel failed
    void synchronize() const { T2T_CHECK(cudaStreamSynchronize(stream_)); }

 private:
    cudaStream_t stream_ = nullptr;
};

}  // namespace t2t

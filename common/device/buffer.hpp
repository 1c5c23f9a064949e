/// @file
/// Memory that frees itself: on the device, and pinned on the host.
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/device/check.hpp"

namespace t2t {

/// `count` · `element_bytes`.
/// @throws CudaError cudaErrorMemoryAllocation when the product is larger than any memory
inline std::size_t allocation_bytes(std::size_t count, std::size_t element_bytes) {
    std::size_t bytes = 0;
    if (__builtin_mul_overflow(count, element_bytes, &bytes)) {
        check(cudaErrorMemoryAllocation, "an allocation of " + std::to_string(count) +
                                             " elements of " + std::to_string(element_bytes) +
                                             " bytes");
    }
    return bytes;
}

/// `size` elements of T in device memory, uninitialised. Moves, does not copy.
///
/// Holds nothing when `size` is 0: data() is then nullptr.
template <typename T>
class DeviceBuffer {
 public:
    DeviceBuffer() = default;

    /// @throws CudaError cudaErrorMemoryAllocation when the device has too little memory left
    explicit DeviceBuffer(std::size_t size) : size_(size) {
        const std::size_t bytes = allocation_bytes(size, sizeof(T));
        if (size != 0) T2T_CHECK(cudaMalloc(reinterpret_cast<void**>(&data_), bytes));
    }

    /// A copy of `values` in device memory.
    explicit DeviceBuffer(std::span<const T> values) : DeviceBuffer(values.size()) {
        upload(values);
    }
    /// A copy of `values` in device memory.
    explicit DeviceBuffer(const std::vector<T>& values)
        : DeviceBuffer(std::span<const T>(values)) {}

    DeviceBuffer(DeviceBuffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~DeviceBuffer() { cudaFree(data_); }

    T* data() { return data_; }                              ///< in device memory
    const T* data() const { return data_; }                  ///< in device memory
    std::size_t size() const { return size_; }               ///< elements
    std::size_t bytes() const { return size_ * sizeof(T); }  ///< size() in bytes

    /// Copies `values` to the start of the buffer; returns when the copy is done.
    /// @throws std::length_error when `values` is longer than the buffer
    void upload(std::span<const T> values) {
        if (values.size() > size_) throw std::length_error("DeviceBuffer::upload: too many values");
        if (values.empty()) return;
        T2T_CHECK(cudaMemcpy(data_, values.data(), values.size_bytes(), cudaMemcpyHostToDevice));
        // cudaMemcpy may return while the last piece of pageable memory is still on its way.
        T2T_CHECK(cudaStreamSynchronize(nullptr));
    }

    /// The whole buffer, copied to the host; waits for all work queued before.
    std::vector<T> download() const {
        std::vector<T> values(size_);
        if (size_ != 0)
            T2T_CHECK(cudaMemcpy(values.data(), data_, bytes(), cudaMemcpyDeviceToHost));
        return values;
    }

 private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

/// `size` elements of T in page-locked host memory, which the device copies from at full speed and
/// without the host waiting. Uninitialised; moves, does not copy.
template <typename T>
class PinnedBuffer {
 public:
    PinnedBuffer() = default;

    /// @throws CudaError cudaErrorMemoryAllocation when the host cannot lock that much
    explicit PinnedBuffer(std::size_t size) : size_(size) {
        if (size != 0)
            T2T_CHECK(cudaMallocHost(reinterpret_cast<void**>(&data_), size * sizeof(T)));
    }

    PinnedBuffer(PinnedBuffer&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    PinnedBuffer& operator=(PinnedBuffer&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~PinnedBuffer() { cudaFreeHost(data_); }

    T* data() { return data_; }                                 ///< in host memory
    const T* data() const { return data_; }                     ///< in host memory
    std::size_t size() const { return size_; }                  ///< elements
    std::size_t bytes() const { return size_ * sizeof(T); }     ///< size() in bytes
    std::span<T> span() { return {data_, size_}; }              ///< the whole buffer
    std::span<const T> span() const { return {data_, size_}; }  ///< the whole buffer

 private:
    T* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace t2t

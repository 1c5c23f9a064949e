/// @file
/// Device memory that notices writes outside it.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/lab/poison.hpp"

namespace t2t::lab {

/// Bytes in device memory between two margins of lab::margin_poison. GuardedBuffer gives them a
/// type.
class GuardedBytes {
 public:
    /// @param payload       what the memory between the margins starts as
    /// @param element       bytes of one element; each margin holds 64 elements or more
    /// @param misalignment  bytes from a multiple of 256 to the start of the payload
    GuardedBytes(std::span<const std::byte> payload, std::size_t element, std::size_t misalignment);

    /// The payload in device memory.
    std::byte* data() { return device_.data() + lead_; }
    /// Puts payload and margins back as they started.
    void reset();
    /// The payload, as it is now.
    std::vector<std::byte> download() const;
    /// Whether the payload still is what it started as.
    bool unchanged() const;
    /// Offsets, in elements from the start of the payload, of margin elements that were
    /// overwritten: −1 is the element just before the payload, size the one just after.
    std::vector<std::ptrdiff_t> margin_faults() const;

 private:
    std::size_t element_;
    std::size_t lead_;              // bytes before the payload
    std::size_t payload_;           // bytes of the payload
    std::vector<std::byte> start_;  // margins and payload as they started
    DeviceBuffer<std::byte> device_;
};

/// `size` elements of T in device memory with a margin of 64 elements or more on both sides.
///
/// The margins are NaN for floating-point types: what reads from them shows, and what writes to
/// them is found by margin_faults(). The payload lies at a multiple of 256 bytes, as from
/// cudaMalloc, plus `offset` elements.
template <typename T>
class GuardedBuffer {
 public:
    /// An output: starts as lab::start_poison, which is NaN for floating-point types.
    /// @param size    elements; 0 is legal, and data() is then not null
    /// @param offset  elements from a multiple of 256 bytes to the payload
    explicit GuardedBuffer(std::size_t size, std::size_t offset = 0)
        : GuardedBuffer(std::vector<T>(size, poisoned_value<T>()), offset) {}

    /// An input: starts as `values`, which unchanged() remembers.
    /// @param offset  elements from a multiple of 256 bytes to the payload
    explicit GuardedBuffer(const std::vector<T>& values, std::size_t offset = 0)
        : size_(values.size()),
          bytes_(std::as_bytes(std::span<const T>(values)), sizeof(T), offset * sizeof(T)) {}

    T* data() { return reinterpret_cast<T*>(bytes_.data()); }  ///< device memory
    std::size_t size() const { return size_; }                 ///< elements

    /// Puts payload and margins back as they started.
    void reset() { bytes_.reset(); }
    /// The payload, copied to the host; waits for all work queued before.
    /// @throws CudaError when a kernel before it failed
    std::vector<T> download() const {
        const std::vector<std::byte> bytes = bytes_.download();
        std::vector<T> values(size_);
        if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
        return values;
    }
    /// Whether the payload still is what it started as.
    bool unchanged() const { return bytes_.unchanged(); }
    /// Which elements next to the payload were overwritten, as offsets from its start: −1 is the
    /// element just before it, size() the one just after. Empty when none was.
    std::vector<std::ptrdiff_t> margin_faults() const { return bytes_.margin_faults(); }

 private:
    std::size_t size_;
    GuardedBytes bytes_;
};

}  // namespace t2t::lab

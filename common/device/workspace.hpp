/// @file
/// Device memory that an operation needs besides its arguments, handed in by the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace t2t {

/// Bytes that `count` elements of T take in a workspace: a multiple of 256, so that whatever comes next
/// is aligned as memory from cudaMalloc is.
template <typename T>
constexpr std::size_t workspace_bytes(std::int64_t count) {
    constexpr std::size_t alignment = 256;
    return (static_cast<std::size_t>(count) * sizeof(T) + alignment - 1) / alignment * alignment;
}

/// Cuts a workspace into arrays, from the front.
class Workspace {
 public:
    /// @param who    operation and rung, for the message: `attention v1_three_kernels`
    /// @param memory what the caller handed in
    Workspace(std::string_view who, std::span<std::byte> memory) : who_(who), rest_(memory) {}

    /// The next `count` elements of T.
    /// @throws std::invalid_argument there are not as many left
    template <typename T>
    T* take(std::int64_t count) {
        const std::size_t bytes = workspace_bytes<T>(count);
        if (bytes > rest_.size()) {
            throw std::invalid_argument(
                std::string(who_) + ": the workspace has " + std::to_string(taken_ + rest_.size()) +
                " bytes and needs at least " + std::to_string(taken_ + bytes) +
                "; hand in as many as the rung's workspace() says");
        }
        T* const taken = reinterpret_cast<T*>(rest_.data());
        rest_ = rest_.subspan(bytes);
        taken_ += bytes;
        return taken;
    }

    /// What has not been taken: the workspace of an operation that this one runs.
    std::span<std::byte> rest() const { return rest_; }

 private:
    std::string_view who_;
    std::span<std::byte> rest_;
    std::size_t taken_ = 0;
};

}  // namespace t2t

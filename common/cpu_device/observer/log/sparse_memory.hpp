/// @file
/// Room for logs and shadow memory: as much as there may ever be, paid for as it is used.
#pragma once

#include <cstddef>

namespace t2t::observer {

/// Memory that is there at once but takes room only where it is touched, and starts as zeros.
class SparseMemory {
 public:
    SparseMemory() = default;
    explicit SparseMemory(std::size_t bytes);
    ~SparseMemory();
    SparseMemory(SparseMemory&& other) noexcept;
    SparseMemory& operator=(SparseMemory&& other) noexcept;

    char* data() const { return data_; }
    /// Everything is zero again, and takes no room.
    void clear();
    /// Bytes that take room.
    std::size_t resident() const;

 private:
    char* data_ = nullptr;
    std::size_t bytes_ = 0;
};

}  // namespace t2t::observer

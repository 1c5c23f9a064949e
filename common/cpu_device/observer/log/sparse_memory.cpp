#include "common/cpu_device/observer/log/sparse_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

namespace t2t::observer {

SparseMemory::SparseMemory(std::size_t bytes) : bytes_(bytes) {
    void* mapping = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    data_ = static_cast<char*>(mapping);
}

SparseMemory::~SparseMemory() {
    if (data_ != nullptr) munmap(data_, bytes_);
}

SparseMemory::SparseMemory(SparseMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

SparseMemory& SparseMemory::operator=(SparseMemory&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
}

void SparseMemory::clear() {
    if (data_ != nullptr) madvise(data_, bytes_, MADV_DONTNEED);
}

std::size_t SparseMemory::resident() const {
    if (data_ == nullptr) return 0;
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages((bytes_ + page - 1) / page);
    if (mincore(data_, bytes_, pages.data()) != 0) return 0;
    return page * static_cast<std::size_t>(
                      std::count_if(pages.begin(), pages.end(), [](auto p) { return p & 1; }));
}

}  // namespace t2t::observer

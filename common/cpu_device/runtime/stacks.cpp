#include "common/cpu_device/runtime/stacks.hpp"

#include <sys/mman.h>

#include <new>

namespace t2t::cpu_device {
namespace {

constexpr std::size_t page = 4096;
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stack_bytes =
    512 * 1024;  // AddressSanitizer surrounds every variable with red zones
#else
constexpr std::size_t stack_bytes = 128 * 1024;
#endif
constexpr std::size_t slot_bytes = page + stack_bytes;

// Neighbouring stacks start 9 cache lines apart, over the 64 lines of a page.
std::size_t stagger(unsigned index) {
    return index * 9 % 64 * 64;
}

}  // namespace

FiberStacks::FiberStacks(unsigned count) : count_(count) {
    void* mapping = mmap(nullptr, count * slot_bytes, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<char*>(mapping);
}

FiberStacks::~FiberStacks() {
    munmap(base_, count_ * slot_bytes);
}

char* FiberStacks::slot(unsigned index) const {
    return base_ + index * slot_bytes;
}

void* FiberStacks::bottom(unsigned index) const {
    return slot(index) + page;
}

std::size_t FiberStacks::size(unsigned index) const {
    return stack_bytes - stagger(index);
}

void* FiberStacks::top(unsigned index) {
    for (; usable_ <= index; ++usable_) {
        if (mprotect(bottom(usable_), stack_bytes, PROT_READ | PROT_WRITE) != 0)
            throw std::bad_alloc();
    }
    return static_cast<char*>(bottom(index)) + size(index);
}

std::pair<const void*, std::size_t> FiberStacks::range() const {
    return {base_, count_ * slot_bytes};
}

unsigned FiberStacks::index_of(const void* address) const {
    return static_cast<unsigned>(
        static_cast<std::size_t>(static_cast<const char*>(address) - base_) / slot_bytes);
}

bool FiberStacks::in_guard_page(const void* address) const {
    const char* where = static_cast<const char*>(address);
    if (where < base_ || where >= base_ + count_ * slot_bytes) return false;
    return static_cast<std::size_t>(where - base_) % slot_bytes < page;
}

}  // namespace t2t::cpu_device

/// @file
/// Stacks for fibers: one mapping, a guard page below each stack, memory touched only when used.
#pragma once

#include <cstddef>
#include <utility>

namespace t2t::cpu_device {

/// Up to `count` stacks of one operating-system thread.
class FiberStacks {
 public:
    explicit FiberStacks(unsigned count);
    ~FiberStacks();
    FiberStacks(const FiberStacks&) = delete;
    FiberStacks& operator=(const FiberStacks&) = delete;

    /// Highest address of stack `index`, less a stagger: stacks whose tops share the low address
    /// bits would all fight for the same few cache sets.
    void* top(unsigned index);
    /// Lowest usable address of stack `index`.
    void* bottom(unsigned index) const;
    /// Bytes between bottom(index) and the top as the fiber sees it.
    std::size_t size(unsigned index) const;
    /// Lowest address and size of all stacks together.
    std::pair<const void*, std::size_t> range() const;
    /// Which stack an address of range() lies in.
    unsigned index_of(const void* address) const;
    /// True when `address` lies in a guard page: a stack has overflowed.
    bool in_guard_page(const void* address) const;

 private:
    char* slot(unsigned index) const;

    char* base_ = nullptr;
    unsigned count_;
    unsigned usable_ = 0;  ///< stacks made accessible so far
};

}  // namespace t2t::cpu_device

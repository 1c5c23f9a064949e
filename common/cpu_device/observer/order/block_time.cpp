// Time, as far as barriers make it.
//
// Each operating-system thread has a clock that every barrier and every __syncwarp moves on. A CUDA
// thread's time is the clock's at its last one. Of two threads of a block, what one did happened
// before what the other does now if a block-wide barrier came after it; within a warp a __syncwarp
// of both is enough.
//
// Between blocks nothing is ordered but by grid barriers and fences. In global memory a cell's time
// is therefore the number of an actor – a block, or a stretch of its life – above the clock since
// the actor's begin.
#include <algorithm>
#include <array>
#include <bit>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/replay/block_observer.hpp"

namespace t2t::observer {
namespace {

std::uint64_t linear_block() {
    return blockIdx.x +
           std::uint64_t{gridDim.x} * (blockIdx.y + std::uint64_t{gridDim.y} * blockIdx.z);
}

}  // namespace

Actors& actors() {
    static Actors* const all = new Actors;
    return *all;
}

void Actors::begin_launch() {
    const std::lock_guard lock(global_memory().mutex);
    first_ = last_ + 1;
}

unsigned Actors::enter(std::uint64_t block, unsigned phase) {
    const std::lock_guard lock(global_memory().mutex);
    if (++last_ == most_actors) {
        // The numbers are used up: what has happened so far can no longer be compared with.
        global_memory().clear_cells();
        first_ = last_ = 1;
    }
    list_[last_] = {block, phase};
    return last_;
}

void BlockObserver::begin_time(unsigned threads) {
    constexpr std::uint32_t late = 0xf0000000u;
    if (now_ > late) {
        std::fill(shared_writers_.begin(), shared_writers_.end(), Cell{});
        std::fill(shared_readers_.begin(), shared_readers_.end(), Cell{});
        for (auto& row : pair_time_) row.fill(0);
        now_ = 1;
    }
    ++now_;
    block_begin_ = block_time_ = now_;
    std::fill_n(thread_time_.begin(), threads, now_);
    warp_time_.fill(now_);
    phase_ = 0;
    new_actor();
}

void BlockObserver::new_actor() {
    actor_ = actors().enter(linear_block(), phase_);
    actor_begin_ = now_;
    fences().enter_block(actor_);
}

void BlockObserver::pass_barrier() {
    block_time_ = ++now_;
    std::fill_n(thread_time_.begin(), warps_ * 32, now_);
}

void BlockObserver::pass_warp_sync(unsigned warp, unsigned lanes) {
    ++now_;
    const bool whole = lanes == whole_warp(warp);
    if (whole) warp_time_[warp] = now_;
    for (unsigned left = lanes; left != 0; left &= left - 1) {
        const unsigned lane = static_cast<unsigned>(std::countr_zero(left));
        thread_time_[warp * 32 + lane] = now_;
        if (whole) continue;
        for (unsigned others = lanes; others != 0; others &= others - 1) {
            pair_time_[warp * 32 + lane][static_cast<unsigned>(std::countr_zero(others))] = now_;
        }
    }
}

void BlockObserver::grid_barrier_passed() {
    ++phase_;
    new_actor();
}

std::uint32_t BlockObserver::actor_time(unsigned thread) const {
    return actor_ << actor_clock_bits |
           (thread_time_[thread] - std::min(thread_time_[thread], actor_begin_));
}

BlockOrder BlockObserver::block_order(unsigned thread) const {
    return {block_time_, warp_time_[thread / 32], pair_time_[thread].data(), 0, ~0u, thread,
            actor_};
}

BlockOrder BlockObserver::actor_order(unsigned thread) const {
    BlockOrder order = block_order(thread);
    order.origin = actor_begin_;
    order.clock_mask = (1u << actor_clock_bits) - 1;
    return order;
}

}  // namespace t2t::observer

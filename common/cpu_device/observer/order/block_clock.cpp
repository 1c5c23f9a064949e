#include "common/cpu_device/observer/order/block_clock.hpp"

#include <algorithm>
#include <bit>

namespace t2t::observer {

bool BlockClock::begin_block(unsigned threads) {
    constexpr std::uint32_t late = 0xf0000000u;  // no block moves the clock on by 2²⁸
    const bool starts_anew = now_ > late;
    if (starts_anew) {
        for (auto& row : of_pairs_) row.fill(0);
        now_ = 1;
    }
    ++now_;
    threads_ = threads;
    block_begin_ = barrier_ = now_;
    std::fill_n(of_thread_.begin(), threads_, now_);
    of_warp_.fill(now_);
    return starts_anew;
}

void BlockClock::pass_barrier() {
    barrier_ = ++now_;
    std::fill_n(of_thread_.begin(), threads_, now_);
}

void BlockClock::pass_by(unsigned warp, unsigned lanes) {
    ++now_;
    for (unsigned left = lanes; left != 0; left &= left - 1)
        of_thread_[warp * 32 + static_cast<unsigned>(std::countr_zero(left))] = now_;
}

void BlockClock::pass_warp_sync(unsigned warp, unsigned lanes, bool all) {
    ++now_;
    if (all) of_warp_[warp] = now_;
    for (unsigned left = lanes; left != 0; left &= left - 1) {
        const unsigned thread = warp * 32 + static_cast<unsigned>(std::countr_zero(left));
        of_thread_[thread] = now_;
        if (all) continue;
        for (unsigned others = lanes; others != 0; others &= others - 1) {
            of_pairs_[thread][static_cast<unsigned>(std::countr_zero(others))] = now_;
        }
    }
}

}  // namespace t2t::observer

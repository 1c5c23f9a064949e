// One memory instruction of a warp: what it costs, and whether it may.
#include <algorithm>
#include <bit>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/order.hpp"
#include "common/cpu_device/observer/replay/block_observer.hpp"
#include "common/cpu_device/observer/replay/request_cost.hpp"

namespace t2t::observer {
namespace {

bool is_read(Kind kind) {
    return kind == Kind::read || kind == Kind::flag_read || kind == Kind::async_read ||
           kind == Kind::atomic;
}
bool is_write(Kind kind) {
    return kind == Kind::write || kind == Kind::flag_write || kind == Kind::async_write ||
           kind == Kind::atomic;
}
// Volatile variables are how flags are polled; they count as atomic.
bool is_atomic(Kind kind) {
    return kind == Kind::atomic || kind == Kind::flag_read || kind == Kind::flag_write;
}

// Which bytes of its first word an access touches; larger ones touch whole words.
unsigned byte_mask(std::uint64_t address, unsigned bytes) {
    return bytes >= 4 ? 15u : ((1u << bytes) - 1) << address % 4 & 15u;
}
unsigned words_of(unsigned bytes) {
    return std::max(bytes / 4, 1u);
}

template <typename Visit>
void for_each_lane(unsigned lanes, Visit visit) {
    for (unsigned left = lanes; left != 0; left &= left - 1) visit(std::countr_zero(left));
}

// Which sectors an L2 holds, by generations: the spare bits of a sector's first cell are those of the
// last time it was used. A generation ends when half the L2 has been filled, so the sectors of this
// one and the one before are those that an L2 which drops the oldest would still have.
class L2 {
 public:
    static constexpr unsigned sector_bytes = 32;
    void flush() {
        next();
        next();
    }
    /// @returns bytes to fetch: a sector's or 0
    unsigned touch(Cell& cell) {
        const bool hit = cell.spare != 0 && (cell.spare == generation_ || cell.spare == last_);
        cell.spare = generation_;
        if (hit) return 0;
        filled_ += sector_bytes;
        if (filled_ > l2_size() / 2) next();
        return sector_bytes;
    }

 private:
    void next() {
        last_ = generation_;
        generation_ = generation_ % 15 + 1;
        filled_ = 0;
    }
    unsigned generation_ = 1, last_ = 0;
    std::size_t filled_ = 0;
};
L2 l2;

}  // namespace

void flush_l2() {
    const std::lock_guard lock(global_memory().mutex);
    l2.flush();
}

// ---- taking a request apart -----------------------------------------------------------------------

void BlockObserver::access(Site& site, unsigned warp, unsigned lanes, Kind kind,
                           std::uint32_t extra) {
    if ((extra & in_pieces) != 0) return access_pieces(site, warp, lanes, kind, extra & ~in_pieces);
    if (!std::has_single_bit(extra) || extra > 16)
        return access_pieces(site, warp, lanes, kind, extra);
    if (lanes == ~0u && is_plain(site.region, extra)) {
        return site.region.space == Space::shared ? use_shared(site, warp, lanes, kind, extra)
                                                  : use_global(site, warp, lanes, kind, extra);
    }
    while (lanes != 0) {
        const std::uint64_t first = addresses_[std::countr_zero(lanes)];
        if (!site.region.holds(first, 1)) site.region = region_of(first);
        unsigned together = 0;
        for_each_lane(lanes, [&](unsigned lane) {
            if (site.region.space == Space::none || site.region.space >= Space::host
                    ? addresses_[lane] == first
                    : site.region.holds(addresses_[lane], 1)) {
                together |= 1u << lane;
            }
        });
        if (together == 0) together = 1u << std::countr_zero(lanes);
        access_region(site, warp, together, kind, extra);
        lanes &= ~together;
    }
}

// A structure is copied word by word when its address and its size allow that, else byte by byte.
void BlockObserver::access_pieces(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                  unsigned bytes) {
    bool words = bytes % 4 == 0;
    for_each_lane(lanes, [&](unsigned lane) { words = words && addresses_[lane] % 4 == 0; });
    const unsigned piece = words ? 4 : 1;
    for (unsigned done = 0; done < bytes; done += piece) {
        access(site, warp, lanes, kind, piece);
        for_each_lane(lanes, [&](unsigned lane) { addresses_[lane] += piece; });
    }
}

// The lanes' addresses begin in one region.
void BlockObserver::access_region(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                  unsigned bytes) {
    const Region& region = site.region;
    const unsigned first = static_cast<unsigned>(std::countr_zero(lanes));
    const auto report_lane = [&](FaultKind what, unsigned lane) {
        report(what, site, warp * 32 + lane, addresses_[lane], bytes);
    };
    switch (region.space) {
        case Space::none:
            return report_lane(FaultKind::out_of_bounds, first);
        case Space::shared_outside:
            return report_lane(FaultKind::shared_out_of_bounds, first);
        case Space::freed:
            return report_lane(FaultKind::use_after_free, first);
        case Space::host:
            return report_lane(FaultKind::host_pointer, first);
        case Space::thread_local_:
            return;
        case Space::shared:
        case Space::global:
            break;
    }
    unsigned sound = lanes;
    for_each_lane(lanes, [&](unsigned lane) {
        if (!region.holds(addresses_[lane], bytes)) {
            report_lane(region.space == Space::shared ? FaultKind::shared_out_of_bounds
                                                      : FaultKind::out_of_bounds,
                        lane);
            sound &= ~(1u << lane);
        } else if (addresses_[lane] % bytes != 0) {
            report_lane(FaultKind::misaligned, lane);
            sound &= ~(1u << lane);
        }
    });
    if (sound == 0) return;
    if (region.space == Space::shared) {
        use_shared(site, warp, sound, kind, bytes);
    } else {
        use_global(site, warp, sound, kind, bytes);
    }
}

// Whether all 32 lanes lie in `region` and are aligned: what nearly every request is, found without
// a branch a lane.
bool BlockObserver::is_plain(const Region& region, unsigned bytes) const {
    if (region.space != Space::shared && region.space != Space::global) return false;
    std::uint64_t lowest = addresses_[0];
    std::uint64_t highest = addresses_[0];
    std::uint64_t bits = 0;
    for (const std::uint64_t address : addresses_) {
        lowest = std::min(lowest, address);
        highest = std::max(highest, address);
        bits |= address;
    }
    return bits % bytes == 0 && region.holds(lowest, bytes) && region.holds(highest, bytes);
}

void BlockObserver::use_shared(Site& site, unsigned warp, unsigned lanes, Kind kind,
                               unsigned bytes) {
    count_shared(site, warp, lanes, kind, bytes);
    shadow_shared(site, warp, lanes, kind, bytes);
}

void BlockObserver::use_global(Site& site, unsigned warp, unsigned lanes, Kind kind,
                               unsigned bytes) {
    count_global(site, warp, lanes, kind, bytes);
    shadow_global(site, warp, lanes, kind, bytes);
}

// ---- what it costs --------------------------------------------------------------------------------

void BlockObserver::count_global(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                 unsigned bytes) {
    std::array<std::uint64_t, 32> packed;
    unsigned count = 0;
    for_each_lane(lanes, [&](unsigned lane) { packed[count++] = addresses_[lane]; });
    const std::span<const std::uint64_t> addresses(packed.data(), count);
    const unsigned sectors = sectors_touched(addresses, bytes);
    if (kind == Kind::atomic) {
        site.global_atomic += {1, count, atomic_rounds(addresses)};
    } else {
        site.global += {1, sectors, count, std::uint64_t{count} * bytes};
    }
    keep_request(site, warp, lanes, bytes, sectors, 0);
}

void BlockObserver::count_shared(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                 unsigned bytes) {
    const auto count = static_cast<unsigned>(std::popcount(lanes));
    const BankRequest request{addresses_, lanes, bytes, is_write(kind)};
    const unsigned passes = bank_passes(request);
    if (kind == Kind::atomic) {
        std::array<std::uint64_t, 32> packed;
        unsigned taken = 0;
        for_each_lane(lanes, [&](unsigned lane) { packed[taken++] = addresses_[lane]; });
        site.shared_atomic += {1, count, shared_atomic_rounds({packed.data(), taken})};
    } else {
        site.shared += {1, passes, least_bank_passes(request), count, std::uint64_t{count} * bytes};
    }
    keep_request(site, warp, lanes, bytes, 0, passes);
}

void BlockObserver::keep_request(Site& site, unsigned warp, unsigned lanes, unsigned bytes,
                                 unsigned sectors, unsigned passes) {
    if (std::popcount(lanes) <= std::popcount(site.request.lanes)) return;
    site.request = {.lanes = lanes,
                    .address = addresses_,
                    .begin = site.region.begin,
                    .end = site.region.end,
                    .space = site.region.space,
                    .name = site.region.name,
                    .bytes = bytes,
                    .sectors = sectors,
                    .passes = passes,
                    .warp = place_of(warp * 32)};
}

namespace {

bool all_equal(const std::array<std::uint64_t, 32>& addresses) {
    std::uint64_t difference = 0;
    for (const std::uint64_t address : addresses) difference |= address ^ addresses[0];
    return difference == 0;
}

}  // namespace

// Another read changes nothing when the word was written before the last barrier and several warps
// have read it since.
bool BlockObserver::knows_read(const Cell& writer, const Cell& readers, unsigned bytes) const {
    return writer.time < block_time_ && writer.time >= block_begin_ &&
           (bytes & ~unsigned(writer.spare)) == 0 && readers.time >= block_time_ &&
           readers.crowd() == Crowd::block && (bytes & ~unsigned(readers.bytes)) == 0;
}

// ---- whether it may -------------------------------------------------------------------------------

void BlockObserver::shadow_shared(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                  unsigned bytes) {
    const Region& region = site.region;
    // When all read one word, two lanes leave the same traces as 32.
    if (kind == Kind::read && lanes == ~0u && all_equal(addresses_)) lanes = 3;
    for_each_lane(lanes, [&](unsigned lane) {
        const unsigned thread = warp * 32 + lane;
        const std::uint64_t address = addresses_[lane];
        const WordAccess access{thread_time_[thread],      thread,         site.id,
                                byte_mask(address, bytes), is_write(kind), is_atomic(kind)};
        const BlockOrder order = block_order(thread);
        const std::uint64_t first = region.first_word + (address / 4 - region.begin / 4);
        for (std::uint64_t word = first; word < first + words_of(bytes); ++word) {
            Cell& writer = shared_writers_[word];
            if (kind == Kind::read && knows_read(writer, shared_readers_[word], access.bytes))
                continue;
            // The spare bits say which bytes the block has written.
            const bool written = writer.time >= block_begin_;
            const unsigned initialised = written ? unsigned(writer.spare) : 0;
            if (is_read(kind) && (access.bytes & ~initialised) != 0) {
                report(FaultKind::uninitialised_shared, site, thread, address, bytes);
            }
            enter(writer, shared_readers_[word], access, order,
                  [&](const Cell& other, bool is_writer) {
                      report_race(site, thread, address, bytes, other, is_writer, true);
                  });
            if (is_write(kind)) writer.spare = initialised | access.bytes;
        }
    });
}

// Another read changes nothing when nobody has written here and several blocks of this launch have
// read the word already, or when this thread has at this very moment.
bool BlockObserver::knows_global_read(const Allocation& allocation, const Cell& readers,
                                      const WordAccess& access) const {
    if (allocation.writers.data() != nullptr || (access.bytes & ~unsigned(readers.bytes)) != 0)
        return false;
    if (readers.time == access.time && readers.thread == access.thread) return true;
    return phase_ == 0 && readers.crowd() == Crowd::grid &&
           !actors().is_past(GridOrder::actor_of(readers));
}

void BlockObserver::shadow_global(Site& site, unsigned warp, unsigned lanes, Kind kind,
                                  unsigned bytes) {
    // Kept until the warp's logs have been looked at: taking it each time would cost more than the
    // work.
    if (!global_lock_.owns_lock()) global_lock_.lock();
    if (now_ - actor_begin_ >= 1u << actor_clock_bits) new_actor();
    Allocation& allocation = *site.region.allocation;
    allocation.make_cells(is_write(kind));
    // When all read one word, two lanes leave the same traces as 32.
    if (kind == Kind::read && lanes == ~0u && all_equal(addresses_)) lanes = 3;
    std::uint64_t last_sector = ~std::uint64_t{0};
    for_each_lane(lanes, [&](unsigned lane) {
        const unsigned thread = warp * 32 + lane;
        const std::uint64_t address = addresses_[lane];
        const WordAccess access{actor_time(thread),        thread,         site.id,
                                byte_mask(address, bytes), is_write(kind), is_atomic(kind)};
        const std::uint64_t first = (address - allocation.begin) / 4;
        if (is_read(kind) && !allocation.is_initialised &&
            allocation.first_uninitialised(address, bytes) != address + bytes) {
            report(FaultKind::uninitialised_global, site, thread, address, bytes);
        }
        Cell none;
        for (std::uint64_t word = first; word < first + words_of(bytes); ++word) {
            Cell& readers = allocation.reader(word, none);
            if (kind == Kind::read && knows_global_read(allocation, readers, access)) continue;
            enter(allocation.writer(word, none), readers, access, GridOrder{actor_order(thread)},
                  [&](const Cell& other, bool is_writer) {
                      report_race(site, thread, address, bytes, other, is_writer, false);
                  });
        }
        if (is_write(kind)) allocation.initialise(address, bytes);
        const std::uint64_t sector = first / 8;
        if (sector == last_sector) return;
        last_sector = sector;
        site.l2_bytes += l2.touch(is_write(kind) ? allocation.writer(sector * 8, none)
                                                 : allocation.reader(sector * 8, none));
    });
}

}  // namespace t2t::observer

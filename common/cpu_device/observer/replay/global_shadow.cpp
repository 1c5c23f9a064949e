#include "common/cpu_device/observer/replay/global_shadow.hpp"

#include <bit>
#include <mutex>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/replay/l2.hpp"
#include "common/cpu_device/observer/replay/word_access.hpp"

namespace t2t::observer {
namespace {

constexpr std::uint64_t sector_words = L2::sector_bytes / 4;

// Held for one request at a time, so that what blocks on other cores do besides – half of all work
// or more – need not wait. Who holds it is done in less than a microsecond: to ask again takes less
// than to sleep.
std::unique_lock<std::recursive_mutex> lock_soon(std::recursive_mutex& mutex) {
    constexpr int tries = 200;
    for (int i = 0; i < tries; ++i) {
        if (std::unique_lock lock(mutex, std::try_to_lock); lock.owns_lock()) return lock;
    }
    return std::unique_lock(mutex);
}

}  // namespace

// Another read changes nothing when nobody has written here and several blocks of this launch have
// read the word already, or when this thread has at this very moment.
inline bool GlobalShadow::knows_read(const Actors& all, const Cell& readers,
                                     const WarpRequest& request, unsigned lane) const {
    const unsigned bytes = bytes_in_word(request, request.addresses[lane]);
    if ((bytes & ~unsigned(readers.bytes)) != 0) return false;
    if (readers.crowd() == Crowd::grid && actor_.phase() == 0 &&
        all.is_of_this_launch(GridOrder::actor_of(readers))) {
        return true;
    }
    const unsigned thread = request.thread(lane);
    return readers.time == actor_.time(thread) && readers.thread == thread;
}

void GlobalShadow::enter(const WarpRequest& request) {
    const std::unique_lock lock = lock_soon(global_memory().mutex);
    actor_.make_room_for_clock();
    Allocation& allocation = *request.site.region.allocation;
    if (allocation.is_constant && request.writes()) {
        const auto lane = static_cast<unsigned>(std::countr_zero(request.lanes));
        return faults_.report(FaultKind::constant_store, {request.site, request.thread(lane),
                                                          request.addresses[lane], request.bytes});
    }
    allocation.make_cells(request.writes());
    // What the lanes have in common is found once.
    const Actors& all = actors();
    const std::uint64_t words = words_of(request);
    const bool only_reads = request.kind == Kind::read && allocation.writers.data() == nullptr;
    Cell* const cells = reinterpret_cast<Cell*>(
        (request.writes() ? allocation.writers : allocation.readers).data());
    std::uint64_t last_sector = ~std::uint64_t{0};
    for_each_lane(lanes_to_enter(request), [&](unsigned lane) {
        if (request.reads_for_sure() && !allocation.is_initialised)
            check_initialised(request, lane, allocation);
        const std::uint64_t address = request.addresses[lane];
        const std::uint64_t first = (address - allocation.begin) / 4;
        for (std::uint64_t word = first; word < first + words; ++word) {
            if (!only_reads || !knows_read(all, cells[word], request, lane))
                enter_word(request, lane, allocation, word);
        }
        if (request.writes()) allocation.initialise(address, request.bytes);
        const std::uint64_t sector = first / sector_words;
        if (sector == last_sector) return;
        last_sector = sector;
        request.site.l2_bytes += l2.touch(cells[sector * sector_words]);
    });
}

void GlobalShadow::check_initialised(const WarpRequest& request, unsigned lane,
                                     const Allocation& allocation) const {
    const std::uint64_t address = request.addresses[lane];
    if (allocation.first_uninitialised(address, request.bytes) != address + request.bytes) {
        faults_.report(FaultKind::uninitialised_global,
                       {request.site, request.thread(lane), address, request.bytes});
    }
}

void GlobalShadow::enter_word(const WarpRequest& request, unsigned lane,
                              const Allocation& allocation, std::uint64_t word) {
    const unsigned thread = request.thread(lane);
    const WordAccess access = word_access(request, lane, actor_.time(thread));
    Cell none;
    observer::enter(
        allocation.writer(word, none), allocation.reader(word, none), access,
        actor_.global_order(thread, allocation.begin + 4 * word),
        [&](const Cell& other, bool is_writer) {
            faults_.report_global_race(
                {request.site, thread, request.addresses[lane], request.bytes, access.atomic},
                {other, is_writer, is_writer && request.changes_nothing(lane)});
        });
}

}  // namespace t2t::observer

#include "common/cpu_device/observer/replay/global_shadow.hpp"

#include <bit>

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/replay/l2.hpp"
#include "common/cpu_device/observer/replay/word_access.hpp"

namespace t2t::observer {
namespace {

constexpr std::uint64_t sector_words = L2::sector_bytes / 4;

}  // namespace

// Another read changes nothing when nobody has written here and several blocks of this launch have
// read the word already, or when this thread has at this very moment.
bool GlobalShadow::knows_read(const Allocation& allocation, const Cell& readers,
                              const WordAccess& access) const {
    if (allocation.writers.data() != nullptr || (access.bytes & ~unsigned(readers.bytes)) != 0)
        return false;
    if (readers.time == access.time && readers.thread == access.thread) return true;
    return actor_.phase() == 0 && readers.crowd() == Crowd::grid &&
           !actors().is_past(GridOrder::actor_of(readers));
}

void GlobalShadow::enter(const WarpRequest& request) {
    if (!lock_.owns_lock()) lock_.lock();
    actor_.make_room_for_clock();
    Allocation& allocation = *request.site.region.allocation;
    if (allocation.is_constant && request.writes()) {
        const auto lane = static_cast<unsigned>(std::countr_zero(request.lanes));
        return faults_.report(FaultKind::constant_store, {request.site, request.thread(lane),
                                                          request.addresses[lane], request.bytes});
    }
    allocation.make_cells(request.writes());
    std::uint64_t last_sector = ~std::uint64_t{0};
    for_each_lane(lanes_to_enter(request), [&](unsigned lane) {
        const unsigned thread = request.thread(lane);
        const std::uint64_t address = request.addresses[lane];
        const WordAccess access = word_access(request, lane, actor_.time(thread));
        const ThreadAccess whole{request.site, thread, address, request.bytes, access.atomic};
        if (request.reads_for_sure() && !allocation.is_initialised &&
            allocation.first_uninitialised(address, request.bytes) != address + request.bytes) {
            faults_.report(FaultKind::uninitialised_global, whole);
        }
        const std::uint64_t first = (address - allocation.begin) / 4;
        Cell none;
        for (std::uint64_t word = first; word < first + words_of(request); ++word) {
            Cell& readers = allocation.reader(word, none);
            if (request.kind == Kind::read && knows_read(allocation, readers, access)) continue;
            observer::enter(allocation.writer(word, none), readers, access,
                            actor_.global_order(thread, allocation.begin + 4 * word),
                            [&](const Cell& other, bool is_writer) {
                                faults_.report_global_race(
                                    whole,
                                    {other, is_writer, is_writer && request.changes_nothing(lane)});
                            });
        }
        if (access.write) allocation.initialise(address, request.bytes);
        const std::uint64_t sector = first / sector_words;
        if (sector == last_sector) return;
        last_sector = sector;
        const std::uint64_t head = sector * sector_words;
        request.site.l2_bytes +=
            l2.touch(access.write ? allocation.writer(head, none) : allocation.reader(head, none));
    });
}

}  // namespace t2t::observer

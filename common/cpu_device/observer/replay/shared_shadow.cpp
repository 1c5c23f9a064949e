#include "common/cpu_device/observer/replay/shared_shadow.hpp"

#include <algorithm>

#include "common/cpu_device/observer/replay/word_access.hpp"

namespace t2t::observer {

SharedShadow::SharedShadow(std::size_t words, const BlockClock& clock, const BlockActor& actor,
                           const FaultReporter& faults)
    : clock_(clock), actor_(actor), faults_(faults), writers_(words), readers_(words) {}

void SharedShadow::clear() {
    std::fill(writers_.begin(), writers_.end(), Cell{});
    std::fill(readers_.begin(), readers_.end(), Cell{});
}

// Another read changes nothing when the word was written before the last barrier and several warps
// have read it since.
bool SharedShadow::knows_read(const Cell& writer, const Cell& readers, unsigned bytes) const {
    return writer.time < clock_.barrier() && writer.time >= clock_.block_begin() &&
           (bytes & ~unsigned(writer.spare)) == 0 && readers.time >= clock_.barrier() &&
           readers.crowd() == Crowd::block && (bytes & ~unsigned(readers.bytes)) == 0;
}

void SharedShadow::enter(const WarpRequest& request) {
    const Region& region = request.site.region;
    for_each_lane(lanes_to_enter(request), [&](unsigned lane) {
        const unsigned thread = request.thread(lane);
        const std::uint64_t address = request.addresses[lane];
        const WordAccess access = word_access(request, lane, clock_.of_thread(thread));
        const ThreadAccess whole{request.site, thread, address, request.bytes, access.atomic};
        const std::uint64_t first = region.first_word + (address / 4 - region.begin / 4);
        for (std::uint64_t word = first; word < first + words_of(request); ++word) {
            Cell& writer = writers_[word];
            Cell& readers = readers_[word];
            if (request.kind == Kind::read && knows_read(writer, readers, access.bytes)) continue;
            const BlockOrder order =
                actor_.shared_order(thread, region.begin + 4 * (word - region.first_word));
            const bool is_written = writer.time >= clock_.block_begin();
            const unsigned initialised = is_written ? unsigned(writer.spare) : 0;
            if (request.reads_for_sure() && (access.bytes & ~initialised) != 0)
                faults_.report(FaultKind::uninitialised_shared, whole);
            observer::enter(writer, readers, access, order, [&](const Cell& other, bool is_writer) {
                faults_.report_shared_race(
                    whole, {other, is_writer, is_writer && request.changes_nothing(lane)});
            });
            if (access.write) writer.spare = initialised | access.bytes;
        }
    });
}

}  // namespace t2t::observer

#include "common/cpu_device/observer/replay/shared_shadow.hpp"

#include <algorithm>

#include "common/cpu_device/observer/replay/word_access.hpp"

namespace t2t::observer {

// Which words the block had written when it passed its last barrier: nobody who reads them races
// with their last write.
struct SharedShadow::Settled {
    std::uint32_t block_begin, barrier;
    bool holds(const Cell& writer, unsigned bytes) const {
        return writer.time >= block_begin && writer.time < barrier &&
               (bytes & ~unsigned(writer.spare)) == 0;
    }
};

SharedShadow::SharedShadow(std::size_t words, const BlockClock& clock, const BlockActor& actor,
                           const FaultReporter& faults)
    : clock_(clock), actor_(actor), faults_(faults), writers_(words), readers_(words) {}

void SharedShadow::clear() {
    std::fill(writers_.begin(), writers_.end(), Cell{});
    std::fill(readers_.begin(), readers_.end(), Cell{});
}

// Another read changes nothing when the word was written before the last barrier and several warps
// have read it since.
inline bool SharedShadow::knows_read(const Settled& settled, std::uint64_t word,
                                     unsigned bytes) const {
    const Cell readers = readers_[word];
    return readers.time >= settled.barrier && readers.crowd() == Crowd::block &&
           (bytes & ~unsigned(readers.bytes)) == 0 && settled.holds(writers_[word], bytes);
}

void SharedShadow::enter(const WarpRequest& request) {
    const Region& region = request.site.region;
    const std::uint64_t words = words_of(request);
    const Settled settled{clock_.block_begin(), clock_.barrier()};
    for_each_lane(lanes_to_enter(request), [&](unsigned lane) {
        const std::uint64_t address = request.addresses[lane];
        const std::uint64_t first = region.first_word + (address / 4 - region.begin / 4);
        for (std::uint64_t word = first; word < first + words; ++word) {
            if (request.kind != Kind::read ||
                !knows_read(settled, word, bytes_in_word(request, address))) {
                enter_word(request, lane, settled, word);
            }
        }
    });
}

void SharedShadow::enter_word(const WarpRequest& request, unsigned lane, const Settled& settled,
                              std::uint64_t word) {
    Cell& writer = writers_[word];
    Cell& readers = readers_[word];
    const Region& region = request.site.region;
    const unsigned thread = request.thread(lane);
    const WordAccess access = word_access(request, lane, clock_.of_thread(thread));
    const BlockOrder order =
        actor_.shared_order(thread, region.begin + 4 * (word - region.first_word));
    if (request.kind == Kind::read && settled.holds(writer, access.bytes))
        return enter_read(readers, access, order);  // races with nothing
    const ThreadAccess whole{request.site, thread, request.addresses[lane], request.bytes,
                             access.atomic};
    const bool is_written = writer.time >= settled.block_begin;
    const unsigned initialised = is_written ? unsigned(writer.spare) : 0;
    if (request.reads_for_sure() && (access.bytes & ~initialised) != 0)
        faults_.report(FaultKind::uninitialised_shared, whole);
    observer::enter(writer, readers, access, order, [&](const Cell& other, bool is_writer) {
        faults_.report_shared_race(whole,
                                   {other, is_writer, is_writer && request.changes_nothing(lane)});
    });
    if (access.write) writer.spare = initialised | access.bytes;
}

}  // namespace t2t::observer

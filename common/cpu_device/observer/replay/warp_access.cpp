#include "common/cpu_device/observer/replay/warp_access.hpp"

#include <algorithm>
#include <bit>

#include "common/cpu_device/observer/replay/count_request.hpp"

namespace t2t::observer {
namespace {

constexpr unsigned most_bytes = 16;  // that one instruction moves for a lane

// Whether all 32 lanes lie in the region that the site touched last, and are aligned: what nearly
// every request is, found without a branch for each lane.
bool is_plain(const WarpRequest& request) {
    const Region& region = request.site.region;
    if (request.lanes != ~0u) return false;
    if (region.space != Space::shared && region.space != Space::global) return false;
    std::uint64_t lowest = request.addresses[0];
    std::uint64_t highest = request.addresses[0];
    std::uint64_t bits = 0;
    for (const std::uint64_t address : request.addresses) {
        lowest = std::min(lowest, address);
        highest = std::max(highest, address);
        bits |= address;
    }
    return bits % request.bytes == 0 && region.holds(lowest, request.bytes) &&
           region.holds(highest, request.bytes);
}

}  // namespace

void WarpAccess::access(const WarpRequest& request) {
    if (!std::has_single_bit(request.bytes) || request.bytes > most_bytes)
        return access_pieces(request);
    Region& region = request.site.region;
    if (is_plain(request)) {
        return region.space == Space::shared ? use_shared(request) : use_global(request);
    }
    for (unsigned left = request.lanes; left != 0;) {
        const std::uint64_t first = request.addresses[std::countr_zero(left)];
        if (!region.holds(first, 1)) region = map_.region_of(first);
        unsigned together = 0;
        for_each_lane(left, [&](unsigned lane) {
            const std::uint64_t address = request.addresses[lane];
            if (region.space == Space::none || region.space >= Space::host
                    ? address == first
                    : region.holds(address, 1)) {
                together |= 1u << lane;
            }
        });
        if (together == 0) together = 1u << std::countr_zero(left);
        access_region(request.of(together));
        left &= ~together;
    }
}

// Word by word when the structure's address and its size allow that, else byte by byte.
void WarpAccess::access_pieces(const WarpRequest& request) {
    std::array<std::uint64_t, 32> addresses = request.addresses;
    bool words = request.bytes % 4 == 0;
    for_each_lane(request.lanes, [&](unsigned lane) { words = words && addresses[lane] % 4 == 0; });
    const unsigned bytes = words ? 4 : 1;
    const WarpRequest piece{request.site,  addresses,    request.warp,
                            request.lanes, request.kind, bytes};
    for (unsigned done = 0; done < request.bytes; done += bytes) {
        access(piece);
        for_each_lane(request.lanes, [&](unsigned lane) { addresses[lane] += bytes; });
    }
}

// The lanes' addresses begin in one region.
void WarpAccess::access_region(const WarpRequest& request) {
    const Region& region = request.site.region;
    const auto first = static_cast<unsigned>(std::countr_zero(request.lanes));
    const auto report_lane = [&](FaultKind what, unsigned lane) {
        faults_.report(
            what, {request.site, request.thread(lane), request.addresses[lane], request.bytes});
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
    unsigned sound = request.lanes;
    for_each_lane(request.lanes, [&](unsigned lane) {
        const std::uint64_t address = request.addresses[lane];
        if (!region.holds(address, request.bytes)) {
            report_lane(region.space == Space::shared ? FaultKind::shared_out_of_bounds
                                                      : FaultKind::out_of_bounds,
                        lane);
            sound &= ~(1u << lane);
        } else if (address % request.bytes != 0) {
            report_lane(FaultKind::misaligned, lane);
            sound &= ~(1u << lane);
        }
    });
    if (sound == 0) return;
    if (region.space == Space::shared) {
        use_shared(request.of(sound));
    } else {
        use_global(request.of(sound));
    }
}

void WarpAccess::use_shared(const WarpRequest& request) {
    count_shared(request);
    shared_.enter(request);
}

void WarpAccess::use_global(const WarpRequest& request) {
    count_global(request);
    global_.enter(request);
}

}  // namespace t2t::observer

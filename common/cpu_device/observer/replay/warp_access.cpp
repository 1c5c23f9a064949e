#include "common/cpu_device/observer/replay/warp_access.hpp"

#include <algorithm>
#include <bit>

#include "common/cpu_device/observer/replay/count_request.hpp"

namespace t2t::observer {
namespace {

// What an access is that does not lie within the region where it begins.
FaultKind fault_outside(Space space) {
    switch (space) {
        case Space::shared:
        case Space::shared_outside:
            return FaultKind::shared_out_of_bounds;
        case Space::freed:
            return FaultKind::use_after_free;
        case Space::host:
            return FaultKind::host_pointer;
        case Space::thread_local_:
            return FaultKind::local_of_another_thread;
        case Space::global:
        case Space::none:
            break;
    }
    return FaultKind::out_of_bounds;
}

// Whether all lanes lie in the region that the site touched last, and are aligned: what nearly
// every request is.
bool is_plain(const WarpRequest& request) {
    const Region& region = request.site.region;
    if (region.space != Space::shared && region.space != Space::global) return false;
    const RequestPattern& pattern = request.site.pattern;
    const std::uint64_t first = request.addresses[std::countr_zero(request.lanes)];
    return (first | pattern.bits) % request.bytes == 0 &&
           region.holds(first - pattern.below, pattern.span);
}

}  // namespace

void WarpAccess::access(const WarpRequest& request) {
    if (!std::has_single_bit(request.bytes) || request.bytes > most_at_once)
        return access_pieces(request);
    RequestPattern& pattern = request.site.pattern;
    if (!pattern.fits(request.addresses, request.lanes, request.bytes))
        pattern.become(request.addresses, request.lanes, request.bytes);
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
void WarpAccess::access_pieces(const WarpRequest& whole) {
    const WarpRequest request = whole.of(within_bounds(whole));
    if (request.lanes == 0) return;
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

// Reports the lanes whose copy begins or ends where it must not, each as one fault whatever its size.
// @returns those that remain, without the ones that copy from or to their own local variables
unsigned WarpAccess::within_bounds(const WarpRequest& request) {
    Region& region = request.site.region;
    unsigned sound = 0;
    for_each_lane(request.lanes, [&](unsigned lane) {
        const std::uint64_t address = request.addresses[lane];
        if (!region.holds(address, 1)) region = map_.region_of(address);
        const bool is_own =
            region.space == Space::thread_local_ && map_.is_own(request.thread(lane), address);
        if (is_own) return;
        const bool is_memory = region.space == Space::shared || region.space == Space::global;
        if (is_memory && region.holds(address, request.bytes)) {
            sound |= 1u << lane;
        } else {
            faults_.report(fault_outside(region.space),
                           {request.site, request.thread(lane), address, request.bytes});
        }
    });
    return sound;
}

// The lanes' addresses begin in one region.
void WarpAccess::access_region(const WarpRequest& request) {
    const Region& region = request.site.region;
    const auto report_lane = [&](FaultKind what, unsigned lane) {
        faults_.report(
            what, {request.site, request.thread(lane), request.addresses[lane], request.bytes});
    };
    if (region.space == Space::thread_local_) {
        for_each_lane(request.lanes, [&](unsigned lane) {
            if (!map_.is_own(request.thread(lane), request.addresses[lane]))
                report_lane(FaultKind::local_of_another_thread, lane);
        });
        return;
    }
    if (region.space != Space::shared && region.space != Space::global) {
        return report_lane(fault_outside(region.space),
                           static_cast<unsigned>(std::countr_zero(request.lanes)));
    }
    unsigned sound = request.lanes;
    for_each_lane(request.lanes, [&](unsigned lane) {
        const std::uint64_t address = request.addresses[lane];
        if (!region.holds(address, request.bytes)) {
            report_lane(fault_outside(region.space), lane);
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

#include "common/cpu_device/observer/replay/count_request.hpp"

#include <span>

#include "common/cpu_device/observer/replay/request_cost.hpp"
#include "common/cpu_device/observer/replay/thread_place.hpp"

namespace t2t::observer {
namespace {

// The addresses of the lanes that take part, without gaps.
class Packed {
 public:
    explicit Packed(const WarpRequest& request) {
        for_each_lane(request.lanes,
                      [&](unsigned lane) { list_[count_++] = request.addresses[lane]; });
    }
    operator std::span<const std::uint64_t>() const { return {list_.data(), count_}; }

 private:
    std::array<std::uint64_t, 32> list_;
    unsigned count_ = 0;
};

unsigned count_of(unsigned lanes) {
    return static_cast<unsigned>(std::popcount(lanes));
}

// Keeps the request with the most lanes, for pictures.
void keep(const WarpRequest& request, unsigned sectors, unsigned passes) {
    Site& site = request.site;
    if (std::popcount(request.lanes) <= std::popcount(site.request.lanes)) return;
    site.request = {.lanes = request.lanes,
                    .address = request.addresses,
                    .begin = site.region.begin,
                    .end = site.region.end,
                    .space = site.region.space,
                    .name = site.region.name,
                    .bytes = request.bytes,
                    .sectors = sectors,
                    .passes = passes,
                    .warp = place_of(request.thread(0))};
}

// Where the site's pattern has the cost of this request; nullptr when the request is but a part of
// the one that the pattern is of.
unsigned char* known_cost(const WarpRequest& request, Space space) {
    RequestPattern& pattern = request.site.pattern;
    if (pattern.lanes != request.lanes) return nullptr;
    pattern.use_for(space);
    const std::uint64_t first = request.addresses[std::countr_zero(request.lanes)];
    return &pattern.cost[first % RequestPattern::period];
}

unsigned sectors_of(const WarpRequest& request) {
    unsigned char* known = known_cost(request, Space::global);
    if (known != nullptr && *known != 0) return *known;
    const unsigned sectors = sectors_touched(Packed(request), request.bytes);
    if (known != nullptr) *known = static_cast<unsigned char>(sectors);
    return sectors;
}

struct Passes {
    unsigned all, least;
};

Passes passes_of(const WarpRequest& request) {
    unsigned char* known = known_cost(request, Space::shared);
    if (known != nullptr && *known != 0) return {*known, request.site.pattern.least_passes};
    const BankRequest banks{request.addresses, request.lanes, request.bytes, request.writes()};
    const Passes passes{bank_passes(banks), least_bank_passes(banks)};
    if (known != nullptr) {
        *known = static_cast<unsigned char>(passes.all);
        request.site.pattern.least_passes = static_cast<unsigned char>(passes.least);
    }
    return passes;
}

}  // namespace

void count_global(const WarpRequest& request) {
    const unsigned count = count_of(request.lanes);
    const unsigned sectors = sectors_of(request);
    if (request.kind == Kind::atomic) {
        request.site.global_atomic += {1, count, atomic_rounds(Packed(request))};
    } else {
        request.site.global += {1, sectors, count, std::uint64_t{count} * request.bytes};
    }
    keep(request, sectors, 0);
}

void count_shared(const WarpRequest& request) {
    const unsigned count = count_of(request.lanes);
    const Passes passes = passes_of(request);
    if (request.kind == Kind::atomic) {
        request.site.shared_atomic += {1, count, shared_atomic_rounds(Packed(request))};
    } else {
        request.site.shared +=
            {1, passes.all, passes.least, count, std::uint64_t{count} * request.bytes};
    }
    keep(request, 0, passes.all);
}

}  // namespace t2t::observer

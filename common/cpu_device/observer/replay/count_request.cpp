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

}  // namespace

void count_global(const WarpRequest& request) {
    const unsigned count = count_of(request.lanes);
    const Packed addresses(request);
    const unsigned sectors = sectors_touched(addresses, request.bytes);
    if (request.kind == Kind::atomic) {
        request.site.global_atomic += {1, count, atomic_rounds(addresses)};
    } else {
        request.site.global += {1, sectors, count, std::uint64_t{count} * request.bytes};
    }
    keep(request, sectors, 0);
}

void count_shared(const WarpRequest& request) {
    const unsigned count = count_of(request.lanes);
    const BankRequest banks{request.addresses, request.lanes, request.bytes, request.writes()};
    const unsigned passes = bank_passes(banks);
    if (request.kind == Kind::atomic) {
        request.site.shared_atomic += {1, count, shared_atomic_rounds(Packed(request))};
    } else {
        request.site.shared +=
            {1, passes, least_bank_passes(banks), count, std::uint64_t{count} * request.bytes};
    }
    keep(request, 0, passes);
}

}  // namespace t2t::observer

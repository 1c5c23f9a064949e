#include "cli/check/accesses.hpp"

namespace t2t::rung_check {
namespace {

double ratio(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Access access(const char* name, const observer::GlobalTraffic& global) {
    return {name, global.requests, global.sectors_per_request(), "sectors", global.efficiency()};
}

Access access(const char* name, const observer::SharedTraffic& shared) {
    return {name, shared.requests, shared.passes_per_request(), "passes",
            ratio(shared.least_passes, shared.passes)};
}

Access access(const char* name, const observer::AtomicTraffic& atomic) {
    return {name, atomic.requests, ratio(atomic.rounds, atomic.requests), "rounds",
            ratio(atomic.requests, atomic.rounds)};
}

}  // namespace

std::vector<Access> accesses(const observer::Traffic& traffic) {
    std::vector<Access> all{
        access("global load", traffic.global_load),
        access("global store", traffic.global_store),
        access("global atomic", traffic.global_atomic),
        access("shared load", traffic.shared_load),
        access("shared store", traffic.shared_store),
        access("shared atomic", traffic.shared_atomic),
        {"barrier", traffic.barriers, 0, "", 0},
        {"warp operation", traffic.warp_operations, 0, "", 0},
    };
    std::erase_if(all, [](const Access& one) { return one.requests == 0; });
    return all;
}

}  // namespace t2t::rung_check

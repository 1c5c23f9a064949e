#include "common/cpu_device/observer/replay/request_cost.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace t2t::observer {
namespace {

constexpr unsigned sector_bytes = 32;
constexpr unsigned bank_bytes = 4;
constexpr unsigned banks = 32;

// Sorts what is not sorted yet: neighbouring lanes mostly have ascending addresses.
std::span<std::uint64_t> sorted(std::span<const std::uint64_t> values,
                                std::array<std::uint64_t, 64>& room) {
    std::copy(values.begin(), values.end(), room.begin());
    const auto end = room.begin() + static_cast<std::ptrdiff_t>(values.size());
    if (!std::is_sorted(room.begin(), end)) std::sort(room.begin(), end);
    return {room.data(), values.size()};
}

// The most distinct words that one bank must give to the lanes in `lanes`.
unsigned passes_for(std::span<const std::uint64_t, 32> addresses, unsigned lanes, unsigned words) {
    std::array<std::array<std::uint64_t, 32>, banks> asked;  // distinct words of each bank
    std::array<unsigned char, banks> count{};
    unsigned most = 0;
    for (unsigned left = lanes; left != 0; left &= left - 1) {
        const std::uint64_t first = addresses[std::countr_zero(left)] / bank_bytes;
        for (unsigned i = 0; i < words; ++i) {
            const std::uint64_t word = first + i;
            const unsigned bank = word % banks;
            const auto begin = asked[bank].begin();
            if (std::find(begin, begin + count[bank], word) != begin + count[bank]) continue;
            asked[bank][count[bank]++] = word;
            most = std::max<unsigned>(most, count[bank]);
        }
    }
    return most;
}

unsigned words_of(const BankRequest& request) {
    return std::max(request.bytes / bank_bytes, 1u);
}

// Whether the lanes name neighbours in order: what nearly every request does.
bool is_a_row(std::span<const std::uint64_t, 32> addresses, unsigned bytes) {
    if (bytes < bank_bytes) return false;
    std::uint64_t difference = 0;
    for (std::uint64_t lane = 0; lane < 32; ++lane) {
        difference |= addresses[lane] ^ (addresses[0] + lane * bytes);
    }
    return difference == 0;
}

// Whether lane l and lane l ^ 1, or lane l and lane l ^ 2, name one address wherever both take part.
bool pairs_agree(std::span<const std::uint64_t, 32> addresses, unsigned lanes) {
    for (const unsigned distance : {1u, 2u}) {
        bool agree = true;
        for (unsigned left = lanes; left != 0; left &= left - 1) {
            const unsigned lane = static_cast<unsigned>(std::countr_zero(left));
            const unsigned partner = lane ^ distance;
            agree = agree && ((lanes >> partner & 1) == 0 || addresses[lane] == addresses[partner]);
        }
        if (agree) return true;
    }
    return false;
}

// The lanes that are served at a time, turn by turn.
template <typename Visit>
void for_each_turn(const BankRequest& request, Visit visit) {
    unsigned at_once = 32 / words_of(request);
    if (at_once < 32 && !request.store && pairs_agree(request.addresses, request.lanes))
        at_once *= 2;
    const unsigned group = at_once == 32 ? ~0u : (1u << at_once) - 1;
    for (unsigned first = 0; first < 32; first += at_once) visit(request.lanes & group << first);
}

}  // namespace

unsigned sectors_touched(std::span<const std::uint64_t> addresses, unsigned bytes) {
    (void)bytes;  // an aligned access of up to 16 bytes lies within one sector
    std::array<std::uint64_t, 64> room;
    unsigned sectors = 0;
    std::uint64_t last = ~std::uint64_t{0};
    for (const std::uint64_t address : sorted(addresses, room)) {
        const std::uint64_t sector = address / sector_bytes;
        sectors += sector != last;
        last = sector;
    }
    return sectors;
}

unsigned bank_passes(const BankRequest& request) {
    const unsigned words = words_of(request);
    if (request.lanes == ~0u && is_a_row(request.addresses, request.bytes)) return words;
    unsigned passes = 0;
    for_each_turn(request,
                  [&](unsigned turn) { passes += passes_for(request.addresses, turn, words); });
    return passes;
}

unsigned least_bank_passes(const BankRequest& request) {
    unsigned passes = 0;
    for_each_turn(request, [&](unsigned turn) { passes += turn != 0; });
    return passes;
}

unsigned shared_atomic_rounds(std::span<const std::uint64_t> addresses) {
    std::array<unsigned, banks> lanes{};
    for (const std::uint64_t address : addresses) ++lanes[address / bank_bytes % banks];
    return *std::max_element(lanes.begin(), lanes.end());
}

unsigned atomic_rounds(std::span<const std::uint64_t> addresses) {
    std::array<std::uint64_t, 64> room;
    unsigned most = 0;
    unsigned run = 0;
    std::uint64_t last = ~std::uint64_t{0};
    for (const std::uint64_t address : sorted(addresses, room)) {
        run = address == last ? run + 1 : 1;
        last = address;
        most = std::max(most, run);
    }
    return most;
}

}  // namespace t2t::observer

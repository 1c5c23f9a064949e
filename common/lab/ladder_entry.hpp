/// @file
/// Ladders without their operation's type: what lists, messages and tests say about rungs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/lab/ladder.hpp"

namespace t2t {

/// One rung, without its operation's type.
struct RungEntry {
    std::string_view name;  ///< `v1_one_element`
    std::string_view idea;  ///< one line: what this rung does differently
    Needs needs;            ///< the devices it runs on
    /// The operations it takes: `k that is a multiple of 8`. With the types where these differ:
    /// `k that is a multiple of 4 (fp32), k that is a multiple of 8 (bf16)`.
    std::string takes = "everything";
    /// The types it exists for, as Ladder::types says them; empty: for all of its operation's.
    std::vector<std::string_view> types = {};
};

/// The rungs of one operation, for all types that it has ladders for.
struct LadderEntry {
    std::string_view operation;    ///< `vector_add`
    std::vector<RungEntry> rungs;  ///< in climbing order
    std::string_view on_cpu_device =
        {};  ///< the rung that is best on the CPU device; empty: the highest
};

/// The entry of one ladder.
template <typename Op, std::size_t Count>
LadderEntry entry_of(const Ladder<Op, Count>& ladder) {
    LadderEntry made{ladder.operation, {}, ladder.on_cpu_device};
    for (const Rung<Op>& rung : ladder) {
        made.rungs.push_back(
            {rung.name, rung.idea, rung.needs, std::string(rung.takes.what), {ladder.types}});
    }
    return made;
}

/// One entry of several ladders of one operation, each for other types; a rung of several is one rung.
/// @param ladders one or more, from entry_of()
/// @throws std::logic_error a rung needs one device for some types and another for others
LadderEntry merged(const std::vector<LadderEntry>& ladders);

/// The entry of an operation: `entry(gelu_ladder<float>, gelu_ladder<__nv_bfloat16>)`. Name the ladders of
/// all types: no other rung is listed, or can be chosen by name.
template <typename... Ladders>
LadderEntry entry(const Ladders&... ladders) {
    return merged({entry_of(ladders)...});
}

}  // namespace t2t

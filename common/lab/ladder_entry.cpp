#include "common/lab/ladder_entry.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace t2t {
namespace {

/// 2 for `v2_tile`.
int number_of(std::string_view rung) {
    const std::string_view digits = rung.substr(1);
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

/// What the ladders of several types say of one rung.
/// @param of_types its entry in each
RungEntry merged(const std::vector<RungEntry>& of_types) {
    RungEntry rung = of_types.front();
    rung.types.clear();
    std::vector<std::pair<std::string, std::string>> takes;  // what, and for which types
    for (const RungEntry& entry : of_types) {
        if (entry.needs != rung.needs) {
            throw std::logic_error("the rung " + std::string(rung.name) + " " +
                                   needs_text(rung.needs) + ", and for other types it " +
                                   needs_text(entry.needs) + "; make it two rungs");
        }
        const std::string_view type = entry.types.front();
        rung.types.push_back(type);
        const auto known =
            std::ranges::find(takes, entry.takes, &std::pair<std::string, std::string>::first);
        if (known == takes.end()) {
            takes.emplace_back(entry.takes, type);
        } else {
            known->second.append(", ").append(type);
        }
    }
    if (takes.size() > 1) {
        rung.takes.clear();
        for (const auto& [what, types] : takes) {
            rung.takes += (rung.takes.empty() ? "" : ", ") + what + " (" + types + ")";
        }
    }
    return rung;
}

}  // namespace

LadderEntry merged(const std::vector<LadderEntry>& ladders) {
    std::vector<std::vector<RungEntry>> rungs;  // each as the ladders have it
    for (const LadderEntry& ladder : ladders) {
        for (const RungEntry& rung : ladder.rungs) {
            const auto known = std::ranges::find_if(
                rungs, [&](const auto& of_types) { return of_types.front().name == rung.name; });
            if (known == rungs.end()) {
                rungs.push_back({rung});
            } else {
                known->push_back(rung);
            }
        }
    }
    std::ranges::stable_sort(rungs, {},
                             [](const auto& of_types) { return number_of(of_types.front().name); });

    LadderEntry all{ladders.front().operation, {}, ladders.front().on_cpu_device};
    for (const std::vector<RungEntry>& of_types : rungs) {
        RungEntry& rung = all.rungs.emplace_back(merged(of_types));
        if (rung.types.size() == ladders.size()) rung.types.clear();
    }
    return all;
}

}  // namespace t2t

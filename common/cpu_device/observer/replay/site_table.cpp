#include "common/cpu_device/observer/replay/site_table.hpp"

#include <algorithm>

#include "common/cpu_device/observer/observation.hpp"

namespace t2t::observer {

SiteTable::SiteTable() {
    make_slots(10);
    sites_.reserve(slots_.size() / 2);
}

void SiteTable::make_slots(unsigned bits) {
    slots_.assign(std::size_t{1} << bits, 0);
    shift_ = 32 - bits;
}

// Site `number`, counted from 1, takes the first empty slot from its own on.
void SiteTable::enter(std::size_t number) {
    std::size_t slot = first_slot(sites_[number - 1].code);
    while (slots_[slot] != 0) slot = next(slot);
    slots_[slot] = static_cast<std::uint32_t>(number);
}

Site& SiteTable::add(std::uint32_t code) {
    Site& made = sites_.emplace_back();
    made.code = code;
    made.id = Observation::instance().site_id(code);
    if (2 * sites_.size() > slots_.size()) {
        make_slots(32 - shift_ + 1);  // twice as many
        for (std::size_t number = 1; number < sites_.size(); ++number) enter(number);
    }
    enter(sites_.size());
    return made;
}

void SiteTable::collect(std::unordered_map<std::uint32_t, Site>& sites) {
    for (Site& one : sites_) {
        if (one.warps == 0) continue;
        const auto [found, is_new] = sites.try_emplace(one.code, one);
        if (!is_new) found->second.add(one);
    }
    sites_.clear();
    std::fill(slots_.begin(), slots_.end(), 0);
}

}  // namespace t2t::observer

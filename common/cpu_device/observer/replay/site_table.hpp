/// @file
/// What was counted at each place of the program, found by hashing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "common/cpu_device/observer/replay/site.hpp"

namespace t2t::observer {

/// The sites of one operating-system thread.
class SiteTable {
 public:
    SiteTable();

    /// The site of a place; a new one when it was not met before. Valid until the next call.
    Site& at(std::uint32_t code) {
        for (std::size_t slot = first_slot(code);; slot = next(slot)) {
            const std::uint32_t number = slots_[slot];
            if (number == 0) return add(code);
            if (sites_[number - 1].code == code) return sites_[number - 1];
        }
    }

    /// Adds what was counted to `sites`, and starts anew.
    void collect(std::unordered_map<std::uint32_t, Site>& sites);

 private:
    // Fibonacci hashing: the product with 2³² over the golden ratio spreads neighbouring codes, and
    // its highest bits, which all bits of the code have a part in, number the slot. Source: Knuth,
    // "The Art of Computer Programming", volume 3, section 6.4.
    std::size_t first_slot(std::uint32_t code) const { return code * 0x9E3779B1u >> shift_; }
    std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
    Site& add(std::uint32_t code);
    void make_slots(unsigned bits);
    void enter(std::size_t number);

    std::vector<std::uint32_t> slots_;  ///< a site's index + 1, or 0; half are 0
    unsigned shift_ = 0;
    std::vector<Site> sites_;
};

}  // namespace t2t::observer

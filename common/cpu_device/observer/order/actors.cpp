#include "common/cpu_device/observer/order/actors.hpp"

#include <algorithm>

#include "common/cpu_device/observer/order/global_memory.hpp"

namespace t2t::observer {

Actors& actors() {
    static Actors* const all = new Actors;
    return *all;
}

void Actors::begin_launch(std::uint32_t operation, bool is_after_all) {
    const std::lock_guard lock(global_memory().mutex);
    launch_ = operation;
    first_ = last_ + 1;
    first_after_all_ = is_after_all ? first_ : 0;
}

unsigned Actors::enter(const Actor& actor) {
    const std::lock_guard lock(global_memory().mutex);
    if (++last_ == most_actors) {
        // The numbers are used up: what has happened so far can no longer be compared with.
        global_memory().clear_cells();
        first_ = last_ = 1;
        first_after_all_ = std::min(first_after_all_, first_);
    }
    list_[last_] = actor;
    return last_;
}

}  // namespace t2t::observer

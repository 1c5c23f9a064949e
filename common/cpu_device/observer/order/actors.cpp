#include "common/cpu_device/observer/order/actors.hpp"

#include "common/cpu_device/observer/order/global_memory.hpp"

namespace t2t::observer {

Actors& actors() {
    static Actors* const all = new Actors;
    return *all;
}

void Actors::begin_launch() {
    const std::lock_guard lock(global_memory().mutex);
    first_ = last_ + 1;
}

unsigned Actors::enter(std::uint64_t block, unsigned phase) {
    const std::lock_guard lock(global_memory().mutex);
    if (++last_ == most_actors) {
        // The numbers are used up: what has happened so far can no longer be compared with.
        global_memory().clear_cells();
        first_ = last_ = 1;
    }
    list_[last_] = {block, phase};
    return last_;
}

}  // namespace t2t::observer

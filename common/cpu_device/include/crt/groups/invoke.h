/// @file
/// invoke_one: one thread of a group does something for all.
#pragma once

#include <utility>

#include "crt/groups/tile.h"

namespace cooperative_groups {

/// One thread of `group` calls function(arguments…).
template <typename Group, typename Function, typename... Arguments>
void invoke_one(const Group& group, Function&& function, Arguments&&... arguments) {
    if (group.thread_rank() == 0) {
        std::forward<Function>(function)(std::forward<Arguments>(arguments)...);
    }
}

/// The same, and every thread gets what the function returned.
template <typename Group, typename Function, typename... Arguments>
auto invoke_one_broadcast(const Group& group, Function&& function, Arguments&&... arguments) {
    decltype(std::forward<Function>(function)(std::forward<Arguments>(arguments)...)) result{};
    if (group.thread_rank() == 0) {
        result = std::forward<Function>(function)(std::forward<Arguments>(arguments)...);
    }
    return group.shfl(result, 0);
}

}  // namespace cooperative_groups

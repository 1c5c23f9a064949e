#include "common/cpu_device/observer/replay/control_flow.hpp"

#include <vector>

namespace t2t::observer {

void ControlFlow::add(std::uint32_t from, std::uint32_t to) {
    Edge& recent = recent_edges_[slot(from ^ to)];
    if (recent.from == from && recent.to == to) return;
    recent = {from, to};
    if (next_[from].insert(to).second) is_current_ = false;
}

int ControlFlow::look_up(std::uint32_t block) {
    if (!is_current_) find_distances();
    const auto found = distance_.find(block);
    const int steps = found == distance_.end() ? 0 : found->second;
    recent_distances_[slot(block)] = {block, steps};
    return steps;
}

// Post-dominators are dominators of the graph with its arrows turned round. Source: Cooper, Harvey and
// Kennedy, "A Simple, Fast Dominance Algorithm", 2001.
void ControlFlow::find_distances() {
    is_current_ = true;
    std::map<std::uint32_t, std::vector<std::uint32_t>> before;
    for (const auto& [from, all] : next_) {
        for (const std::uint32_t to : all) before[to].push_back(from);
    }

    // Blocks in the order in which a walk from the end, against the arrows, is done with them.
    std::vector<std::uint32_t> done;
    std::map<std::uint32_t, int> number;  // of each block in `done`; −1 while the walk is inside it
    struct Visit {
        std::uint32_t block;
        std::size_t tried;
    };
    std::vector<Visit> walk{{end, 0}};
    number[end] = -1;
    while (!walk.empty()) {
        Visit& visit = walk.back();
        const auto& sources = before[visit.block];
        if (visit.tried < sources.size()) {
            const std::uint32_t source = sources[visit.tried++];
            if (number.try_emplace(source, -1).second) walk.push_back({source, 0});
        } else {
            number[visit.block] = static_cast<int>(done.size());
            done.push_back(visit.block);
            walk.pop_back();
        }
    }

    constexpr int unknown = -1;
    const int root = static_cast<int>(done.size()) - 1;
    std::vector<int> parent(done.size(), unknown);
    parent[root] = root;
    const auto meet = [&](int a, int b) {
        while (a != b) {
            while (a < b) a = parent[a];
            while (b < a) b = parent[b];
        }
        return a;
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (int i = root - 1; i >= 0; --i) {
            int common = unknown;
            for (const std::uint32_t to : next_[done[i]]) {
                const auto found = number.find(to);
                if (found == number.end() || parent[found->second] == unknown) continue;
                common = common == unknown ? found->second : meet(common, found->second);
            }
            if (parent[i] != common) {
                parent[i] = common;
                changed = true;
            }
        }
    }

    distance_.clear();
    recent_distances_.fill({});
    std::vector<int> depth(done.size(), 0);
    for (int i = root - 1; i >= 0; --i) {
        if (parent[i] != unknown) depth[i] = depth[parent[i]] + 1;
        distance_[done[i]] = depth[i];
    }
}

}  // namespace t2t::observer

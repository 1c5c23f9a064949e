/// @file
/// The control-flow graph of the program and its post-dominators: where lanes that a branch has
/// parted reconverge.
///
/// A GPU reconverges lanes at the branch's immediate post-dominator: the nearest basic block that
/// every path to the end goes through. Here the graph has the edges that threads were seen to take.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <unordered_map>

namespace t2t::observer {

/// Basic blocks and the edges between them, by the codes of their markers.
class ControlFlow {
 public:
    /// Stands for the end of a function.
    static constexpr std::uint32_t end = 0;

    /// A thread went from block `from` to block `to`.
    void add(std::uint32_t from, std::uint32_t to);

    /// Steps from a block to the end in the tree of post-dominators. Of two groups of lanes the one
    /// with the larger number goes first: the post-dominator of a block has a smaller one.
    int distance(std::uint32_t block) {
        const Distance& recent = recent_distances_[slot(block)];
        return is_current_ && recent.block == block ? recent.steps : look_up(block);
    }

 private:
    int look_up(std::uint32_t block);
    void find_distances();

    /// @name The latest answers: lanes ask for the same one after the other
    ///@{
    struct Edge {
        std::uint32_t from = end, to = end;
    };
    struct Distance {
        std::uint32_t block = end;
        int steps = 0;
    };
    static std::size_t slot(std::uint32_t code) { return code * 0x9E3779B1u >> 24; }
    std::array<Edge, 256> recent_edges_{};
    std::array<Distance, 256> recent_distances_{};
    ///@}

    std::map<std::uint32_t, std::set<std::uint32_t>> next_;
    std::unordered_map<std::uint32_t, int> distance_;
    bool is_current_ = false;
};

}  // namespace t2t::observer

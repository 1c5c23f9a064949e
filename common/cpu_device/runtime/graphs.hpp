/// @file
/// Graphs: pieces of work and their order.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "common/cpu_device/include/cuda_runtime.h"

/// One piece of work, and the pieces that come before it.
struct CUgraphNode_st {
    cudaGraphNodeType type;
    std::function<void()> work;
    std::vector<cudaGraphNode_t> dependencies;
    CUgraph_st* graph = nullptr;       ///< the one it belongs to
    cudaKernelNodeParams launch = {};  ///< of a kernel's node, as the program described it
};

/// Nodes in the order in which they were made.
struct CUgraph_st {
    std::vector<std::shared_ptr<CUgraphNode_st>> nodes;
};

/// What a graph does, in an order that respects every dependency.
struct CUgraphExec_st {
    struct Step {
        cudaGraphNode_t node;  ///< where it comes from
        cudaGraphNodeType type;
        std::function<void()> work;
    };
    std::vector<Step> steps;
};

namespace t2t::cpu_device {

/// The steps of `graph`; none at all when its dependencies form a circle.
std::vector<CUgraphExec_st::Step> in_order(const CUgraph_st& graph);

/// Does them, until one breaks the device.
void run_steps(const std::vector<CUgraphExec_st::Step>& steps);

}  // namespace t2t::cpu_device

#include "common/cpu_device/runtime/graphs.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/kernel_pointers.hpp"
#include "common/cpu_device/runtime/memory.hpp"
#include "common/cpu_device/runtime/streams.hpp"

namespace t2t::cpu_device {

std::vector<CUgraphExec_st::Step> in_order(const CUgraph_st& graph) {
    std::vector<CUgraphExec_st::Step> steps;
    std::set<const CUgraphNode_st*> done;
    while (steps.size() < graph.nodes.size()) {
        const std::size_t before = steps.size();
        for (const auto& node : graph.nodes) {
            const auto is_done = [&](const CUgraphNode_st* other) {
                return done.count(other) != 0;
            };
            if (is_done(node.get()) ||
                !std::all_of(node->dependencies.begin(), node->dependencies.end(), is_done)) {
                continue;
            }
            steps.push_back({node.get(), node->type, node->work});
            done.insert(node.get());
        }
        if (steps.size() == before) return {};
    }
    return steps;
}

void run_steps(const std::vector<CUgraphExec_st::Step>& steps) {
    for (const auto& step : steps) {
        if (sticky_error() != cudaSuccess) return;
        step.work();
    }
}

namespace {

using Work = std::function<void()>;

cudaError_t add_node(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                     std::size_t count, cudaGraphNodeType type, Work work) {
    if (node == nullptr || graph == nullptr || (dependencies == nullptr && count != 0)) {
        return finish(cudaErrorInvalidValue);
    }
    auto added = std::make_shared<CUgraphNode_st>();
    added->type = type;
    added->work = std::move(work);
    added->dependencies.assign(dependencies, dependencies + count);
    added->graph = graph;
    graph->nodes.push_back(added);
    *node = added.get();
    return finish(cudaSuccess);
}

// The work of each kind of node; empty when it cannot be done.

Work launch_work(const cudaKernelNodeParams* launch) {
    if (launch == nullptr) return {};
    KernelLaunch bound = bind_known_kernel(launch->func, launch->kernelParams);
    if (!bound) return {};
    const LaunchConfiguration configuration{launch->gridDim, launch->blockDim,
                                            launch->sharedMemBytes, nullptr, false};
    return [bound, configuration] { bound(configuration); };
}

Work copy_work(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (to == nullptr || from == nullptr) return {};
    return [=] { cudaMemcpyAsync(to, from, bytes, kind, nullptr); };
}

Work fill_work(const cudaMemsetParams* fill) {
    if (fill == nullptr) return {};
    const std::size_t size = fill->elementSize;
    if (size != 1 && size != 2 && size != 4) return {};
    if (fill->height > 1 && fill->pitch < fill->width * size) return {};
    const std::size_t bytes = (fill->height - 1) * fill->pitch + fill->width * size;
    if (fill->height == 0 || !is_device_range(fill->dst, bytes)) return {};
    return [fill = *fill] {
        const DeviceWork filling;
        for (std::size_t row = 0; row < fill.height; ++row) {
            char* const first = static_cast<char*>(fill.dst) + row * fill.pitch;
            for (std::size_t i = 0; i < fill.width; ++i) {
                std::memcpy(first + i * fill.elementSize, &fill.value, fill.elementSize);
            }
            observer::initialised(first, fill.width * fill.elementSize);
        }
    };
}

Work call_work(const cudaHostNodeParams* call) {
    if (call == nullptr || call->fn == nullptr) return {};
    return [call = *call] { call.fn(call.userData); };
}

/// Gives the step of `executable` that comes from `node` another piece of work.
cudaError_t replace(cudaGraphExec_t executable, cudaGraphNode_t node, Work work) {
    if (executable == nullptr || !work) return finish(cudaErrorInvalidValue);
    for (auto& step : executable->steps) {
        if (step.node != node) continue;
        step.work = std::move(work);
        return finish(cudaSuccess);
    }
    return finish(cudaErrorInvalidValue);
}

}  // namespace
}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

// ---- nodes --------------------------------------------------------------------------------------

cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned flags) {
    if (graph == nullptr || flags != 0) return finish(cudaErrorInvalidValue);
    *graph = new CUgraph_st;
    return finish(cudaSuccess);
}
cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, std::size_t count,
                                   const cudaKernelNodeParams* launch) {
    Work work = launch_work(launch);
    if (!work) return finish(cudaErrorInvalidDeviceFunction);
    const cudaError_t error =
        add_node(node, graph, dependencies, count, cudaGraphNodeTypeKernel, std::move(work));
    if (error == cudaSuccess) (*node)->launch = *launch;
    return error;
}
cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, std::size_t count,
                                   const cudaMemcpy3DParms* copy) {
    if (copy == nullptr) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeMemcpy,
                    [copy = *copy] { cudaMemcpy3DAsync(&copy, nullptr); });
}
cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* node, cudaGraph_t graph,
                                     const cudaGraphNode_t* dependencies, std::size_t count,
                                     void* to, const void* from, std::size_t bytes,
                                     cudaMemcpyKind kind) {
    Work work = copy_work(to, from, bytes, kind);
    if (!work) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeMemcpy, std::move(work));
}
cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                   const cudaGraphNode_t* dependencies, std::size_t count,
                                   const cudaMemsetParams* fill) {
    Work work = fill_work(fill);
    if (!work) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeMemset, std::move(work));
}
cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                 const cudaGraphNode_t* dependencies, std::size_t count,
                                 const cudaHostNodeParams* call) {
    Work work = call_work(call);
    if (!work) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeHost, std::move(work));
}
cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                  const cudaGraphNode_t* dependencies, std::size_t count) {
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeEmpty, [] {});
}
cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                       const cudaGraphNode_t* dependencies, std::size_t count,
                                       cudaGraph_t child) {
    if (child == nullptr) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeGraph,
                    [steps = in_order(*child)] { run_steps(steps); });
}
cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                        const cudaGraphNode_t* dependencies, std::size_t count,
                                        cudaEvent_t event) {
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeEventRecord,
                    [event] { cudaEventRecord(event, nullptr); });
}
cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                      const cudaGraphNode_t* dependencies, std::size_t count,
                                      cudaEvent_t) {
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeWaitEvent, [] {});
}
cudaError_t cudaGraphAddMemAllocNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                     const cudaGraphNode_t* dependencies, std::size_t count,
                                     cudaMemAllocNodeParams* memory) {
    if (memory == nullptr || memory->bytesize == 0) return finish(cudaErrorInvalidValue);
    const cudaError_t error = allocate_in_stream(&memory->dptr, memory->bytesize, nullptr);
    if (error != cudaSuccess) return error;
    // A program may free it itself, after the graph has run; then there is nothing left to do.
    const std::shared_ptr<void> kept(memory->dptr, [](void* pointer) {
        if (is_device_range(pointer, 1)) cudaFree(pointer);
    });
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeMemAlloc, [kept] {});
}
cudaError_t cudaGraphAddMemFreeNode(cudaGraphNode_t* node, cudaGraph_t graph,
                                    const cudaGraphNode_t* dependencies, std::size_t count,
                                    void* pointer) {
    if (!is_device_range(pointer, 1)) return finish(cudaErrorInvalidValue);
    return add_node(node, graph, dependencies, count, cudaGraphNodeTypeMemFree, [] {});
}

// ---- edges --------------------------------------------------------------------------------------

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                     const cudaGraphNode_t* to, std::size_t count) {
    if (graph == nullptr || (count != 0 && (from == nullptr || to == nullptr))) {
        return finish(cudaErrorInvalidValue);
    }
    for (std::size_t i = 0; i < count; ++i) to[i]->dependencies.push_back(from[i]);
    return finish(cudaSuccess);
}
cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                     const cudaGraphNode_t* to, const cudaGraphEdgeData*,
                                     std::size_t count) {
    return cudaGraphAddDependencies(graph, from, to, count);
}
cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
    if (graph == nullptr || count == nullptr) return finish(cudaErrorInvalidValue);
    std::size_t found = 0;
    for (const auto& node : graph->nodes) {
        if (!node->dependencies.empty()) continue;
        if (nodes != nullptr && found < *count) nodes[found] = node.get();
        ++found;
    }
    *count = found;
    return finish(cudaSuccess);
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
    if (graph == nullptr || count == nullptr) return finish(cudaErrorInvalidValue);
    if (nodes != nullptr) {
        for (std::size_t i = 0; i < *count; ++i)
            nodes[i] = i < graph->nodes.size() ? graph->nodes[i].get() : nullptr;
    }
    *count = graph->nodes.size();
    return finish(cudaSuccess);
}
cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
    if (node == nullptr || type == nullptr) return finish(cudaErrorInvalidValue);
    *type = node->type;
    return finish(cudaSuccess);
}

// ---- changing what is there ---------------------------------------------------------------------

cudaError_t cudaGraphClone(cudaGraph_t* clone, cudaGraph_t original) {
    if (clone == nullptr || original == nullptr) return finish(cudaErrorInvalidValue);
    *clone = new CUgraph_st;
    std::vector<std::pair<cudaGraphNode_t, cudaGraphNode_t>> copies;
    for (const auto& node : original->nodes) {
        (*clone)->nodes.push_back(std::make_shared<CUgraphNode_st>(*node));
        (*clone)->nodes.back()->graph = *clone;
        copies.push_back({node.get(), (*clone)->nodes.back().get()});
    }
    for (const auto& node : (*clone)->nodes) {
        for (cudaGraphNode_t& before : node->dependencies) {
            for (const auto& [from, to] : copies) {
                if (from == before) {
                    before = to;
                    break;
                }
            }
        }
    }
    return finish(cudaSuccess);
}
cudaError_t cudaGraphDestroyNode(cudaGraphNode_t node) {
    if (node == nullptr || node->graph == nullptr) return finish(cudaErrorInvalidValue);
    auto& nodes = node->graph->nodes;
    for (const auto& other : nodes) {
        auto& before = other->dependencies;
        before.erase(std::remove(before.begin(), before.end(), node), before.end());
    }
    nodes.erase(std::remove_if(nodes.begin(), nodes.end(),
                               [node](const auto& other) { return other.get() == node; }),
                nodes.end());
    return finish(cudaSuccess);
}
cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const cudaKernelNodeParams* launch) {
    Work work = launch_work(launch);
    if (node == nullptr || !work) return finish(cudaErrorInvalidValue);
    node->work = std::move(work);
    node->launch = *launch;
    return finish(cudaSuccess);
}
cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams* launch) {
    if (node == nullptr || launch == nullptr || node->type != cudaGraphNodeTypeKernel ||
        node->launch.func == nullptr) {
        return finish(cudaErrorInvalidValue);
    }
    *launch = node->launch;
    return finish(cudaSuccess);
}

// ---- what runs ----------------------------------------------------------------------------------

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
    if (executable == nullptr || graph == nullptr) return finish(cudaErrorInvalidValue);
    auto steps = in_order(*graph);
    if (steps.size() != graph->nodes.size()) return finish(cudaErrorInvalidValue);
    *executable = new CUgraphExec_st{std::move(steps)};
    return finish(cudaSuccess);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, cudaGraphNode_t*,
                                 char*, std::size_t) {
    return cudaGraphInstantiate(executable, graph, 0);
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph,
                                          unsigned long long flags) {
    return cudaGraphInstantiate(executable, graph, flags);
}
cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* launch) {
    return replace(executable, node, launch_work(launch));
}
cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t executable, cudaGraphNode_t node,
                                               void* to, const void* from, std::size_t bytes,
                                               cudaMemcpyKind kind) {
    return replace(executable, node, copy_work(to, from, bytes, kind));
}
cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaMemsetParams* fill) {
    return replace(executable, node, fill_work(fill));
}
cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                           const cudaHostNodeParams* call) {
    return replace(executable, node, call_work(call));
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo* result) {
    if (executable == nullptr || graph == nullptr) return finish(cudaErrorInvalidValue);
    const auto steps = in_order(*graph);
    cudaGraphExecUpdateResultInfo outcome{cudaGraphExecUpdateSuccess, nullptr, nullptr};
    if (steps.size() != executable->steps.size() || steps.size() != graph->nodes.size()) {
        outcome.result = cudaGraphExecUpdateErrorTopologyChanged;
    }
    for (std::size_t i = 0; outcome.result == cudaGraphExecUpdateSuccess && i < steps.size(); ++i) {
        if (steps[i].type == executable->steps[i].type) continue;
        outcome = {cudaGraphExecUpdateErrorNodeTypeChanged, steps[i].node, nullptr};
    }
    if (result != nullptr) *result = outcome;
    if (outcome.result != cudaGraphExecUpdateSuccess) {
        return finish(cudaErrorGraphExecUpdateFailure);
    }
    for (std::size_t i = 0; i < steps.size(); ++i) executable->steps[i].work = steps[i].work;
    return finish(cudaSuccess);
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph,
                                cudaGraphNode_t* error_node, cudaGraphExecUpdateResult* result) {
    cudaGraphExecUpdateResultInfo outcome{};
    const cudaError_t error = cudaGraphExecUpdate(executable, graph, &outcome);
    if (error_node != nullptr) *error_node = outcome.errorNode;
    if (result != nullptr) *result = outcome.result;
    return error;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t) {
    return finish(executable == nullptr ? cudaErrorInvalidValue : cudaSuccess);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
    if (executable == nullptr) return finish(cudaErrorInvalidValue);
    if (is_capturing(stream)) {
        return run_or_capture(stream, cudaGraphNodeTypeGraph,
                              [steps = executable->steps] { run_steps(steps); });
    }
    const t2t::observer::StreamWork in_order(observed_stream(stream), "a graph");
    run_steps(executable->steps);
    return finish(cudaSuccess);
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
    if (graph == nullptr) return finish(cudaErrorInvalidValue);
    delete graph;
    return finish(cudaSuccess);
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
    if (executable == nullptr) return finish(cudaErrorInvalidValue);
    delete executable;
    return finish(cudaSuccess);
}

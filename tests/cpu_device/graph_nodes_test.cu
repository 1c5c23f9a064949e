// Graphs that a program makes node by node.
#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void add_kernel(int* values, int amount) {
    values[threadIdx.x] += amount;
}
__global__ void double_kernel(int* values) {
    values[threadIdx.x] *= 2;
}

// A graph, and how its nodes are made.
class Graph {
 public:
    Graph() { T2T_CHECK(cudaGraphCreate(&graph_, 0)); }
    ~Graph() { cudaGraphDestroy(graph_); }

    cudaGraph_t get() const { return graph_; }

    static cudaKernelNodeParams launch(void* kernel, void** arguments) {
        cudaKernelNodeParams params = {};
        params.func = kernel;
        params.gridDim = dim3(1);
        params.blockDim = dim3(32);
        params.kernelParams = arguments;
        return params;
    }
    cudaGraphNode_t add_amount(int* values, int amount, std::vector<cudaGraphNode_t> after = {}) {
        void* arguments[] = {&values, &amount};  // the graph keeps copies
        const auto params = launch((void*)add_kernel, arguments);
        cudaGraphNode_t node;
        T2T_CHECK(cudaGraphAddKernelNode(&node, graph_, after.data(), after.size(), &params));
        return node;
    }
    cudaGraphNode_t add_doubling(int* values, std::vector<cudaGraphNode_t> after = {}) {
        void* arguments[] = {&values};
        const auto params = launch((void*)double_kernel, arguments);
        cudaGraphNode_t node;
        T2T_CHECK(cudaGraphAddKernelNode(&node, graph_, after.data(), after.size(), &params));
        return node;
    }
    cudaGraphNode_t fill(void* at, unsigned value, unsigned size, std::size_t count) {
        cudaMemsetParams params = {};
        params.dst = at;
        params.value = value;
        params.elementSize = size;
        params.width = count;
        params.height = 1;
        cudaGraphNode_t node;
        T2T_CHECK(cudaGraphAddMemsetNode(&node, graph_, nullptr, 0, &params));
        return node;
    }
    cudaGraphExec_t make() const {
        cudaGraphExec_t executable;
        T2T_CHECK(cudaGraphInstantiate(&executable, graph_, 0));
        return executable;
    }

 private:
    cudaGraph_t graph_;
};

void run(cudaGraphExec_t executable) {
    T2T_CHECK(cudaGraphLaunch(executable, nullptr));
    T2T_CHECK(cudaDeviceSynchronize());
}

TEST(GraphNodes, RunInTheOrderOfTheirDependencies) {
    DeviceBuffer<int> values(32);
    Graph graph;
    // Made in the wrong order, and put right by edges: fill, add 3, double.
    const auto doubling = graph.add_doubling(values.data());
    const auto adding = graph.add_amount(values.data(), 3);
    const auto filling = graph.fill(values.data(), 5, 4, 32);
    const cudaGraphNode_t from[] = {adding, filling};
    const cudaGraphNode_t to[] = {doubling, adding};
#if CUDART_VERSION >= 13000
    T2T_CHECK(cudaGraphAddDependencies(graph.get(), from, to, nullptr, 2));
#else
    T2T_CHECK(cudaGraphAddDependencies(graph.get(), from, to, 2));
#endif
    const auto executable = graph.make();
    for (int i = 0; i < 2; ++i) {
        run(executable);
        EXPECT_EQ(values.download(), std::vector<int>(32, 16));
    }
    cudaGraphExecDestroy(executable);

    cudaGraphNode_t roots[3];
    std::size_t count = 3;
    T2T_CHECK(cudaGraphGetRootNodes(graph.get(), roots, &count));
    EXPECT_EQ(count, 1u);
    EXPECT_EQ(roots[0], filling);
}

TEST(GraphNodes, InACircleAreRefused) {
    DeviceBuffer<int> values(32);
    Graph graph;
    const auto first = graph.add_doubling(values.data());
    const auto second = graph.add_doubling(values.data(), {first});
#if CUDART_VERSION >= 13000
    cudaGraphAddDependencies(graph.get(), &second, &first, nullptr, 1);
#else
    cudaGraphAddDependencies(graph.get(), &second, &first, 1);
#endif
    cudaGraphExec_t executable;
    EXPECT_NE(cudaGraphInstantiate(&executable, graph.get(), 0), cudaSuccess);
    cudaGetLastError();
}

TEST(GraphNodes, CopyFillAndCallTheHost) {
    DeviceBuffer<short> values(8);
    std::vector<short> result(8);
    Graph graph;
    const auto filling = graph.fill(values.data(), 0xabcd, 2, 8);
    cudaGraphNode_t copying, calling, empty;
    T2T_CHECK(cudaGraphAddMemcpyNode1D(&copying, graph.get(), &filling, 1, result.data(),
                                       values.data(), 16, cudaMemcpyDeviceToHost));
    T2T_CHECK(cudaGraphAddEmptyNode(&empty, graph.get(), &copying, 1));
    cudaHostNodeParams host = {};
    host.fn = [](void* data) { static_cast<std::vector<short>*>(data)->at(0) = 1; };
    host.userData = &result;
    T2T_CHECK(cudaGraphAddHostNode(&calling, graph.get(), &empty, 1, &host));
    const auto executable = graph.make();
    run(executable);
    EXPECT_EQ(result, tabulate<short>(8, [](int i) { return i == 0 ? 1 : 0xabcd; }));
    cudaGraphExecDestroy(executable);

    cudaGraphNodeType type;
    T2T_CHECK(cudaGraphNodeGetType(calling, &type));
    EXPECT_EQ(type, cudaGraphNodeTypeHost);
    T2T_CHECK(cudaGraphNodeGetType(empty, &type));
    EXPECT_EQ(type, cudaGraphNodeTypeEmpty);
}

TEST(GraphNodes, GetOtherArgumentsWithoutBeingMadeAnew) {
    DeviceBuffer<int> values(32);
    T2T_CHECK(cudaMemset(values.data(), 0, values.bytes()));
    Graph graph;
    const auto adding = graph.add_amount(values.data(), 3);
    const auto executable = graph.make();
    run(executable);
    int* pointer = values.data();
    int amount = 40;
    void* arguments[] = {&pointer, &amount};
    const auto params = Graph::launch((void*)add_kernel, arguments);
    T2T_CHECK(cudaGraphExecKernelNodeSetParams(executable, adding, &params));
    run(executable);
    EXPECT_EQ(values.download(), std::vector<int>(32, 43));

    Graph other;
    other.add_amount(values.data(), 500);
    cudaGraphExecUpdateResultInfo info;
    T2T_CHECK(cudaGraphExecUpdate(executable, other.get(), &info));
    run(executable);
    EXPECT_EQ(values.download(), std::vector<int>(32, 543));
    other.add_doubling(values.data());
    EXPECT_EQ(cudaGraphExecUpdate(executable, other.get(), &info), cudaErrorGraphExecUpdateFailure);
    EXPECT_EQ(info.result, cudaGraphExecUpdateErrorTopologyChanged);
    cudaGetLastError();
    cudaGraphExecDestroy(executable);
}

TEST(GraphNodes, MayBeGraphs) {
    DeviceBuffer<int> values(32);
    T2T_CHECK(cudaMemset(values.data(), 0, values.bytes()));
    Graph inner;
    inner.add_doubling(values.data(), {inner.add_amount(values.data(), 1)});
    Graph outer;
    cudaGraphNode_t first, second;
    T2T_CHECK(cudaGraphAddChildGraphNode(&first, outer.get(), nullptr, 0, inner.get()));
    T2T_CHECK(cudaGraphAddChildGraphNode(&second, outer.get(), &first, 1, inner.get()));
    cudaGraph_t clone;
    T2T_CHECK(cudaGraphClone(&clone, outer.get()));
    cudaGraphExec_t executable;
    T2T_CHECK(cudaGraphInstantiate(&executable, clone, 0));
    run(executable);
    EXPECT_EQ(values.download(), std::vector<int>(32, 6));  // ((0 + 1) · 2 + 1) · 2
    cudaGraphExecDestroy(executable);
    cudaGraphDestroy(clone);
}

}  // namespace
}  // namespace t2t::conformance

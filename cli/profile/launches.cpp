#include "cli/profile/launches.hpp"

#include <algorithm>
#include <exception>

#include "cli/profile/occupancy.hpp"
#include "cli/profile/sass.hpp"
#include "common/device/check.hpp"
#include "common/device/stream.hpp"

namespace t2t::profile {
namespace {

int attribute(cudaDeviceAttr name) {
    int device = 0, value = 0;
    T2T_CHECK(cudaGetDevice(&device));
    T2T_CHECK(cudaDeviceGetAttribute(&value, name, device));
    return value;
}

SmLimits sm_limits() {
    return {.threads = attribute(cudaDevAttrMaxThreadsPerMultiProcessor),
            .blocks = attribute(cudaDevAttrMaxBlocksPerMultiprocessor),
            .registers = attribute(cudaDevAttrMaxRegistersPerMultiprocessor),
            .shared_bytes = attribute(cudaDevAttrMaxSharedMemoryPerMultiprocessor),
            .reserved_shared_bytes = attribute(cudaDevAttrReservedSharedMemoryPerBlock)};
}

/// A recorded graph, or none.
class Recording {
 public:
    explicit Recording(const std::function<void(cudaStream_t)>& run) {
        const Stream stream;
        T2T_CHECK(cudaStreamBeginCapture(stream.get(), cudaStreamCaptureModeThreadLocal));
        try {
            run(stream.get());
        } catch (const std::exception&) {
            // It waited for the device, which ends the recording; what it threw says no more.
        }
        if (cudaStreamEndCapture(stream.get(), &graph_) != cudaSuccess) graph_ = nullptr;
        cudaGetLastError();  // a refused recording is no error of what follows
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording() {
        if (graph_ != nullptr) cudaGraphDestroy(graph_);
    }

    bool is_complete() const { return graph_ != nullptr; }

    std::vector<cudaKernelNodeParams> launches() const {
        std::size_t count = 0;
        T2T_CHECK(cudaGraphGetNodes(graph_, nullptr, &count));
        std::vector<cudaGraphNode_t> nodes(count);
        if (count > 0) T2T_CHECK(cudaGraphGetNodes(graph_, nodes.data(), &count));
        std::vector<cudaKernelNodeParams> launches;
        for (const cudaGraphNode_t node : nodes) {
            cudaGraphNodeType type{};
            T2T_CHECK(cudaGraphNodeGetType(node, &type));
            if (type != cudaGraphNodeTypeKernel) continue;
            cudaKernelNodeParams launch{};
            // A library's kernels may be none of the runtime's functions.
            if (cudaGraphKernelNodeGetParams(node, &launch) == cudaSuccess) {
                launches.push_back(launch);
            }
        }
        cudaGetLastError();
        return launches;
    }

 private:
    cudaGraph_t graph_ = nullptr;
};

/// Nothing when CUDA does not know the function.
std::optional<RecordedKernel> describe(const cudaKernelNodeParams& launch, const SmLimits& sm) {
    const char* symbol = nullptr;
    cudaFuncAttributes taken{};
    if (cudaFuncGetName(&symbol, launch.func) != cudaSuccess ||
        cudaFuncGetAttributes(&taken, launch.func) != cudaSuccess) {
        cudaGetLastError();
        return std::nullopt;
    }
    const auto volume = [](const dim3& size) { return std::int64_t{size.x} * size.y * size.z; };
    RecordedKernel made;
    Kernel& kernel = made.kernel;
    kernel.symbol = symbol;
    kernel.name = plain_kernel_name(symbol);
    kernel.launch = {volume(launch.gridDim), volume(launch.blockDim)};

    Fit& fit = made.fit;
    fit.registers = taken.numRegs;
    fit.local_bytes = static_cast<int>(taken.localSizeBytes);
    fit.shared_bytes = static_cast<int>(taken.sharedSizeBytes + launch.sharedMemBytes);
    fit.threads = static_cast<int>(kernel.launch.threads);
    T2T_CHECK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&fit.blocks_on_sm, launch.func,
                                                            fit.threads, launch.sharedMemBytes));
    const int warps = (fit.threads + 31) / 32;
    fit.occupancy_percent = 100.0 * fit.blocks_on_sm * warps * 32 / sm.threads;
    fit.limit = occupancy_limit(fit, sm);

    const double places =
        static_cast<double>(fit.blocks_on_sm) * attribute(cudaDevAttrMultiProcessorCount);
    kernel.metrics[std::string(registers)] = fit.registers;
    kernel.metrics[std::string(static_shared)] = static_cast<double>(taken.sharedSizeBytes);
    kernel.metrics[std::string(dynamic_shared)] = launch.sharedMemBytes;
    kernel.metrics[std::string(occupancy)] = fit.occupancy_percent;
    if (places > 0) {
        kernel.metrics[std::string(waves)] = static_cast<double>(kernel.launch.blocks) / places;
    }
    return made;
}

}  // namespace

std::optional<std::vector<RecordedKernel>> recorded_kernels(
    const std::function<void(cudaStream_t)>& run) {
    const Recording recording(run);
    if (!recording.is_complete()) return std::nullopt;
    const SmLimits sm = sm_limits();
    std::vector<RecordedKernel> kernels;
    for (const cudaKernelNodeParams& launch : recording.launches()) {
        auto made = describe(launch, sm);
        if (!made) continue;
        const auto known = std::ranges::find_if(kernels, [&](const RecordedKernel& other) {
            return other.kernel.symbol == made->kernel.symbol;
        });
        if (known == kernels.end()) {
            kernels.push_back(*std::move(made));
        } else {
            ++known->kernel.launch.times;
        }
    }
    return kernels;
}

}  // namespace t2t::profile

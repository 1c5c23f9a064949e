// The device as programs see it: its properties, its limits, and what it does with a launch.
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/memory.hpp"
#include "common/cpu_device/runtime/settings.hpp"
#include "common/cpu_device/runtime/streams.hpp"
#include "common/cpu_device/runtime/workers.hpp"

namespace t2t::cpu_device {
namespace {

// The machine that occupancy queries and limits describe: fourteen multiprocessors of compute
// capability 8.0, a seventh of an A100. Not a power of two, because grid-stride loops would then
// walk a CPU's cache in strides that all fall into the same few sets.
constexpr int multiprocessors = 14;
constexpr int threads_per_multiprocessor = 2048;
constexpr int blocks_per_multiprocessor = 32;
constexpr int registers_per_multiprocessor = 65536;
constexpr int registers_per_thread =
    32;  // a stated guess: the CPU device does not allocate registers
constexpr std::size_t shared_per_block = 48 * 1024;
constexpr std::size_t shared_per_block_opt_in = 163 * 1024;
constexpr std::size_t shared_per_multiprocessor = 164 * 1024;
constexpr std::size_t shared_reserved_per_block = 1024;
constexpr unsigned most_threads_z = 64;
constexpr unsigned most_blocks_x = 2147483647;
constexpr unsigned most_blocks_yz = 65535;
constexpr std::size_t constant_memory = 64 * 1024;

/// Kernels that have asked for more dynamic shared memory than every block gets.
class OptIns {
 public:
    void set(const void* kernel, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        bytes_[kernel] = bytes;
    }
    /// @param kernel nullptr for a template instance that only its arguments name: any opt-in
    /// counts
    std::size_t limit(const void* kernel) {
        const std::lock_guard lock(mutex_);
        if (const auto found = bytes_.find(kernel); found != bytes_.end()) return found->second;
        std::size_t limit = shared_per_block;
        if (kernel == nullptr) {
            for (const auto& [other, bytes] : bytes_) limit = std::max(limit, bytes);
        }
        return limit;
    }

 private:
    std::mutex mutex_;
    std::map<const void*, std::size_t> bytes_;
};
OptIns& opt_ins() {
    static OptIns all;
    return all;
}

int blocks_per_multiprocessor_for(unsigned threads, std::size_t shared_bytes) {
    if (threads == 0 || threads > most_threads) return 0;
    const int warps = static_cast<int>((threads + warp_size - 1) / warp_size);
    const int by_threads = threads_per_multiprocessor / (warps * static_cast<int>(warp_size));
    const int by_registers =
        registers_per_multiprocessor / (registers_per_thread * warps * static_cast<int>(warp_size));
    const int by_shared =
        static_cast<int>(shared_per_multiprocessor / (shared_bytes + shared_reserved_per_block));
    return std::min({by_threads, by_registers, by_shared, blocks_per_multiprocessor});
}

// What a GPU checks before it starts anything. The code is the one that CUDA 13 was seen to answer
// on an H200; CUDA 12 answers cudaErrorInvalidConfiguration.
cudaError_t check_configuration(const BoundLaunch& launch) {
    const dim3& grid = launch.configuration.grid;
    const dim3& block = launch.configuration.block;
    const std::size_t shared = launch.configuration.shared_bytes;
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > most_blocks_x ||
        grid.y > most_blocks_yz || grid.z > most_blocks_yz) {
        return cudaErrorInvalidValue;
    }
    if (block.x == 0 || block.y == 0 || block.z == 0 || block.x > most_threads ||
        block.y > most_threads || block.z > most_threads_z ||
        block.x * block.y * block.z > most_threads) {
        return cudaErrorInvalidValue;
    }
    if (shared != 0 && shared > opt_ins().limit(launch.address)) return cudaErrorInvalidValue;
    if (launch.configuration.cooperative) {
        const std::uint64_t resident =
            std::uint64_t{multiprocessors} * static_cast<unsigned>(blocks_per_multiprocessor_for(
                                                 block.x * block.y * block.z, shared));
        if (std::uint64_t{grid.x} * grid.y * grid.z > resident)
            return cudaErrorCooperativeLaunchTooLarge;
    }
    return cudaSuccess;
}

void run(const BoundLaunch& launch) {
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    LaunchRecord record;
    record.kernel = launch.kernel;
    record.grid = launch.configuration.grid;
    record.block = launch.configuration.block;
    record.shared_bytes = launch.configuration.shared_bytes;
    record.cooperative = launch.configuration.cooperative;
    record.runner = launch.runner;
    record.body = launch.body;
    record.body_bytes = launch.body_bytes;
    record.address = launch.address;
    record.pointers = launch.pointers;
    observer::begin_launch(record);
    run_blocks(record);
    close_to_host();
    observer::end_launch(record);
    if (record.fault != cudaSuccess) set_sticky_error(record.fault, record.fault_detail);
}

cudaError_t need_device(int device) {
    return device == 0 ? cudaSuccess : cudaErrorInvalidDevice;
}

}  // namespace

cudaError_t run_or_record(const BoundLaunch& launch) {
    if (in_kernel())
        fault(cudaErrorNotSupported, "a kernel launches a kernel; launch it from the host");
    if (sticky_error() != cudaSuccess) return finish(cudaSuccess);
    if (const cudaError_t refused = check_configuration(launch); refused != cudaSuccess) {
        note_refused_launch(refused, launch.kernel);
        return finish(refused);
    }
    if (launch.configuration.stream == nullptr) {
        if (const cudaError_t refused = refuse_implicit_dependency(nullptr); refused != cudaSuccess)
            return finish(refused);
        run(launch);
        return finish(cudaSuccess);
    }
    if (is_capturing(launch.configuration.stream)) {
        return run_or_capture(launch.configuration.stream, cudaGraphNodeTypeKernel,
                              launch.again(launch));
    }
    return run_or_capture(launch.configuration.stream, cudaGraphNodeTypeKernel,
                          [&] { run(launch); });
}

}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

// ---- which device -------------------------------------------------------------------------------

cudaError_t cudaGetDeviceCount(int* count) {
    *count = 1;
    return finish(cudaSuccess);
}
cudaError_t cudaGetDevice(int* device) {
    *device = 0;
    return finish(cudaSuccess);
}
cudaError_t cudaSetDevice(int device) {
    return finish(need_device(device));
}
cudaError_t cudaSetDeviceFlags(unsigned) {
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSynchronize() {
    if (const cudaError_t refused = refuse_while_capturing(); refused != cudaSuccess)
        return finish(refused);
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceReset() {
    clear_errors();
    return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
    *version = CUDART_VERSION;
    return finish(cudaSuccess);
}
cudaError_t cudaRuntimeGetVersion(int* version) {
    return cudaDriverGetVersion(version);
}

cudaError_t cudaDeviceCanAccessPeer(int* can_access, int device, int peer) {
    if (device != 0 || peer != 0) return finish(cudaErrorInvalidDevice);
    *can_access = 0;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned) {
    return finish(peer == 0 ? cudaErrorPeerAccessUnsupported : cudaErrorInvalidDevice);
}
cudaError_t cudaDeviceDisablePeerAccess(int) {
    return finish(cudaErrorInvalidDevice);
}

// ---- properties and limits ----------------------------------------------------------------------

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    if (properties == nullptr) return finish(cudaErrorInvalidValue);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    check_settings();
    *properties = {};
    std::size_t free_bytes = 0;
    cudaMemGetInfo(&free_bytes, &properties->totalGlobalMem);
    std::strcpy(properties->name, "CPU device");
    properties->sharedMemPerBlock = shared_per_block;
    properties->regsPerBlock = registers_per_multiprocessor;
    properties->warpSize = warpSize;
    properties->memPitch = most_blocks_x;
    properties->maxThreadsPerBlock = most_threads;
    properties->maxThreadsDim[0] = properties->maxThreadsDim[1] = most_threads;
    properties->maxThreadsDim[2] = most_threads_z;
    properties->maxGridSize[0] = most_blocks_x;
    properties->maxGridSize[1] = properties->maxGridSize[2] = most_blocks_yz;
    properties->totalConstMem = constant_memory;
    properties->major = 8;
    properties->minor = 0;
    properties->textureAlignment = 512;
    properties->multiProcessorCount = multiprocessors;
    properties->integrated = 1;
    properties->canMapHostMemory = 1;
    properties->concurrentKernels = 0;
    properties->unifiedAddressing = 1;
    properties->l2CacheSize = static_cast<int>(std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), 8L << 20));
    properties->maxThreadsPerMultiProcessor = threads_per_multiprocessor;
    properties->globalL1CacheSupported = 1;
    properties->localL1CacheSupported = 1;
    properties->sharedMemPerMultiprocessor = shared_per_multiprocessor;
    properties->regsPerMultiprocessor = registers_per_multiprocessor;
    properties->managedMemory = 1;
    properties->concurrentManagedAccess = 1;
    properties->cooperativeLaunch = 1;
    properties->sharedMemPerBlockOptin = shared_per_block_opt_in;
    properties->maxBlocksPerMultiProcessor = blocks_per_multiprocessor;
    properties->reservedSharedMemPerBlock = shared_reserved_per_block;
    properties->hostRegisterSupported = 1;
    properties->memoryPoolsSupported = 1;
    return finish(cudaSuccess);
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    if (value == nullptr) return finish(cudaErrorInvalidValue);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    static const cudaDeviceProp all = [] {
        cudaDeviceProp properties;
        cudaGetDeviceProperties(&properties, 0);
        return properties;
    }();
    const auto of = [&]() -> std::size_t {
        switch (attribute) {
            case cudaDevAttrMaxThreadsPerBlock:
                return all.maxThreadsPerBlock;
            case cudaDevAttrMaxBlockDimX:
                return all.maxThreadsDim[0];
            case cudaDevAttrMaxBlockDimY:
                return all.maxThreadsDim[1];
            case cudaDevAttrMaxBlockDimZ:
                return all.maxThreadsDim[2];
            case cudaDevAttrMaxGridDimX:
                return all.maxGridSize[0];
            case cudaDevAttrMaxGridDimY:
                return all.maxGridSize[1];
            case cudaDevAttrMaxGridDimZ:
                return all.maxGridSize[2];
            case cudaDevAttrMaxSharedMemoryPerBlock:
                return all.sharedMemPerBlock;
            case cudaDevAttrTotalConstantMemory:
                return all.totalConstMem;
            case cudaDevAttrWarpSize:
                return all.warpSize;
            case cudaDevAttrMaxRegistersPerBlock:
                return all.regsPerBlock;
            case cudaDevAttrMultiProcessorCount:
                return all.multiProcessorCount;
            case cudaDevAttrIntegrated:
                return all.integrated;
            case cudaDevAttrCanMapHostMemory:
                return all.canMapHostMemory;
            case cudaDevAttrL2CacheSize:
                return all.l2CacheSize;
            case cudaDevAttrMaxThreadsPerMultiProcessor:
                return all.maxThreadsPerMultiProcessor;
            case cudaDevAttrUnifiedAddressing:
                return all.unifiedAddressing;
            case cudaDevAttrComputeCapabilityMajor:
                return all.major;
            case cudaDevAttrComputeCapabilityMinor:
                return all.minor;
            case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
                return all.sharedMemPerMultiprocessor;
            case cudaDevAttrMaxRegistersPerMultiprocessor:
                return all.regsPerMultiprocessor;
            case cudaDevAttrManagedMemory:
                return all.managedMemory;
            case cudaDevAttrConcurrentManagedAccess:
                return all.concurrentManagedAccess;
            case cudaDevAttrCooperativeLaunch:
                return all.cooperativeLaunch;
            case cudaDevAttrMaxSharedMemoryPerBlockOptin:
                return all.sharedMemPerBlockOptin;
            case cudaDevAttrMaxBlocksPerMultiprocessor:
                return all.maxBlocksPerMultiProcessor;
            case cudaDevAttrReservedSharedMemoryPerBlock:
                return all.reservedSharedMemPerBlock;
            case cudaDevAttrMemoryPoolsSupported:
                return all.memoryPoolsSupported;
            default:
                return 0;  // clocks, bus width, engines: what a CPU has no figure for
        }
    };
    *value = static_cast<int>(of());
    return finish(cudaSuccess);
}

namespace {

/// Limits are remembered and read back; the CPU device itself needs none of them.
std::size_t* limit_of(cudaLimit limit) {
    static std::size_t stack = 1024;
    static std::size_t printf_buffer = 1 << 20;
    static std::size_t heap = 8 << 20;
    switch (limit) {
        case cudaLimitStackSize:
            return &stack;
        case cudaLimitPrintfFifoSize:
            return &printf_buffer;
        case cudaLimitMallocHeapSize:
            return &heap;
    }
    return nullptr;
}

}  // namespace

cudaError_t cudaDeviceGetLimit(std::size_t* value, cudaLimit limit) {
    if (value == nullptr) return finish(cudaErrorInvalidValue);
    if (limit_of(limit) == nullptr) return finish(cudaErrorUnsupportedLimit);
    *value = *limit_of(limit);
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSetLimit(cudaLimit limit, std::size_t value) {
    if (limit_of(limit) == nullptr) return finish(cudaErrorUnsupportedLimit);
    *limit_of(limit) = value;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache) {
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
    *least = *greatest = 0;
    return finish(cudaSuccess);
}

// ---- kernels ------------------------------------------------------------------------------------

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
    if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
    if (attribute == cudaFuncAttributePreferredSharedMemoryCarveout) return finish(cudaSuccess);
    if (attribute != cudaFuncAttributeMaxDynamicSharedMemorySize || value < 0 ||
        static_cast<std::size_t>(value) > shared_per_block_opt_in) {
        return finish(cudaErrorInvalidValue);
    }
    opt_ins().set(kernel, static_cast<std::size_t>(value));
    return finish(cudaSuccess);
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel) {
    if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
    *attributes = {};
    attributes->maxThreadsPerBlock = most_threads;
    attributes->numRegs = registers_per_thread;
    attributes->ptxVersion = attributes->binaryVersion = 80;
    attributes->maxDynamicSharedSizeBytes = static_cast<int>(opt_ins().limit(kernel));
    return finish(cudaSuccess);
}
cudaError_t cudaFuncSetCacheConfig(const void*, cudaFuncCache) {
    return finish(cudaSuccess);
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int block_size,
                                                          std::size_t dynamic_shared) {
    if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
    if (blocks == nullptr || block_size <= 0) return finish(cudaErrorInvalidValue);
    *blocks =
        dynamic_shared > opt_ins().limit(kernel)
            ? 0
            : blocks_per_multiprocessor_for(static_cast<unsigned>(block_size), dynamic_shared);
    return finish(cudaSuccess);
}
cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(std::size_t* bytes, const void* kernel,
                                                      int blocks, int block_size) {
    if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
    if (bytes == nullptr || blocks <= 0 || block_size <= 0) return finish(cudaErrorInvalidValue);
    const std::size_t share = shared_per_multiprocessor / static_cast<std::size_t>(blocks);
    *bytes = share > shared_reserved_per_block
                 ? std::min(share - shared_reserved_per_block, shared_per_block_opt_in)
                 : 0;
    return finish(cudaSuccess);
}
cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, const void* kernel,
                                               std::size_t dynamic_shared, int limit) {
    if (kernel == nullptr) return finish(cudaErrorInvalidDeviceFunction);
    const int most = limit > 0 ? std::min<int>(limit, most_threads) : most_threads;
    int best_threads = 0;
    for (int threads = most / warpSize * warpSize; threads >= warpSize; threads -= warpSize) {
        const int resident =
            threads * blocks_per_multiprocessor_for(static_cast<unsigned>(threads), dynamic_shared);
        if (resident > best_threads) {
            best_threads = resident;
            *block = threads;
            *grid = multiprocessors * resident / threads;
        }
    }
    return finish(best_threads > 0 ? cudaSuccess : cudaErrorInvalidValue);
}

// ---- profilers ----------------------------------------------------------------------------------

cudaError_t cudaProfilerStart() {
    return cudaSuccess;
}
cudaError_t cudaProfilerStop() {
    return cudaSuccess;
}

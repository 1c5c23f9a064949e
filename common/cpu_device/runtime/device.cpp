// What the device does with a launch, and what it says about kernels.
#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/device_limits.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/memory.hpp"
#include "common/cpu_device/runtime/settings.hpp"
#include "common/cpu_device/runtime/streams.hpp"
#include "common/cpu_device/runtime/workers.hpp"

namespace t2t::cpu_device {
namespace {

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

/// Why a launch is not started.
struct Refusal {
    cudaError_t error = cudaSuccess;
    std::string why;
};

std::string text_of(const dim3& sides) {
    return '(' + std::to_string(sides.x) + ", " + std::to_string(sides.y) + ", " +
           std::to_string(sides.z) + ')';
}

// What a GPU checks before it starts anything. The code is the one that CUDA 13 was seen to answer
// on an H200; CUDA 12 answers cudaErrorInvalidConfiguration.
Refusal check_configuration(const BoundLaunch& launch) {
    const dim3& grid = launch.configuration.grid;
    const dim3& block = launch.configuration.block;
    const std::size_t shared = launch.configuration.shared_bytes;
    const auto has_no = [](const dim3& sides) {
        return sides.x == 0 || sides.y == 0 || sides.z == 0;
    };
    if (has_no(grid))
        return {cudaErrorInvalidValue, "its grid is " + text_of(grid) + ", which holds no block"};
    if (grid.x > most_blocks_x || grid.y > most_blocks_yz || grid.z > most_blocks_yz) {
        return {cudaErrorInvalidValue,
                "its grid is " + text_of(grid) + ", and " +
                    text_of({most_blocks_x, most_blocks_yz, most_blocks_yz}) + " is the largest"};
    }
    if (has_no(block)) {
        return {cudaErrorInvalidValue,
                "its block is " + text_of(block) + ", which holds no thread"};
    }
    const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
    if (block.x > most_threads || block.y > most_threads || threads > most_threads) {
        return {cudaErrorInvalidValue, "its block has " + std::to_string(threads) +
                                           " threads, and " + std::to_string(most_threads) +
                                           " are the most"};
    }
    if (block.z > most_threads_z) {
        return {cudaErrorInvalidValue, "its block is " + text_of(block) + ", and " +
                                           std::to_string(most_threads_z) + " is the longest z"};
    }
    if (shared != 0 && shared > opt_ins().limit(launch.address)) {
        return {cudaErrorInvalidValue, "it asks for " + std::to_string(shared) +
                                           " bytes of dynamic shared memory, and " +
                                           std::to_string(opt_ins().limit(launch.address)) +
                                           " are the most until cudaFuncSetAttribute allows more"};
    }
    if (launch.configuration.cooperative) {
        const std::uint64_t resident =
            std::uint64_t{multiprocessors} * static_cast<unsigned>(blocks_per_multiprocessor_for(
                                                 static_cast<unsigned>(threads), shared));
        if (std::uint64_t{grid.x} * grid.y * grid.z > resident) {
            return {cudaErrorCooperativeLaunchTooLarge,
                    "a cooperative launch runs all of its blocks at once, and " +
                        std::to_string(resident) + " fit"};
        }
    }
    return {};
}

// The ends of the program's own code and variables, by the linker; __device__ variables are among these here.
extern "C" const char __executable_start, _end;

// Whether a kernel gets memory by `pointer` that a GPU cannot reach. The end of an array is the array's.
bool is_of_the_host(const void* pointer) {
    const auto* const byte = static_cast<const char*>(pointer);
    if (byte == nullptr || (byte >= &__executable_start && byte < &_end)) return false;
    return !is_device_range(byte, 1) && !is_device_range(byte - 1, 1);
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
    const observer::StreamWork in_order(observed_stream(launch.configuration.stream), "a launch");
    if (watches_for_host_pointers() && std::ranges::any_of(launch.pointers, is_of_the_host)) {
        note_host_pointer(launch.kernel);
    }
    observer::begin_launch(record);
    run_blocks(record);
    close_to_host();
    observer::end_launch(record);
    if (record.fault != cudaSuccess) set_sticky_error(record.fault, record.fault_detail);
}

}  // namespace

cudaError_t run_or_record(const BoundLaunch& launch) {
    if (in_kernel())
        fault(cudaErrorNotSupported, "a kernel launches a kernel; launch it from the host");
    if (sticky_error() != cudaSuccess) {
        note_skipped_launch(launch.kernel);
        return finish(cudaSuccess);
    }
    if (const Refusal refused = check_configuration(launch); refused.error != cudaSuccess) {
        note_refused_launch(refused.error, launch.kernel, refused.why);
        return finish(refused.error);
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

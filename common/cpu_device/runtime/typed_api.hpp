/// @file
/// The part of the runtime API that C++ calls with types: symbols, kernels as arguments, T** for
/// void**.
#pragma once

#include <cstddef>
#include <utility>

#include "common/cpu_device/include/cuda_runtime_api.h"
#include "common/cpu_device/runtime/kernel_pointers.hpp"
#include "common/cpu_device/runtime/launch.hpp"

template <typename T>
cudaError_t cudaMalloc(T** pointer, std::size_t bytes) {
    return cudaMalloc(reinterpret_cast<void**>(pointer), bytes);
}
template <typename T>
cudaError_t cudaMallocManaged(T** pointer, std::size_t bytes,
                              unsigned flags = cudaMemAttachGlobal) {
    return cudaMallocManaged(reinterpret_cast<void**>(pointer), bytes, flags);
}
template <typename T>
cudaError_t cudaMallocAsync(T** pointer, std::size_t bytes, cudaStream_t stream) {
    return cudaMallocAsync(reinterpret_cast<void**>(pointer), bytes, stream);
}
template <typename T>
cudaError_t cudaMallocHost(T** pointer, std::size_t bytes, unsigned flags = 0) {
    return cudaMallocHost(reinterpret_cast<void**>(pointer), bytes, flags);
}
template <typename T>
cudaError_t cudaHostAlloc(T** pointer, std::size_t bytes, unsigned flags) {
    return cudaHostAlloc(reinterpret_cast<void**>(pointer), bytes, flags);
}
template <typename T>
cudaError_t cudaMallocPitch(T** pointer, std::size_t* pitch, std::size_t width,
                            std::size_t height) {
    return cudaMallocPitch(reinterpret_cast<void**>(pointer), pitch, width, height);
}

template <typename T>
cudaError_t cudaHostGetDevicePointer(T** device, void* host, unsigned flags) {
    return cudaHostGetDevicePointer(reinterpret_cast<void**>(device), host, flags);
}

// ---- symbols: a __device__ or __constant__ variable is a global variable here

namespace t2t::cpu_device {
/// Makes `bytes` at `address` known as device memory. @returns the address
void* register_symbol(const void* address, std::size_t bytes);
/// Copies within a symbol, after checking that offset and bytes stay inside it.
cudaError_t copy_symbol(void* symbol, std::size_t symbol_bytes, void* other, std::size_t bytes,
                        std::size_t offset, bool to_symbol, cudaStream_t stream);
}  // namespace t2t::cpu_device

template <typename T>
cudaError_t cudaGetSymbolAddress(void** pointer, const T& symbol) {
    *pointer = t2t::cpu_device::register_symbol(&symbol, sizeof(T));
    return cudaSuccess;
}
template <typename T, typename U>
cudaError_t cudaGetSymbolAddress(U** pointer, const T& symbol) {
    return cudaGetSymbolAddress(reinterpret_cast<void**>(pointer), symbol);
}
template <typename T>
cudaError_t cudaGetSymbolSize(std::size_t* bytes, const T&) {
    *bytes = sizeof(T);
    return cudaSuccess;
}
template <typename T>
cudaError_t cudaMemcpyToSymbolAsync(const T& symbol, const void* from, std::size_t bytes,
                                    std::size_t offset = 0, cudaMemcpyKind = cudaMemcpyHostToDevice,
                                    cudaStream_t stream = nullptr) {
    return t2t::cpu_device::copy_symbol(const_cast<void*>(static_cast<const void*>(&symbol)),
                                        sizeof(T), const_cast<void*>(from), bytes, offset, true,
                                        stream);
}
template <typename T>
cudaError_t cudaMemcpyToSymbol(const T& symbol, const void* from, std::size_t bytes,
                               std::size_t offset = 0,
                               cudaMemcpyKind kind = cudaMemcpyHostToDevice) {
    return cudaMemcpyToSymbolAsync(symbol, from, bytes, offset, kind);
}
template <typename T>
cudaError_t cudaMemcpyFromSymbolAsync(void* to, const T& symbol, std::size_t bytes,
                                      std::size_t offset = 0,
                                      cudaMemcpyKind = cudaMemcpyDeviceToHost,
                                      cudaStream_t stream = nullptr) {
    return t2t::cpu_device::copy_symbol(const_cast<void*>(static_cast<const void*>(&symbol)),
                                        sizeof(T), to, bytes, offset, false, stream);
}
template <typename T>
cudaError_t cudaMemcpyFromSymbol(void* to, const T& symbol, std::size_t bytes,
                                 std::size_t offset = 0,
                                 cudaMemcpyKind kind = cudaMemcpyDeviceToHost) {
    return cudaMemcpyFromSymbolAsync(to, symbol, bytes, offset, kind);
}

template <typename T>
cudaError_t cudaGraphAddMemcpyNodeToSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                           const cudaGraphNode_t* dependencies, std::size_t count,
                                           const T& symbol, const void* from, std::size_t bytes,
                                           std::size_t offset, cudaMemcpyKind kind) {
    char* const to = static_cast<char*>(t2t::cpu_device::register_symbol(&symbol, sizeof(T)));
    return cudaGraphAddMemcpyNode1D(node, graph, dependencies, count, to + offset, from, bytes,
                                    kind);
}
template <typename T>
cudaError_t cudaGraphAddMemcpyNodeFromSymbol(cudaGraphNode_t* node, cudaGraph_t graph,
                                             const cudaGraphNode_t* dependencies, std::size_t count,
                                             void* to, const T& symbol, std::size_t bytes,
                                             std::size_t offset, cudaMemcpyKind kind) {
    char* const from = static_cast<char*>(t2t::cpu_device::register_symbol(&symbol, sizeof(T)));
    return cudaGraphAddMemcpyNode1D(node, graph, dependencies, count, to, from + offset, bytes,
                                    kind);
}

// ---- kernels as arguments

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void* kernel);
cudaError_t cudaFuncSetCacheConfig(const void* kernel, cudaFuncCache config);
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int block_size,
                                                          std::size_t dynamic_shared);
cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(std::size_t* bytes, const void* kernel,
                                                      int blocks, int block_size);
cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, const void* kernel,
                                               std::size_t dynamic_shared = 0, int limit = 0);

template <typename... P>
cudaError_t cudaFuncSetAttribute(void (*kernel)(P...), cudaFuncAttribute attribute, int value) {
    return cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel), attribute, value);
}
template <typename... P>
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, void (*kernel)(P...)) {
    return cudaFuncGetAttributes(attributes, reinterpret_cast<const void*>(kernel));
}
template <typename... P>
cudaError_t cudaFuncSetCacheConfig(void (*kernel)(P...), cudaFuncCache config) {
    return cudaFuncSetCacheConfig(reinterpret_cast<const void*>(kernel), config);
}
inline cudaError_t cudaFuncSetSharedMemConfig(const void*, cudaSharedMemConfig) {
    return cudaSuccess;
}
template <typename... P>
cudaError_t cudaFuncSetSharedMemConfig(void (*)(P...), cudaSharedMemConfig) {
    return cudaSuccess;
}
template <typename... P>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void (*kernel)(P...),
                                                          int block_size,
                                                          std::size_t dynamic_shared) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(
        blocks, reinterpret_cast<const void*>(kernel), block_size, dynamic_shared);
}
inline cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, const void* kernel, int block_size, std::size_t dynamic_shared, unsigned) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, block_size,
                                                         dynamic_shared);
}
template <typename... P>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(
    int* blocks, void (*kernel)(P...), int block_size, std::size_t dynamic_shared, unsigned) {
    return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, block_size,
                                                         dynamic_shared);
}
template <typename... P>
cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(std::size_t* bytes, void (*kernel)(P...),
                                                      int blocks, int block_size) {
    return cudaOccupancyAvailableDynamicSMemPerBlock(bytes, reinterpret_cast<const void*>(kernel),
                                                     blocks, block_size);
}
template <typename... P>
cudaError_t cudaOccupancyMaxPotentialBlockSize(int* grid, int* block, void (*kernel)(P...),
                                               std::size_t dynamic_shared = 0, int limit = 0) {
    return cudaOccupancyMaxPotentialBlockSize(grid, block, reinterpret_cast<const void*>(kernel),
                                              dynamic_shared, limit);
}

/// The same where a block's dynamic shared memory depends on its size: bytes_of(threads).
template <typename... P, typename BytesOf>
cudaError_t cudaOccupancyMaxPotentialBlockSizeVariableSMem(int* grid, int* block,
                                                           void (*kernel)(P...), BytesOf bytes_of,
                                                           int limit = 0) {
    int best = 0;
    for (int threads = limit > 0 && limit < 1024 ? limit / 32 * 32 : 1024; threads > 0;
         threads -= 32) {
        int blocks = 0;
        const cudaError_t error = cudaOccupancyMaxActiveBlocksPerMultiprocessor(
            &blocks, kernel, threads, static_cast<std::size_t>(bytes_of(threads)));
        if (error != cudaSuccess) return error;
        if (blocks * threads <= best) continue;
        best = blocks * threads;
        *block = threads;
        int multiprocessors = 0;
        cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, 0);
        *grid = blocks * multiprocessors;
    }
    return best > 0 ? cudaSuccess : cudaErrorInvalidValue;
}

/// Launches a kernel given by its pointer.
template <typename... P>
cudaError_t cudaLaunchKernel(void (*kernel)(P...), dim3 grid, dim3 block, void** arguments,
                             std::size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
    return t2t::cpu_device::launch_with_pointers(kernel, {grid, block, shared_bytes, stream, false},
                                                 arguments, std::index_sequence_for<P...>{});
}
inline cudaError_t cudaLaunchKernel(const void* kernel, dim3 grid, dim3 block, void** arguments,
                                    std::size_t shared_bytes = 0, cudaStream_t stream = nullptr) {
    return t2t::cpu_device::launch_known_kernel(kernel, {grid, block, shared_bytes, stream, false},
                                                arguments);
}
/// Launches a grid whose blocks are all resident, so that they may wait for each other.
template <typename... P>
cudaError_t cudaLaunchCooperativeKernel(void (*kernel)(P...), dim3 grid, dim3 block,
                                        void** arguments, std::size_t shared_bytes = 0,
                                        cudaStream_t stream = nullptr) {
    return t2t::cpu_device::launch_with_pointers(kernel, {grid, block, shared_bytes, stream, true},
                                                 arguments, std::index_sequence_for<P...>{});
}
inline cudaError_t cudaLaunchCooperativeKernel(const void* kernel, dim3 grid, dim3 block,
                                               void** arguments, std::size_t shared_bytes = 0,
                                               cudaStream_t stream = nullptr) {
    return t2t::cpu_device::launch_known_kernel(kernel, {grid, block, shared_bytes, stream, true},
                                                arguments);
}

/// Launch configuration of cudaLaunchKernelEx.
struct cudaLaunchConfig_t {
    dim3 gridDim;
    dim3 blockDim;
    std::size_t dynamicSmemBytes;
    cudaStream_t stream;
    cudaLaunchAttribute* attrs;
    unsigned numAttrs;
};
namespace t2t::cpu_device {
/// What a launch with attributes asks for; those that would change no result are passed over.
inline LaunchConfiguration configuration_of(const cudaLaunchConfig_t& config) {
    bool cooperative = false;
    for (unsigned i = 0; i < config.numAttrs; ++i) {
        if (config.attrs[i].id == cudaLaunchAttributeCooperative)
            cooperative = config.attrs[i].val.cooperative;
    }
    return {config.gridDim, config.blockDim, config.dynamicSmemBytes, config.stream, cooperative};
}
}  // namespace t2t::cpu_device

template <typename... P, typename... A>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(P...),
                               A&&... arguments) {
    return t2t::cpu_device::launch(
        "kernel", t2t::cpu_device::configuration_of(*config), reinterpret_cast<const void*>(kernel),
        [kernel](auto&... values) { kernel(values...); },
        static_cast<P>(std::forward<A>(arguments))...);
}
inline cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* config, const void* kernel,
                                       void** arguments) {
    return t2t::cpu_device::launch_known_kernel(kernel, t2t::cpu_device::configuration_of(*config),
                                                arguments);
}

inline cudaError_t cudaEventCreate(cudaEvent_t* event, unsigned flags) {
    return cudaEventCreateWithFlags(event, flags);
}

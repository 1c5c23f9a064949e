// The device as programs see it: its properties and its limits.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/device_limits.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/settings.hpp"
#include "common/cpu_device/runtime/streams.hpp"

using namespace t2t::cpu_device;

namespace {

constexpr const char* bus_id = "0000:00:00.0";

// Two channels of DDR4-3200, which programs make 51 GB/s of: a guess.
constexpr int memory_bus_bits = 128;
constexpr int memory_clock = 1'600'000;  // kHz
constexpr int clock_rate = 1'000'000;    // kHz: clock64() counts nanoseconds

}  // namespace

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
    return finish(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaChooseDevice(int* device, const cudaDeviceProp* wanted) {
    if (device == nullptr || wanted == nullptr) return finish(cudaErrorInvalidValue);
    *device = 0;
    return finish(cudaSuccess);
}
cudaError_t cudaSetValidDevices(int* devices, int count) {
    const bool only_ours = count == 0 || (devices != nullptr && count == 1 && devices[0] == 0);
    return finish(only_ours ? cudaSuccess : cudaErrorInvalidDevice);
}
cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
    return cudaSetDevice(device);
}

namespace {
unsigned device_flags = cudaDeviceMapHost;  // how the host waits: kept for who asks
}

cudaError_t cudaSetDeviceFlags(unsigned flags) {
    device_flags = flags | cudaDeviceMapHost;
    return finish(cudaSuccess);
}
cudaError_t cudaGetDeviceFlags(unsigned* flags) {
    if (flags == nullptr) return finish(cudaErrorInvalidValue);
    *flags = device_flags;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSynchronize() {
    if (const cudaError_t refused = refuse_while_capturing(); refused != cudaSuccess)
        return finish(refused);
    t2t::observer::host_waits_for_all();
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceReset() {
    t2t::observer::host_waits_for_all();
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

cudaError_t cudaDeviceGetP2PAttribute(int*, cudaDeviceP2PAttr, int, int) {
    return finish(cudaErrorInvalidDevice);  // there are no two devices
}
cudaError_t cudaDeviceGetPCIBusId(char* text, int bytes, int device) {
    if (text == nullptr || bytes <= 0) return finish(cudaErrorInvalidValue);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    std::snprintf(text, static_cast<std::size_t>(bytes), "%s", bus_id);
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetByPCIBusId(int* device, const char* text) {
    if (device == nullptr || text == nullptr) return finish(cudaErrorInvalidValue);
    if (std::strcmp(text, bus_id) != 0) return finish(cudaErrorInvalidDevice);
    *device = 0;
    return finish(cudaSuccess);
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
    properties->hostRegisterReadOnlySupported = 1;
    properties->canUseHostPointerForRegisteredMem = 1;
    properties->hostNativeAtomicSupported = 1;
    properties->computePreemptionSupported = 1;
    properties->texturePitchAlignment = 32;
    properties->surfaceAlignment = 512;
    properties->memoryBusWidth = memory_bus_bits;
    properties->memoryClockRate = memory_clock;
    properties->clockRate = clock_rate;
    properties->singleToDoublePrecisionPerfRatio = 2;
    std::memcpy(properties->uuid.bytes, "CPU device 0", 12);
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
#define T2T_ATTRIBUTE(attribute, property)       \
    case attribute:                              \
        *value = static_cast<int>(all.property); \
        break;
    switch (attribute) {
        T2T_ATTRIBUTE(cudaDevAttrMaxThreadsPerBlock, maxThreadsPerBlock)
        T2T_ATTRIBUTE(cudaDevAttrMaxBlockDimX, maxThreadsDim[0])
        T2T_ATTRIBUTE(cudaDevAttrMaxBlockDimY, maxThreadsDim[1])
        T2T_ATTRIBUTE(cudaDevAttrMaxBlockDimZ, maxThreadsDim[2])
        T2T_ATTRIBUTE(cudaDevAttrMaxGridDimX, maxGridSize[0])
        T2T_ATTRIBUTE(cudaDevAttrMaxGridDimY, maxGridSize[1])
        T2T_ATTRIBUTE(cudaDevAttrMaxGridDimZ, maxGridSize[2])
        T2T_ATTRIBUTE(cudaDevAttrMaxSharedMemoryPerBlock, sharedMemPerBlock)
        T2T_ATTRIBUTE(cudaDevAttrTotalConstantMemory, totalConstMem)
        T2T_ATTRIBUTE(cudaDevAttrWarpSize, warpSize)
        T2T_ATTRIBUTE(cudaDevAttrMaxPitch, memPitch)
        T2T_ATTRIBUTE(cudaDevAttrMaxRegistersPerBlock, regsPerBlock)
        T2T_ATTRIBUTE(cudaDevAttrClockRate, clockRate)
        T2T_ATTRIBUTE(cudaDevAttrTextureAlignment, textureAlignment)
        T2T_ATTRIBUTE(cudaDevAttrGpuOverlap, deviceOverlap)
        T2T_ATTRIBUTE(cudaDevAttrMultiProcessorCount, multiProcessorCount)
        T2T_ATTRIBUTE(cudaDevAttrKernelExecTimeout, kernelExecTimeoutEnabled)
        T2T_ATTRIBUTE(cudaDevAttrIntegrated, integrated)
        T2T_ATTRIBUTE(cudaDevAttrCanMapHostMemory, canMapHostMemory)
        T2T_ATTRIBUTE(cudaDevAttrComputeMode, computeMode)
        T2T_ATTRIBUTE(cudaDevAttrSurfaceAlignment, surfaceAlignment)
        T2T_ATTRIBUTE(cudaDevAttrConcurrentKernels, concurrentKernels)
        T2T_ATTRIBUTE(cudaDevAttrEccEnabled, ECCEnabled)
        T2T_ATTRIBUTE(cudaDevAttrPciBusId, pciBusID)
        T2T_ATTRIBUTE(cudaDevAttrPciDeviceId, pciDeviceID)
        T2T_ATTRIBUTE(cudaDevAttrTccDriver, tccDriver)
        T2T_ATTRIBUTE(cudaDevAttrMemoryClockRate, memoryClockRate)
        T2T_ATTRIBUTE(cudaDevAttrGlobalMemoryBusWidth, memoryBusWidth)
        T2T_ATTRIBUTE(cudaDevAttrL2CacheSize, l2CacheSize)
        T2T_ATTRIBUTE(cudaDevAttrMaxThreadsPerMultiProcessor, maxThreadsPerMultiProcessor)
        T2T_ATTRIBUTE(cudaDevAttrAsyncEngineCount, asyncEngineCount)
        T2T_ATTRIBUTE(cudaDevAttrUnifiedAddressing, unifiedAddressing)
        T2T_ATTRIBUTE(cudaDevAttrPciDomainId, pciDomainID)
        T2T_ATTRIBUTE(cudaDevAttrTexturePitchAlignment, texturePitchAlignment)
        T2T_ATTRIBUTE(cudaDevAttrComputeCapabilityMajor, major)
        T2T_ATTRIBUTE(cudaDevAttrComputeCapabilityMinor, minor)
        T2T_ATTRIBUTE(cudaDevAttrStreamPrioritiesSupported, streamPrioritiesSupported)
        T2T_ATTRIBUTE(cudaDevAttrGlobalL1CacheSupported, globalL1CacheSupported)
        T2T_ATTRIBUTE(cudaDevAttrLocalL1CacheSupported, localL1CacheSupported)
        T2T_ATTRIBUTE(cudaDevAttrMaxSharedMemoryPerMultiprocessor, sharedMemPerMultiprocessor)
        T2T_ATTRIBUTE(cudaDevAttrMaxRegistersPerMultiprocessor, regsPerMultiprocessor)
        T2T_ATTRIBUTE(cudaDevAttrManagedMemory, managedMemory)
        T2T_ATTRIBUTE(cudaDevAttrIsMultiGpuBoard, isMultiGpuBoard)
        T2T_ATTRIBUTE(cudaDevAttrHostNativeAtomicSupported, hostNativeAtomicSupported)
        T2T_ATTRIBUTE(cudaDevAttrSingleToDoublePrecisionPerfRatio, singleToDoublePrecisionPerfRatio)
        T2T_ATTRIBUTE(cudaDevAttrPageableMemoryAccess, pageableMemoryAccess)
        T2T_ATTRIBUTE(cudaDevAttrConcurrentManagedAccess, concurrentManagedAccess)
        T2T_ATTRIBUTE(cudaDevAttrComputePreemptionSupported, computePreemptionSupported)
        T2T_ATTRIBUTE(cudaDevAttrCanUseHostPointerForRegisteredMem,
                      canUseHostPointerForRegisteredMem)
        T2T_ATTRIBUTE(cudaDevAttrCooperativeLaunch, cooperativeLaunch)
        T2T_ATTRIBUTE(cudaDevAttrMaxSharedMemoryPerBlockOptin, sharedMemPerBlockOptin)
        T2T_ATTRIBUTE(cudaDevAttrHostRegisterSupported, hostRegisterSupported)
        T2T_ATTRIBUTE(cudaDevAttrPageableMemoryAccessUsesHostPageTables,
                      pageableMemoryAccessUsesHostPageTables)
        T2T_ATTRIBUTE(cudaDevAttrDirectManagedMemAccessFromHost, directManagedMemAccessFromHost)
        T2T_ATTRIBUTE(cudaDevAttrMaxBlocksPerMultiprocessor, maxBlocksPerMultiProcessor)
        T2T_ATTRIBUTE(cudaDevAttrMaxPersistingL2CacheSize, persistingL2CacheMaxSize)
        T2T_ATTRIBUTE(cudaDevAttrMaxAccessPolicyWindowSize, accessPolicyMaxWindowSize)
        T2T_ATTRIBUTE(cudaDevAttrReservedSharedMemoryPerBlock, reservedSharedMemPerBlock)
        T2T_ATTRIBUTE(cudaDevAttrHostRegisterReadOnlySupported, hostRegisterReadOnlySupported)
        T2T_ATTRIBUTE(cudaDevAttrMemoryPoolsSupported, memoryPoolsSupported)
        T2T_ATTRIBUTE(cudaDevAttrClusterLaunch, clusterLaunch)
        default:
            *value = 0;  // textures, other devices, buses: what a CPU does not have
    }
#undef T2T_ATTRIBUTE
    return finish(cudaSuccess);
}

namespace {

/// Limits are remembered and read back; the CPU device itself needs none of them.
std::size_t* limit_of(cudaLimit limit) {
    static std::size_t stack = 1024;
    static std::size_t printf_buffer = 1 << 20;
    static std::size_t heap = 8 << 20;
    static std::size_t nested_waits = 2;
    static std::size_t nested_launches = 2048;
    static std::size_t fetch = 64;
    static std::size_t persisting = 0;
    switch (limit) {
        case cudaLimitStackSize:
            return &stack;
        case cudaLimitPrintfFifoSize:
            return &printf_buffer;
        case cudaLimitMallocHeapSize:
            return &heap;
        case cudaLimitDevRuntimeSyncDepth:
            return &nested_waits;
        case cudaLimitDevRuntimePendingLaunchCount:
            return &nested_launches;
        case cudaLimitMaxL2FetchGranularity:
            return &fetch;
        case cudaLimitPersistingL2CacheSize:
            return &persisting;
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
cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache* config) {
    if (config == nullptr) return finish(cudaErrorInvalidValue);
    *config = cudaFuncCachePreferNone;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetSharedMemConfig(cudaSharedMemConfig* config) {
    if (config == nullptr) return finish(cudaErrorInvalidValue);
    *config = cudaSharedMemBankSizeFourByte;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSetSharedMemConfig(cudaSharedMemConfig) {
    return finish(cudaSuccess);
}
cudaError_t cudaCtxResetPersistingL2Cache() {
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
    *least = *greatest = 0;
    return finish(cudaSuccess);
}

/// @file
/// As much of the driver API as programs of the runtime API use: types, errors, devices, and memory.
/// Modules and launches by the driver are not served: there is no PTX here to load.
#pragma once

#include <cstdint>
#include <cstring>

#include "cuda_runtime_api.h"

/// As CUDART_VERSION.
#define CUDA_VERSION 13000
#define CUDAAPI

typedef int CUdevice;
typedef unsigned long long CUdeviceptr;  ///< an address on the device
typedef struct CUctx_st* CUcontext;
typedef struct CUmod_st* CUmodule;
typedef struct CUfunc_st* CUfunction;
typedef cudaStream_t CUstream;
typedef cudaEvent_t CUevent;

/// What functions of the driver API return.
typedef enum cudaError_enum {
#define T2T_DRIVER_ERROR(name, number) name = number,
#include "cuda_driver_errors.inc"
#undef T2T_DRIVER_ERROR
} CUresult;

/// As cudaDeviceAttr, number for number.
typedef enum CUdevice_attribute_enum {
    CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 1,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X = 2,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y = 3,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z = 4,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y = 6,
    CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z = 7,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK = 8,
    CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY = 9,
    CU_DEVICE_ATTRIBUTE_WARP_SIZE = 10,
    CU_DEVICE_ATTRIBUTE_MAX_PITCH = 11,
    CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK = 12,
    CU_DEVICE_ATTRIBUTE_CLOCK_RATE = 13,
    CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT = 14,
    CU_DEVICE_ATTRIBUTE_GPU_OVERLAP = 15,
    CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT = 16,
    CU_DEVICE_ATTRIBUTE_KERNEL_EXEC_TIMEOUT = 17,
    CU_DEVICE_ATTRIBUTE_INTEGRATED = 18,
    CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY = 19,
    CU_DEVICE_ATTRIBUTE_COMPUTE_MODE = 20,
    CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS = 31,
    CU_DEVICE_ATTRIBUTE_ECC_ENABLED = 32,
    CU_DEVICE_ATTRIBUTE_PCI_BUS_ID = 33,
    CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID = 34,
    CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID = 50,
    CU_DEVICE_ATTRIBUTE_TCC_DRIVER = 35,
    CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE = 36,
    CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH = 37,
    CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE = 38,
    CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR = 39,
    CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT = 40,
    CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING = 41,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
    CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76,
    CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED = 78,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR = 81,
    CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR = 82,
    CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY = 83,
    CU_DEVICE_ATTRIBUTE_PAGEABLE_MEMORY_ACCESS = 88,
    CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS = 89,
    CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH = 95,
    CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN = 97,
    CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR = 106,
    CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED = 115,
    CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH = 120
} CUdevice_attribute;

/// @name Errors
///@{
inline CUresult cuGetErrorName(CUresult error, const char** name) {
    switch (error) {
#define T2T_DRIVER_ERROR(code, number) \
    case code:                         \
        *name = #code;                 \
        return CUDA_SUCCESS;
#include "cuda_driver_errors.inc"
#undef T2T_DRIVER_ERROR
    }
    *name = nullptr;
    return CUDA_ERROR_INVALID_VALUE;
}
inline CUresult cuGetErrorString(CUresult error, const char** text) {
    *text = cudaGetErrorString(static_cast<cudaError_t>(error));
    return CUDA_SUCCESS;
}
///@}

/// @name Devices
///@{
inline CUresult cuInit(unsigned flags) {
    return flags == 0 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
inline CUresult cuDriverGetVersion(int* version) {
    return static_cast<CUresult>(cudaDriverGetVersion(version));
}
inline CUresult cuDeviceGetCount(int* count) {
    return static_cast<CUresult>(cudaGetDeviceCount(count));
}
inline CUresult cuDeviceGet(CUdevice* device, int number) {
    *device = number;
    return static_cast<CUresult>(cudaSetDevice(number));
}
inline CUresult cuDeviceGetAttribute(int* value, CUdevice_attribute attribute, CUdevice device) {
    return static_cast<CUresult>(
        cudaDeviceGetAttribute(value, static_cast<cudaDeviceAttr>(attribute), device));
}
inline CUresult cuDeviceGetName(char* name, int bytes, CUdevice device) {
    cudaDeviceProp properties;
    const cudaError_t error = cudaGetDeviceProperties(&properties, device);
    if (error != cudaSuccess || bytes <= 0) return static_cast<CUresult>(error);
    std::strncpy(name, properties.name, static_cast<std::size_t>(bytes) - 1);
    name[bytes - 1] = 0;
    return CUDA_SUCCESS;
}
inline CUresult cuDeviceTotalMem(std::size_t* bytes, CUdevice) {
    std::size_t free = 0;
    return static_cast<CUresult>(cudaMemGetInfo(&free, bytes));
}
///@}

/// @name Contexts
/// The device has one, and every thread is in it.
///@{
inline CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice) {
    *context = nullptr;
    return CUDA_SUCCESS;
}
inline CUresult cuDevicePrimaryCtxRelease(CUdevice) {
    return CUDA_SUCCESS;
}
inline CUresult cuCtxCreate(CUcontext* context, unsigned, CUdevice) {
    *context = nullptr;
    return CUDA_SUCCESS;
}
inline CUresult cuCtxDestroy(CUcontext) {
    return CUDA_SUCCESS;
}
inline CUresult cuCtxSetCurrent(CUcontext) {
    return CUDA_SUCCESS;
}
inline CUresult cuCtxGetCurrent(CUcontext* context) {
    *context = nullptr;
    return CUDA_SUCCESS;
}
inline CUresult cuCtxGetDevice(CUdevice* device) {
    *device = 0;
    return CUDA_SUCCESS;
}
inline CUresult cuCtxSynchronize() {
    return static_cast<CUresult>(cudaDeviceSynchronize());
}
///@}

/// @name Memory
///@{
inline CUresult cuMemAlloc(CUdeviceptr* pointer, std::size_t bytes) {
    void* memory = nullptr;
    const cudaError_t error = cudaMalloc(&memory, bytes);
    *pointer = reinterpret_cast<std::uintptr_t>(memory);
    return static_cast<CUresult>(error);
}
inline CUresult cuMemFree(CUdeviceptr pointer) {
    return static_cast<CUresult>(cudaFree(reinterpret_cast<void*>(pointer)));
}
inline CUresult cuMemGetInfo(std::size_t* free, std::size_t* total) {
    return static_cast<CUresult>(cudaMemGetInfo(free, total));
}
inline CUresult cuMemcpyHtoD(CUdeviceptr to, const void* from, std::size_t bytes) {
    return static_cast<CUresult>(
        cudaMemcpy(reinterpret_cast<void*>(to), from, bytes, cudaMemcpyHostToDevice));
}
inline CUresult cuMemcpyDtoH(void* to, CUdeviceptr from, std::size_t bytes) {
    return static_cast<CUresult>(
        cudaMemcpy(to, reinterpret_cast<void*>(from), bytes, cudaMemcpyDeviceToHost));
}
inline CUresult cuMemsetD8(CUdeviceptr to, unsigned char value, std::size_t bytes) {
    return static_cast<CUresult>(cudaMemset(reinterpret_cast<void*>(to), value, bytes));
}
///@}

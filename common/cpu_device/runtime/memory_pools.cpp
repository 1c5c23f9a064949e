#include "common/cpu_device/runtime/memory_pools.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/memory.hpp"

/// What is known of a pool.
struct CUmemPoolHandle_st {
    std::uint64_t used = 0;                 ///< bytes allocated now
    std::uint64_t high = 0;                 ///< the most that ever were
    std::map<int, std::uint64_t> settings;  ///< attributes that were set, by cudaMemPoolAttr
};

namespace t2t::cpu_device {
namespace {

struct Lease {
    cudaMemPool_t pool;
    std::size_t bytes;
};

struct Pools {
    std::mutex mutex;
    CUmemPoolHandle_st standard;
    cudaMemPool_t current = &standard;
    std::set<cudaMemPool_t> created;
    std::map<const void*, Lease> leases;

    bool is_pool(cudaMemPool_t pool) { return pool == &standard || created.count(pool) != 0; }
};
Pools& pools() {
    static Pools* const all = new Pools;
    return *all;
}

}  // namespace

void returned_to_pool(const void* pointer) {
    const std::lock_guard lock(pools().mutex);
    const auto found = pools().leases.find(pointer);
    if (found == pools().leases.end()) return;
    if (pools().is_pool(found->second.pool)) found->second.pool->used -= found->second.bytes;
    pools().leases.erase(found);
}

}  // namespace t2t::cpu_device

using t2t::cpu_device::finish;
using t2t::cpu_device::pools;

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int device) {
    if (pool == nullptr) return finish(cudaErrorInvalidValue);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    *pool = &pools().standard;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
    if (pool == nullptr) return finish(cudaErrorInvalidValue);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    *pool = pools().current;
    return finish(cudaSuccess);
}
cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
    const std::lock_guard lock(pools().mutex);
    if (device != 0) return finish(cudaErrorInvalidDevice);
    if (!pools().is_pool(pool)) return finish(cudaErrorInvalidValue);
    pools().current = pool;
    return finish(cudaSuccess);
}
cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
    if (pool == nullptr || properties == nullptr) return finish(cudaErrorInvalidValue);
    const std::lock_guard lock(pools().mutex);
    *pool = *pools().created.insert(new CUmemPoolHandle_st).first;
    return finish(cudaSuccess);
}
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
    const std::lock_guard lock(pools().mutex);
    if (pools().created.erase(pool) == 0) return finish(cudaErrorInvalidValue);
    if (pools().current == pool) pools().current = &pools().standard;
    delete pool;
    return finish(cudaSuccess);
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
    const std::lock_guard lock(pools().mutex);
    if (!pools().is_pool(pool) || value == nullptr) return finish(cudaErrorInvalidValue);
    if (attribute == cudaMemPoolAttrUsedMemHigh || attribute == cudaMemPoolAttrReservedMemHigh) {
        pool->high = pool->used;  // the one value that may be set is 0: begin anew
    } else if (attribute < cudaMemPoolAttrReleaseThreshold) {
        pool->settings[attribute] = static_cast<std::uint64_t>(*static_cast<int*>(value));
    } else {
        pool->settings[attribute] = *static_cast<std::uint64_t*>(value);
    }
    return finish(cudaSuccess);
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
    const std::lock_guard lock(pools().mutex);
    if (!pools().is_pool(pool) || value == nullptr) return finish(cudaErrorInvalidValue);
    if (attribute < cudaMemPoolAttrReleaseThreshold) {  // the three of these are on by default
        const auto found = pool->settings.find(attribute);
        *static_cast<int*>(value) =
            found == pool->settings.end() ? 1 : static_cast<int>(found->second);
        return finish(cudaSuccess);
    }
    const bool high =
        attribute == cudaMemPoolAttrUsedMemHigh || attribute == cudaMemPoolAttrReservedMemHigh;
    *static_cast<std::uint64_t*>(value) = attribute == cudaMemPoolAttrReleaseThreshold
                                              ? pool->settings[attribute]
                                          : high ? pool->high
                                                 : pool->used;
    return finish(cudaSuccess);
}
cudaError_t cudaMemPoolSetAccess(cudaMemPool_t pool, const cudaMemAccessDesc* access, std::size_t) {
    const std::lock_guard lock(pools().mutex);
    return finish(pools().is_pool(pool) && access != nullptr ? cudaSuccess : cudaErrorInvalidValue);
}
cudaError_t cudaMemPoolGetAccess(cudaMemAccessFlags* flags, cudaMemPool_t pool, cudaMemLocation*) {
    const std::lock_guard lock(pools().mutex);
    if (flags == nullptr || !pools().is_pool(pool)) return finish(cudaErrorInvalidValue);
    *flags = cudaMemAccessFlagsProtReadWrite;
    return finish(cudaSuccess);
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t) {
    const std::lock_guard lock(pools().mutex);
    return finish(pools().is_pool(pool) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaMallocFromPoolAsync(void** pointer, std::size_t bytes, cudaMemPool_t pool,
                                    cudaStream_t stream) {
    {
        const std::lock_guard lock(pools().mutex);
        if (!pools().is_pool(pool)) return finish(cudaErrorInvalidValue);
    }
    const cudaError_t error = t2t::cpu_device::allocate_in_stream(pointer, bytes, stream);
    if (error != cudaSuccess || *pointer == nullptr) return error;
    const std::lock_guard lock(pools().mutex);
    pools().leases[*pointer] = {pool, bytes};
    pool->used += bytes;
    pool->high = std::max(pool->high, pool->used);
    return finish(cudaSuccess);
}
cudaError_t cudaMallocAsync(void** pointer, std::size_t bytes, cudaStream_t stream) {
    return cudaMallocFromPoolAsync(pointer, bytes, pools().current, stream);
}

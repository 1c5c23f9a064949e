// Hints about managed memory: their arguments are checked, as far as programs rely on it, and that is all.
#include <cstring>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/memory.hpp"

using t2t::cpu_device::finish;

namespace {

bool is_place(int device) {
    return device == 0 || device == cudaCpuDeviceId;
}
bool is_place(cudaMemLocation location) {
    return location.type == cudaMemLocationTypeDevice ? location.id == 0
                                                      : location.type != cudaMemLocationTypeInvalid;
}

template <typename Place>
cudaError_t hint(const void* pointer, std::size_t bytes, Place place) {
    if (!t2t::cpu_device::is_device_range(pointer, bytes)) return finish(cudaErrorInvalidValue);
    return finish(is_place(place) ? cudaSuccess : cudaErrorInvalidDevice);
}

}  // namespace

cudaError_t cudaMemPrefetchAsync(const void* pointer, std::size_t bytes, int device, cudaStream_t) {
    return hint(pointer, bytes, device);
}
cudaError_t cudaMemPrefetchAsync(const void* pointer, std::size_t bytes, cudaMemLocation location,
                                 unsigned, cudaStream_t) {
    return hint(pointer, bytes, location);
}
cudaError_t cudaMemAdvise(const void* pointer, std::size_t bytes, cudaMemoryAdvise, int device) {
    return hint(pointer, bytes, device);
}
cudaError_t cudaMemAdvise(const void* pointer, std::size_t bytes, cudaMemoryAdvise,
                          cudaMemLocation location) {
    return hint(pointer, bytes, location);
}

cudaError_t cudaMemRangeGetAttribute(void* value, std::size_t value_bytes,
                                     cudaMemRangeAttribute attribute, const void* pointer,
                                     std::size_t bytes) {
    if (value == nullptr || value_bytes < sizeof(int) ||
        !t2t::cpu_device::is_device_range(pointer, bytes)) {
        return finish(cudaErrorInvalidValue);
    }
    // No hint is kept: nothing is read-mostly, and no place is preferred.
    const int answer = attribute == cudaMemRangeAttributeReadMostly ? 0 : cudaInvalidDeviceId;
    for (std::size_t at = 0; at + sizeof answer <= value_bytes; at += sizeof answer) {
        std::memcpy(static_cast<char*>(value) + at, &answer, sizeof answer);
    }
    return finish(cudaSuccess);
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t, void* pointer, std::size_t, unsigned) {
    return finish(t2t::cpu_device::is_device_range(pointer, 1) ? cudaSuccess
                                                               : cudaErrorInvalidValue);
}

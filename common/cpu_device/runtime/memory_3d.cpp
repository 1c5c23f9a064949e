// Boxes of memory: plane by plane, each a two-dimensional copy or fill.
#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/errors.hpp"

namespace {

char* corner(const cudaPitchedPtr& memory, const cudaPos& at) {
    return static_cast<char*>(memory.ptr) + at.x + memory.pitch * (at.y + memory.ysize * at.z);
}

}  // namespace

cudaError_t cudaMalloc3D(cudaPitchedPtr* pointer, cudaExtent extent) {
    if (pointer == nullptr) return t2t::cpu_device::finish(cudaErrorInvalidValue);
    *pointer = {nullptr, 0, extent.width, extent.height};
    return cudaMallocPitch(&pointer->ptr, &pointer->pitch, extent.width,
                           extent.height * extent.depth);
}

cudaError_t cudaMemcpy3DAsync(const cudaMemcpy3DParms* copy, cudaStream_t stream) {
    if (copy == nullptr) return t2t::cpu_device::finish(cudaErrorInvalidValue);
    if (copy->srcArray != nullptr || copy->dstArray != nullptr) {
        return t2t::cpu_device::finish(cudaErrorNotSupported);
    }
    for (std::size_t z = 0; z < copy->extent.depth; ++z) {
        const std::size_t from_plane = z * copy->srcPtr.pitch * copy->srcPtr.ysize;
        const std::size_t to_plane = z * copy->dstPtr.pitch * copy->dstPtr.ysize;
        const cudaError_t error =
            cudaMemcpy2DAsync(corner(copy->dstPtr, copy->dstPos) + to_plane, copy->dstPtr.pitch,
                              corner(copy->srcPtr, copy->srcPos) + from_plane, copy->srcPtr.pitch,
                              copy->extent.width, copy->extent.height, copy->kind, stream);
        if (error != cudaSuccess) return error;
    }
    return t2t::cpu_device::finish(cudaSuccess);
}
cudaError_t cudaMemcpy3D(const cudaMemcpy3DParms* copy) {
    const cudaError_t error = cudaMemcpy3DAsync(copy, nullptr);
    t2t::observer::host_waits_for_stream(nullptr);
    return error;
}

cudaError_t cudaMemset3DAsync(cudaPitchedPtr pointer, int value, cudaExtent extent,
                              cudaStream_t stream) {
    for (std::size_t z = 0; z < extent.depth; ++z) {
        const cudaError_t error = cudaMemset2DAsync(corner(pointer, {0, 0, z}), pointer.pitch,
                                                    value, extent.width, extent.height, stream);
        if (error != cudaSuccess) return error;
    }
    return t2t::cpu_device::finish(cudaSuccess);
}
cudaError_t cudaMemset3D(cudaPitchedPtr pointer, int value, cudaExtent extent) {
    return cudaMemset3DAsync(pointer, value, extent, nullptr);
}

#include "cli/run/unserved.hpp"

#include <array>

namespace t2t::own {
namespace {

/// What begins so belongs there. The first that fits counts.
struct Family {
    std::string_view prefix;
    std::string_view name;
};

constexpr std::array header_families{
    Family{"cublas", "cuBLAS"},
    Family{"nvblas", "cuBLAS"},
    Family{"cufft", "cuFFT"},
    Family{"curand", "cuRAND"},
    Family{"cusparse", "cuSPARSE"},
    Family{"cusolver", "cuSOLVER"},
    Family{"cudnn", "cuDNN"},
    Family{"nccl", "NCCL"},
    Family{"npp", "NPP"},
    Family{"nvrtc", "NVRTC"},
    Family{"nvml", "NVML"},
    Family{"thrust/", "Thrust"},
    Family{"cub/", "CUB"},
    Family{"cuda/", "libcu++"},
    Family{"cutlass/", "CUTLASS"},
    Family{"cute/", "CuTe"},
    Family{"texture_", "textures"},
    Family{"surface_", "surfaces"},
    Family{"cudaGL.h", "OpenGL interoperability"},
    Family{"cuda_gl_interop.h", "OpenGL interoperability"},
    Family{"cudaEGL.h", "EGL interoperability"},
    Family{"cuda_texture_types.h", "textures"},
    Family{"channel_descriptor.h", "textures"},
};

constexpr std::array name_families{
    Family{"texture", "textures"},
    Family{"tex1D", "textures"},
    Family{"tex2D", "textures"},
    Family{"tex3D", "textures"},
    Family{"texCubemap", "textures"},
    Family{"cudaTexture", "textures"},
    Family{"cudaBindTexture", "textures"},
    Family{"cudaUnbindTexture", "textures"},
    Family{"cudaCreateTextureObject", "textures"},
    Family{"cudaDestroyTextureObject", "textures"},
    Family{"cudaArray", "textures and arrays"},
    Family{"cudaMallocArray", "textures and arrays"},
    Family{"cudaMalloc3DArray", "textures and arrays"},
    Family{"cudaFreeArray", "textures and arrays"},
    Family{"cudaMemcpyToArray", "textures and arrays"},
    Family{"cudaMemcpy2DToArray", "textures and arrays"},
    Family{"cudaChannelFormat", "textures and arrays"},
    Family{"cudaCreateChannelDesc", "textures and arrays"},
    Family{"surf1D", "surfaces"},
    Family{"surf2D", "surfaces"},
    Family{"surf3D", "surfaces"},
    Family{"surface", "surfaces"},
    Family{"cudaSurface", "surfaces"},
    Family{"cudaCreateSurfaceObject", "surfaces"},
    Family{"cublas", "cuBLAS"},
    Family{"curand", "cuRAND"},
    Family{"cufft", "cuFFT"},
    Family{"thrust", "Thrust"},
    Family{"cudaGraph", "this part of CUDA graphs"},
    Family{"cudaIpc", "memory shared by processes"},
    Family{"__nv_", "libdevice"},
    Family{"__cluster", "thread block clusters"},
    Family{"this_cluster", "thread block clusters"},
    Family{"cluster_group", "thread block clusters"},
    Family{"cudaLaunchAttributeCluster", "thread block clusters"},
    Family{"cudaGraphics", "graphics interoperability"},
};

template <std::size_t Count>
std::string family_of(std::string_view word, const std::array<Family, Count>& families) {
    for (const Family& family : families) {
        if (word.starts_with(family.prefix)) return std::string(family.name);
    }
    return "";
}

}  // namespace

std::string library_of_header(std::string_view header) {
    return family_of(header, header_families);
}

std::string feature_of_name(std::string_view name) {
    return family_of(name, name_families);
}

}  // namespace t2t::own

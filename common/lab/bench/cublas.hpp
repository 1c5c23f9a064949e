/// @file
/// cuBLAS for benchmark rows: only in a build for a GPU.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <cublas_v2.h>
#include <cuda_bf16.h>

namespace t2t::lab {

/// @throws std::runtime_error unless `status` is success
inline void check_cublas(cublasStatus_t status) {
    if (status != CUBLAS_STATUS_SUCCESS) {
        throw std::runtime_error(std::string("cuBLAS failed: ") + cublasGetStatusString(status));
    }
}

/// The process's cuBLAS handle, set to queue on `stream`. Not for several threads at once.
inline cublasHandle_t cublas_on(cudaStream_t stream) {
    static const cublasHandle_t handle = [] {
        cublasHandle_t created = nullptr;
        check_cublas(cublasCreate(&created));
        return created;
    }();
    check_cublas(cublasSetStream(handle, stream));
    return handle;
}

/// y[m, n] = x[m, k] · w[n, k]ᵀ, all row-major, summed in fp32: a linear layer without bias.
/// @tparam T  float or __nv_bfloat16
template <typename T>
void cublas_linear(const T* x, const T* w, float* y, std::int64_t m, std::int64_t n, std::int64_t k,
                   cudaStream_t stream) {
    constexpr cudaDataType_t type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_16BF;
    const float one = 1;
    const float zero = 0;
    const int rows = static_cast<int>(m);
    const int outputs = static_cast<int>(n);
    const int inputs = static_cast<int>(k);
    // cuBLAS is column-major: it sees x as [k, m], w as [k, n] and y as [n, m].
    check_cublas(cublasGemmEx(cublas_on(stream), CUBLAS_OP_T, CUBLAS_OP_N, outputs, rows, inputs,
                              &one, w, type, inputs, x, type, inputs, &zero, y, CUDA_R_32F, outputs,
                              CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT));
}

}  // namespace t2t::lab

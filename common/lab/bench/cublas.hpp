/// @file
/// cuBLAS for benchmark rows: only in a build for a GPU.
#pragma once

#include <stdexcept>
#include <string>

#include <cublas_v2.h>

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

}  // namespace t2t::lab

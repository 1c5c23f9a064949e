#include "common/cpu_device/runtime/errors.hpp"

#include <atomic>
#include <mutex>

#include "common/cpu_device/include/cuda_runtime_api.h"

namespace t2t::cpu_device {
namespace {

constinit thread_local cudaError_t last_error = cudaSuccess;
std::atomic<cudaError_t> sticky{cudaSuccess};
std::mutex text_mutex;
std::string sticky_text;  // what cudaGetErrorString says about the sticky error

}  // namespace

cudaError_t finish(cudaError_t error) {
    if (const cudaError_t broken = sticky_error(); broken != cudaSuccess) error = broken;
    if (error != cudaSuccess) last_error = error;
    return error;
}

cudaError_t sticky_error() {
    return sticky.load(std::memory_order_relaxed);
}

void set_sticky_error(cudaError_t error, std::string detail) {
    const std::string text = cudaGetErrorString(error);
    const std::lock_guard lock(text_mutex);
    sticky_text = text + ": " + detail;
    sticky = error;
}

void clear_errors() {
    sticky = cudaSuccess;
    last_error = cudaSuccess;
}

}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

cudaError_t cudaGetLastError() {
    const cudaError_t error = finish(cudaSuccess) != cudaSuccess ? sticky_error() : last_error;
    last_error = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    return sticky_error() != cudaSuccess ? sticky_error() : last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
    switch (error) {
#define T2T_CUDA_ERROR(name, number, text) \
    case name:                             \
        return #name;
#include "common/cpu_device/include/cuda_errors.inc"
#undef T2T_CUDA_ERROR
    }
    return "unrecognized error code";
}

const char* cudaGetErrorString(cudaError_t error) {
    if (error != cudaSuccess && error == sticky_error()) {
        const std::lock_guard lock(text_mutex);
        return sticky_text.c_str();
    }
    switch (error) {
#define T2T_CUDA_ERROR(name, number, text) \
    case name:                             \
        return text;
#include "common/cpu_device/include/cuda_errors.inc"
#undef T2T_CUDA_ERROR
    }
    return "unrecognized error code";
}

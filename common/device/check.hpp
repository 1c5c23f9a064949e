/// @file
/// CUDA errors as exceptions that say which call failed, where, and what to try next.
#pragma once

#include <stdexcept>
#include <string_view>

#include <cuda_runtime.h>

namespace t2t {

/// A CUDA call or a kernel failed.
class CudaError : public std::runtime_error {
 public:
    /// @param code what the call returned; its name, CUDA's words and the advice become the message
    /// @param call the call's text
    /// @param file where the call stands
    /// @param line likewise
    CudaError(cudaError_t code, std::string_view call, const char* file, int line);

    /// CUDA's own error code.
    cudaError_t code() const { return code_; }

 private:
    cudaError_t code_;
};

/// What to try after `code`, in one sentence; empty when there is nothing better than CUDA's own
/// words.
std::string_view advice(cudaError_t code);

/// Throws CudaError unless `code` is cudaSuccess. Use it through T2T_CHECK, which adds the call's
/// text.
void check(cudaError_t code, std::string_view call, const char* file = __builtin_FILE(),
           int line = __builtin_LINE());

/// Throws CudaError when the launch just made was refused. Call it right after `<<<…>>>`.
/// @param what the operation and rung, for example "vector_add v1_one_element"
/// @param file where the launch stands; the caller's own when left out
/// @param line likewise
void check_launch(std::string_view what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE());

}  // namespace t2t

/// Runs a CUDA runtime call and throws t2t::CudaError when it fails.
#define T2T_CHECK(call) ::t2t::check((call), #call)

#include "common/cpu_device/runtime/errors.hpp"

#include <atomic>
#include <mutex>
#include <utility>

#include "common/cpu_device/include/cuda_runtime_api.h"

namespace t2t::cpu_device {
namespace {

constinit thread_local cudaError_t last_error = cudaSuccess;
std::atomic<cudaError_t> sticky{cudaSuccess};
std::mutex text_mutex;
std::atomic<cudaError_t> unread{cudaSuccess};
std::atomic<bool> host_pointers_are_watched{false};

/// Texts that are asked for until the very end of the program: they are never destroyed.
struct Texts {
    std::string sticky;  ///< what cudaGetErrorString says about the sticky error
    std::string
        refused_kernel;  ///< whose launch `unread` is about; empty: it is about another call
    std::string refused_why;
    std::string skipped_kernel;  ///< the first that was not started on a broken device
    std::size_t skipped_launches = 0;
    std::string host_pointer_kernel;  ///< that was given a pointer to the host's memory
};
Texts& texts() {
    static Texts* const all = new Texts;
    return *all;
}

}  // namespace

cudaError_t finish(cudaError_t error) {
    if (const cudaError_t broken = sticky_error(); broken != cudaSuccess) error = broken;
    if (error != cudaSuccess) {
        last_error = error;
        if (unread == cudaSuccess) unread = error;
    }
    return error;
}

cudaError_t sticky_error() {
    return sticky.load(std::memory_order_relaxed);
}

void set_sticky_error(cudaError_t error, std::string detail) {
    const std::string text = cudaGetErrorString(error);
    const std::lock_guard lock(text_mutex);
    texts().sticky = text + ": " + detail;
    sticky = error;
    unread = error;
    texts().refused_kernel.clear();
}

void note_refused_launch(cudaError_t error, const char* kernel, std::string why) {
    const std::lock_guard lock(text_mutex);
    if (unread != cudaSuccess) return;
    texts().refused_kernel = kernel;
    texts().refused_why = std::move(why);
    unread = error;
}

std::string unread_error() {
    const cudaError_t error = unread;
    if (error == cudaSuccess) return "";
    if (error == sticky_error()) {
        const std::lock_guard lock(text_mutex);
        return texts().sticky;
    }
    const std::string text =
        std::string(cudaGetErrorName(error)) + ", " + cudaGetErrorString(error);
    const std::lock_guard lock(text_mutex);
    if (texts().refused_kernel.empty()) return "a call of CUDA's failed with " + text;
    return "the launch of " + texts().refused_kernel + " was refused with " + text + ": " +
           texts().refused_why;
}

void note_skipped_launch(const char* kernel) {
    const std::lock_guard lock(text_mutex);
    if (texts().skipped_launches++ == 0) texts().skipped_kernel = kernel;
}

std::string skipped_launches_note() {
    const std::lock_guard lock(text_mutex);
    const std::size_t more = texts().skipped_launches - 1;
    if (texts().skipped_launches == 0) return "";
    std::string text = texts().skipped_kernel;
    if (more > 0) text += ", and " + std::to_string(more) + " more";
    return "CUDA starts nothing after such an error, so this launch was not run: " + text;
}

void watch_for_host_pointers() {
    host_pointers_are_watched = true;
}

bool watches_for_host_pointers() {
    return host_pointers_are_watched.load(std::memory_order_relaxed);
}

void note_host_pointer(const char* kernel) {
    const std::lock_guard lock(text_mutex);
    texts().host_pointer_kernel = kernel;
    host_pointers_are_watched = false;
}

std::string host_pointer_note() {
    const std::lock_guard lock(text_mutex);
    const std::string& kernel = texts().host_pointer_kernel;
    if (kernel.empty()) return "";
    return "the kernel " + kernel +
           " was given a pointer to memory of the host, which a GPU cannot reach: allocate it with "
           "cudaMalloc, copy, and pass that";
}

void clear_errors() {
    sticky = cudaSuccess;
    unread = cudaSuccess;
    last_error = cudaSuccess;
}

}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

cudaError_t cudaGetLastError() {
    const cudaError_t error = finish(cudaSuccess) != cudaSuccess ? sticky_error() : last_error;
    last_error = cudaSuccess;
    unread = cudaSuccess;
    return error;
}

cudaError_t cudaPeekAtLastError() {
    unread = cudaSuccess;
    return sticky_error() != cudaSuccess ? sticky_error() : last_error;
}

const char* cudaGetErrorName(cudaError_t error) {
    if (error != cudaSuccess) unread = cudaSuccess;
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
    if (error != cudaSuccess) unread = cudaSuccess;
    if (error != cudaSuccess && error == sticky_error()) {
        const std::lock_guard lock(text_mutex);
        return texts().sticky.c_str();
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

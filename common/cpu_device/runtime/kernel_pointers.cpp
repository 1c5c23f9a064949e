#include "common/cpu_device/runtime/kernel_pointers.hpp"

#include <map>
#include <mutex>

#include "common/cpu_device/runtime/errors.hpp"

namespace t2t::cpu_device {
namespace {

struct KnownKernels {
    std::mutex mutex;
    std::map<const void*, BindKernel> all;
};
KnownKernels& known_kernels() {
    static KnownKernels* const kernels = new KnownKernels;
    return *kernels;
}

}  // namespace

void remember_kernel(const void* kernel, BindKernel bind) {
    const std::lock_guard lock(known_kernels().mutex);
    known_kernels().all.try_emplace(kernel, bind);
}

KernelLaunch bind_known_kernel(const void* kernel, void** arguments) {
    BindKernel bind = nullptr;
    {
        const std::lock_guard lock(known_kernels().mutex);
        const auto found = known_kernels().all.find(kernel);
        if (found == known_kernels().all.end()) return {};
        bind = found->second;
    }
    return bind(kernel, arguments);
}

cudaError_t launch_known_kernel(const void* kernel, const LaunchConfiguration& configuration,
                                void** arguments) {
    const KernelLaunch launch = bind_known_kernel(kernel, arguments);
    return launch ? launch(configuration) : finish(cudaErrorInvalidResourceHandle);
}

}  // namespace t2t::cpu_device

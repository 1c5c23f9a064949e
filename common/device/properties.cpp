#include "common/device/properties.hpp"

#include "common/device/check.hpp"

namespace t2t {
namespace {

/// An attribute of `device`, or 0 when the driver does not know it.
int attribute(cudaDeviceAttr which, int device) {
    int value = 0;
    if (cudaDeviceGetAttribute(&value, which, device) == cudaSuccess) return value;
    cudaGetLastError();
    return 0;
}

}  // namespace

bool has_device() noexcept {
    int count = 0;
    if (cudaGetDeviceCount(&count) == cudaSuccess) return count > 0;
    cudaGetLastError();  // no device is an answer, not an error that a later launch should report
    return false;
}

DeviceProperties device_properties() {
    int device = 0;
    T2T_CHECK(cudaGetDevice(&device));
    cudaDeviceProp cuda{};
    T2T_CHECK(cudaGetDeviceProperties(&cuda, device));

    DeviceProperties properties;
    properties.name = cuda.name;
    properties.compute_capability = cuda.major * 10 + cuda.minor;
    properties.multiprocessors = cuda.multiProcessorCount;
    properties.memory = cuda.totalGlobalMem;
    properties.l2_cache = static_cast<std::size_t>(cuda.l2CacheSize);
    properties.shared_memory = cuda.sharedMemPerBlockOptin;
    // cudaDeviceProp lost its clocks in CUDA 13; the attributes are kHz.
    properties.clock_mhz = attribute(cudaDevAttrClockRate, device) / 1e3;
    const double memory_clock_hz = attribute(cudaDevAttrMemoryClockRate, device) * 1e3;
    const double bus_bytes = attribute(cudaDevAttrGlobalMemoryBusWidth, device) / 8.0;
    properties.memory_gb_s = 2.0 * memory_clock_hz * bus_bytes / 1e9;  // two transfers per clock
    T2T_CHECK(cudaDriverGetVersion(&properties.driver_version));
    T2T_CHECK(cudaRuntimeGetVersion(&properties.runtime_version));
#if defined(T2T_DEVICE_CPU)
    properties.is_cpu_device = true;
    properties.clock_mhz = 0;
    properties.memory_gb_s = 0;
#endif
    return properties;
}

std::string version_text(int version) {
    return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

}  // namespace t2t

/// @file
/// What the device is, in the units people compare.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace t2t {

/// One device. Sizes in bytes.
struct DeviceProperties {
    std::string name;               ///< for example `NVIDIA H200`
    int compute_capability = 0;     ///< major × 10 + minor: 75, 80, 90 …
    int multiprocessors = 0;        ///< SMs
    std::size_t memory = 0;         ///< global memory
    std::size_t l2_cache = 0;       ///< L2 cache
    std::size_t shared_memory = 0;  ///< shared memory a block, after the opt-in
    double clock_mhz = 0;           ///< highest SM clock; 0 when the driver does not say
    double memory_gb_s = 0;   ///< DRAM bandwidth by the data sheet; 0 when the driver does not say
    int driver_version = 0;   ///< CUDA version of the driver: 13000 is 13.0
    int runtime_version = 0;  ///< CUDA version of the runtime
    bool is_cpu_device = false;  ///< the CPU device: times are of a simulation, not of a GPU
};

/// Whether there is a device to run on. Never throws.
bool has_device() noexcept;

/// The properties of the device in use.
/// @throws CudaError cudaErrorNoDevice or cudaErrorInsufficientDriver when there is none
DeviceProperties device_properties();

/// `13.0` for 13000.
std::string version_text(int version);

}  // namespace t2t

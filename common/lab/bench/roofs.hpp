/// @file
/// What this machine can do at most: measured once, kept in a file, and what every number is divided by.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "common/device/properties.hpp"

namespace t2t::lab {

/// The roofs of one device.
struct Roofs {
    std::string device;       ///< its name
    std::string date;         ///< when they were measured, UTC, ISO 8601
    int driver_version = 0;   ///< CUDA version of the driver: 13000 is 13.0
    double copy_gb_s = 0;     ///< device-to-device copy, bytes read plus bytes written, GB/s
    double fp32_tflop_s = 0;  ///< fp32 multiply-adds, two operations each, TFLOP/s
};

/// Measures the roofs of `device`: about a second on a GPU, a few on the CPU device.
Roofs measure_roofs(const DeviceProperties& device);

/// The fp32 multiply-add peak in TFLOP/s: the median of several launches of independent chains.
double measure_fp32_tflop_s(const DeviceProperties& device);

/// The roofs of `device` from its file, or measured and kept when there is no readable file.
Roofs machine_roofs(const DeviceProperties& device);

/// `$XDG_CACHE_HOME/t2t/roofs-NVIDIA-H200.txt`, with ~/.cache for an unset XDG_CACHE_HOME.
/// Each line of the file is a field's name and its value.
std::filesystem::path roofs_file(const std::string& device);

/// The roofs in `file`; nothing when it is missing or does not hold them.
std::optional<Roofs> load_roofs(const std::filesystem::path& file);

/// Keeps `roofs` in `file`. When that is impossible it warns in one line on stderr: the roofs are then
/// measured again next time.
/// @returns whether they are kept
bool store_roofs(const Roofs& roofs, const std::filesystem::path& file);

}  // namespace t2t::lab

#include "common/lab/bench/roofs.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <limits>
#include <string_view>
#include <system_error>

#include "common/date.hpp"
#include "common/device/stream.hpp"
#include "common/lab/bench/by_build.hpp"
#include "common/lab/bench/device_copy.hpp"
#include "common/lab/bench/statistics.hpp"
#include "common/lab/bench/timed_runs.hpp"

namespace t2t::lab {
namespace {

/// GB/s of a copy far larger than any cache, bytes read plus bytes written.
double measure_copy_gb_s() {
    constexpr double bytes = by_build(4e9, 128e6);
    DeviceCopy copy(bytes, 1);
    const Stream stream;
    TimedRuns batch([&](std::size_t set, cudaStream_t on) { copy.run(set, on); }, 1, 1,
                    stream.get(), Queueing::one_by_one);
    std::vector<double> samples;
    for (int i = 0; i < 20; ++i)
        samples.push_back(bytes / (batch.milliseconds_per_run() * 1e-3) / 1e9);
    return percentile(samples, 0.5);
}

}  // namespace

Roofs measure_roofs(const DeviceProperties& device) {
    return {.device = device.name,
            .date = utc_now(),
            .driver_version = device.driver_version,
            .copy_gb_s = measure_copy_gb_s(),
            .fp32_tflop_s = measure_fp32_tflop_s(device)};
}

std::filesystem::path roofs_file(const std::string& device) {
    std::string name = device;
    for (char& letter : name) {
        if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '-';
    }
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    const std::filesystem::path folder = cache != nullptr && *cache != '\0'
                                             ? std::filesystem::path(cache)
                                             : std::filesystem::path(home ? home : ".") / ".cache";
    return folder / "t2t" / ("roofs-" + name + ".txt");
}

std::optional<Roofs> load_roofs(const std::filesystem::path& file) {
    std::ifstream in(file);
    Roofs roofs;
    for (std::string line; std::getline(in, line);) {
        const std::size_t space = std::min(line.find(' '), line.size());
        const std::string_view name = std::string_view(line).substr(0, space);
        const std::string value = line.substr(std::min(space + 1, line.size()));
        if (name == "device") roofs.device = value;
        if (name == "date") roofs.date = value;
        if (name == "driver_version") roofs.driver_version = std::atoi(value.c_str());
        if (name == "copy_gb_s") roofs.copy_gb_s = std::atof(value.c_str());
        if (name == "fp32_tflop_s") roofs.fp32_tflop_s = std::atof(value.c_str());
    }
    if (!(roofs.copy_gb_s > 0) || !(roofs.fp32_tflop_s > 0)) return std::nullopt;
    return roofs;
}

bool store_roofs(const Roofs& roofs, const std::filesystem::path& file) {
    std::error_code ignored;  // what fails here fails again when the file is opened
    std::filesystem::create_directories(file.parent_path(), ignored);
    std::ofstream out(file);
    out << std::setprecision(std::numeric_limits<double>::max_digits10)  //
        << "device " << roofs.device << "\ndate " << roofs.date << "\ndriver_version "
        << roofs.driver_version << "\ncopy_gb_s " << roofs.copy_gb_s << "\nfp32_tflop_s "
        << roofs.fp32_tflop_s << '\n';
    out.close();
    if (!out) {
        std::cerr << "t2t: warning: cannot write " << file.string()
                  << ", so the roofs will be measured again next time\n";
        return false;
    }
    return true;
}

Roofs machine_roofs(const DeviceProperties& device) {
    const std::filesystem::path file = roofs_file(device.name);
    if (const auto roofs = load_roofs(file)) return *roofs;
    const Roofs roofs = measure_roofs(device);
    store_roofs(roofs, file);
    return roofs;
}

}  // namespace t2t::lab

#include "common/lab/bench/roofs.hpp"

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <system_error>

#include <nlohmann/json.hpp>

#include "common/device/stream.hpp"
#include "common/lab/bench/bench.hpp"
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

std::string utc_now() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    std::tm utc{};
    gmtime_r(&now, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

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
    return folder / "t2t" / ("roofs-" + name + ".json");
}

std::optional<Roofs> load_roofs(const std::filesystem::path& file) {
    std::ifstream in(file);
    const nlohmann::json json = nlohmann::json::parse(in, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return std::nullopt;
    try {
        Roofs roofs{json.at("device"), json.at("date"), json.at("driver_version"),
                    json.at("copy_gb_s"), json.at("fp32_tflop_s")};
        if (!(roofs.copy_gb_s > 0) || !(roofs.fp32_tflop_s > 0)) return std::nullopt;
        return roofs;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;  // written by another version, or by hand
    }
}

nlohmann::ordered_json to_json(const Roofs& roofs) {
    return {{"device", roofs.device},
            {"date", roofs.date},
            {"driver_version", roofs.driver_version},
            {"copy_gb_s", roofs.copy_gb_s},
            {"fp32_tflop_s", roofs.fp32_tflop_s}};
}

bool store_roofs(const Roofs& roofs, const std::filesystem::path& file) {
    std::error_code ignored;  // what fails here fails again when the file is opened
    std::filesystem::create_directories(file.parent_path(), ignored);
    std::ofstream out(file);
    out << to_json(roofs).dump(2) << '\n';
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

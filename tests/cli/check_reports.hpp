/// @file
/// Reports made by hand: a transpose through an unpadded tile, as one would count it on paper.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "cli/check/rung_report.hpp"

namespace t2t::rung_check::tests {

inline constexpr const char* sample_file = "chapters/03_shared_memory/v2_tile.cu";

/// What stands in sample_file: lines 4, 5 and 6 have traffic.
inline constexpr const char* sample_source =
    "__global__ void turn_kernel(const float* in, float* out) {\n"
    "    __shared__ float tile[32][32];\n"
    "\n"
    "    tile[y][x] = in[row * columns + x];  // neighbouring lanes, neighbouring floats\n"
    "    __syncthreads();\n"
    "    out[column * rows + x] = 2 * tile[x][y];\n"
    "}\n"
    "// line 8\n"
    "// line 9\n";

/// A folder with sample_file in it, as the project's root; removed at the end.
class SampleRoot {
 public:
    SampleRoot() {
        std::string name = (std::filesystem::temp_directory_path() / "t2t_check_XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot create " + name);
        path_ = name;
        std::filesystem::create_directories((path_ / sample_file).parent_path());
        std::ofstream(path_ / sample_file) << sample_source;
    }
    ~SampleRoot() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    SampleRoot(const SampleRoot&) = delete;
    SampleRoot& operator=(const SampleRoot&) = delete;

    const std::filesystem::path& path() const { return path_; }

 private:
    std::filesystem::path path_;
};

inline observer::SourceLine sample_line(int line) {
    return {sample_file, line, "turn_kernel"};
}

/// 64 × 64 floats in 4 blocks of 32 × 8 threads. Each of a block's 8 warps moves 4 rows of 128 bytes:
/// 128 requests on each side, 4 sectors each. The tile is written along rows, 1 pass, and read along
/// columns, 32 passes. Each warp reaches one barrier; each float is multiplied once.
inline observer::Report sample_report() {
    observer::LineTraffic fill{sample_line(4), {}};
    fill.traffic.global_load = {128, 512, 4096, 16384};
    fill.traffic.shared_store = {128, 128, 128, 4096, 16384};
    observer::LineTraffic wait{sample_line(5), {}};
    wait.traffic.barriers = 32;
    observer::LineTraffic drain{sample_line(6), {}};
    drain.traffic.shared_load = {128, 4096, 128, 4096, 16384};
    drain.traffic.global_store = {128, 512, 4096, 16384};
    drain.traffic.fp32.mul = 4096;

    observer::KernelReport kernel;
    kernel.kernel = "turn_kernel";
    kernel.definition = sample_line(1);
    kernel.grid = dim3(4);
    kernel.block = dim3(32, 8);
    kernel.launches = 1;
    kernel.lines = {fill, wait, drain};
    for (const observer::LineTraffic& line : kernel.lines) kernel.total += line.traffic;
    kernel.total.warp_instructions = 1000;
    kernel.total.thread_instructions = 24000;
    kernel.total.l2_bytes = 32768;
    observer::Report report;
    report.kernels.push_back(kernel);
    return report;
}

inline RungReport sample_rung() {
    return {
        .operation = "transpose", .rung = "v2_tile", .shape = "64 × 64", .report = sample_report()};
}

inline observer::Fault sample_fault() {
    observer::Fault fault;
    fault.kind = observer::FaultKind::shared_race;
    fault.kernel = "turn_kernel";
    fault.where = sample_line(6);
    fault.other = sample_line(4);
    fault.thread = {{1, 0, 0}, {0, 0, 0}};
    fault.other_thread = observer::ThreadPlace{{1, 0, 0}, {32, 0, 0}};
    fault.what = "reads 4 bytes of `tile`";
    fault.cause = "a __syncthreads() is missing between the two";
    return fault;
}

/// All 32 lanes, lane i at i · `stride` bytes.
inline observer::Request strided_request(bool shared, unsigned bytes, std::int64_t stride) {
    observer::Request request;
    request.where = sample_line(4);
    request.shared = shared;
    request.bytes = bytes;
    request.lanes = 0xffffffff;
    request.memory = shared ? "tile" : "in";
    for (std::size_t lane = 0; lane < 32; ++lane) {
        request.offset[lane] = static_cast<std::int64_t>(lane) * stride;
    }
    return request;
}

/// How often `part` occurs in `text`.
inline int occurrences(const std::string& text, const std::string& part) {
    int number = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
    return number;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace t2t::rung_check::tests

// How a report is divided: kernels, configurations, source lines, requests for pictures.
#include <algorithm>

#include "tests/cpu_device/observer/source.hpp"
#include "tests/cpu_device/observer/traffic.hpp"

namespace t2t::observer {
namespace {

__device__ float twice(const float* address) {
    return 2 * *address;
}

__global__ void scale_kernel(const float* in, float* out) {
    extern __shared__ float tile[];
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    tile[threadIdx.x] = __ldg(&in[i]);  // load
    __syncthreads();
    out[i] = 3 * tile[threadIdx.x ^ 1];  // store
}

__global__ void strided_kernel(const float* in, float* out) {
    const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
    out[i] = twice(&in[8 * i]);  // store
}

/// Both kernels, the first in two configurations.
Report observe_both() {
    return observe([] {
        auto in = filled<float>(8 * 128);
        DeviceBuffer<float> out(128);
        scale_kernel<<<2, 64, 256>>>(in.data(), out.data());
        strided_kernel<<<2, 64>>>(in.data(), out.data());
        scale_kernel<<<2, 64, 256>>>(in.data(), out.data());
        scale_kernel<<<1, dim3(32, 1), 128>>>(in.data(), out.data());
    });
}

int line_of(const std::string& text, const std::string& function) {
    return *lines_with(text, function, __FILE__).begin();
}

TEST(TrafficReport, HasAnEntryForEachKernelAndConfiguration) {
    const Report report = observe_both();
    EXPECT_TRUE(report.clean()) << report.faults_text();
    ASSERT_EQ(report.kernels.size(), 3u);
    const KernelReport& first = report.kernels[0];
    EXPECT_EQ(first.kernel, "scale_kernel");
    EXPECT_EQ(first.definition.file, __FILE__);
    EXPECT_EQ(first.definition.line, line_of("void ", "scale_kernel"));
    EXPECT_EQ(first.launches, 2u);
    EXPECT_EQ(first.grid.x, 2u);
    EXPECT_EQ(first.block.x, 64u);
    EXPECT_EQ(first.shared_bytes, 256u);
    EXPECT_EQ(first.total.global_load.requests, 2u * 4);
    EXPECT_EQ(report.kernels[1].kernel, "strided_kernel");
    EXPECT_EQ(report.kernels[1].launches, 1u);
    EXPECT_EQ(report.kernels[2].kernel, "scale_kernel");
    EXPECT_EQ(report.kernels[2].block.x, 32u);
    EXPECT_EQ(report.total().global_load.requests, 2u * 4 + 4 + 1);
}

TEST(TrafficReport, MemoryInUseAndKeptAboutIt) {
    std::size_t before = 0;  // what tests have left whose kernels trapped
    for (const LiveAllocations& there : live_allocations()) before += there.bytes;
    const Report report = observe_both();
    EXPECT_EQ(report.device_bytes, before + 8u * 128 * 4 + 128 * 4);
    EXPECT_GT(report.shadow_bytes, 0u);
}

const LineTraffic* find_line(const KernelReport& report, int line) {
    for (const LineTraffic& one : report.lines) {
        if (one.where.line == line) return &one;
    }
    return nullptr;
}

// 2 launches of 4 warps: a line has what stands on it, intrinsics of the headers included.
TEST(TrafficReport, GivesEachLineItsOwn) {
    const Report report = observe_both();
    const KernelReport& scale = report.kernels.at(0);
    const LineTraffic* load = find_line(scale, line_of("// load", "scale_kernel"));
    const LineTraffic* store = find_line(scale, line_of("// store", "scale_kernel"));
    ASSERT_NE(load, nullptr);
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(load->where.file, __FILE__);
    EXPECT_EQ(load->where.function, "scale_kernel");
    EXPECT_EQ(load->traffic.global_load.sectors, 2u * 4 * 4);
    EXPECT_EQ(load->traffic.shared_store.passes, 2u * 4);
    EXPECT_EQ(load->traffic.global_store.requests, 0u);
    EXPECT_EQ(load->traffic.fp32.total(), 0u);
    EXPECT_EQ(store->traffic.global_load.requests, 0u);
    EXPECT_EQ(store->traffic.shared_load.passes, 2u * 4);
    EXPECT_EQ(store->traffic.global_store.sectors, 2u * 4 * 4);
    EXPECT_EQ(scale.total.fp32.mul, 2u * 128);
    const LineTraffic* barrier = find_line(scale, line_of("__syncthreads", "scale_kernel"));
    ASSERT_NE(barrier, nullptr);
    EXPECT_EQ(barrier->traffic.barriers, 2u * 4);
}

TEST(TrafficReport, LinesAreInOrderAndAddUpToTheTotal) {
    for (const KernelReport& kernel : observe_both().kernels) {
        EXPECT_TRUE(std::is_sorted(
            kernel.lines.begin(), kernel.lines.end(),
            [](const LineTraffic& a, const LineTraffic& b) { return a.where < b.where; }));
        Traffic sum;
        for (const LineTraffic& line : kernel.lines) sum += line.traffic;
        EXPECT_EQ(sum.global_load.sectors, kernel.total.global_load.sectors);
        EXPECT_EQ(sum.global_store.bytes_asked, kernel.total.global_store.bytes_asked);
        EXPECT_EQ(sum.shared_load.passes, kernel.total.shared_load.passes);
        EXPECT_EQ(sum.barriers, kernel.total.barriers);
        EXPECT_EQ(sum.fp32.total(), kernel.total.fp32.total());
        EXPECT_EQ(sum.warp_instructions, kernel.total.warp_instructions);
    }
}

// A function of the course keeps its own line, however it is inlined.
TEST(TrafficReport, AFunctionsAccessesAreAtItsOwnLine) {
    const Report report = observe_both();
    const KernelReport& strided = report.kernels.at(1);
    const LineTraffic* load = find_line(strided, line_of("return 2", "twice"));
    ASSERT_NE(load, nullptr);
    EXPECT_EQ(load->where.function, "twice");
    EXPECT_EQ(load->traffic.global_load.sectors, 4u * 32);
}

const Request* find_request(const KernelReport& report, int line, bool shared) {
    for (const Request& one : report.requests) {
        if (one.where.line == line && one.shared == shared) return &one;
    }
    return nullptr;
}

TEST(TrafficReport, KeepsARequestOfEachKindForPictures) {
    const Report report = observe_both();
    const KernelReport& scale = report.kernels.at(0);
    const Request* load = find_request(scale, line_of("// load", "scale_kernel"), false);
    ASSERT_NE(load, nullptr);
    EXPECT_FALSE(load->store);
    EXPECT_FALSE(load->atomic);
    EXPECT_EQ(load->bytes, 4u);
    EXPECT_EQ(load->lanes, 0xffffffffu);
    EXPECT_EQ(load->sectors, 4u);
    EXPECT_EQ(load->memory, "in");
    EXPECT_EQ(load->warp.block.x, 0u);
    EXPECT_EQ(load->warp.thread.x, 0u);
    const Request* swap = find_request(scale, line_of("// store", "scale_kernel"), true);
    ASSERT_NE(swap, nullptr);
    EXPECT_EQ(swap->passes, 1u);
    for (int lane = 0; lane < 32; ++lane) {
        EXPECT_EQ(load->offset[lane], 4 * lane);
        EXPECT_EQ(swap->offset[lane], 4 * (lane ^ 1));
    }
}

}  // namespace
}  // namespace t2t::observer

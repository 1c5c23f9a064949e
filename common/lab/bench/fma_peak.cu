/// @file
/// The fp32 peak: threads that do nothing but independent multiply-adds.
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/event.hpp"
#include "common/device/stream.hpp"
#include "common/lab/bench/by_build.hpp"
#include "common/lab/bench/roofs.hpp"
#include "common/lab/bench/statistics.hpp"

namespace t2t::lab {
namespace {

constexpr int threads = 256;
/// Multiply-adds in flight per thread. One takes 4 clocks, so 8 warps per scheduler with 16 chains each
/// leave no clock idle.
constexpr int chains = 16;

__global__ void fma_kernel(float* out, int rounds, float factor, float addend) {
    float sums[chains];
    for (int i = 0; i < chains; ++i) sums[i] = static_cast<float>(threadIdx.x + i);
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < chains; ++i) sums[i] = fmaf(sums[i], factor, addend);
    }
    float total = 0.0f;  // every chain is needed, so that the compiler removes none
    for (int i = 0; i < chains; ++i) total += sums[i];
    out[blockIdx.x * threads + threadIdx.x] = total;
}

}  // namespace

double measure_fp32_tflop_s(const DeviceProperties& device) {
    const int blocks = by_build(device.multiprocessors * 32, 16);  // 8 blocks fill an SM: 4 waves
    const int rounds = by_build(4096, 256);
    const double operations = 2.0 * chains * rounds * threads * blocks;

    DeviceBuffer<float> out(static_cast<std::size_t>(blocks) * threads);
    const Stream stream;
    DeviceTimer timer(stream.get());
    const auto launch = [&] {
        // Values tend to addend / (1 − factor) = 1: no overflow, no denormals.
        fma_kernel<<<blocks, threads, 0, stream.get()>>>(out.data(), rounds, 0.999f, 0.001f);
        check_launch("the fp32 roof");
    };
    for (int i = 0; i < 20; ++i) launch();  // let the clocks rise

    std::vector<double> samples;
    for (int i = 0; i < 20; ++i) {
        launch();  // the device is busy while the host queues what is timed
        timer.start();
        launch();
        timer.stop();
        samples.push_back(operations / (timer.milliseconds() * 1e-3) / 1e12);
    }
    return percentile(samples, 0.5);
}

}  // namespace t2t::lab

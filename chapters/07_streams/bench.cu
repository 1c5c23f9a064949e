// Benchmarks of chapter 07: `t2t bench 07`.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "chapters/07_streams/streams.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::streams {
namespace {

// The weights of a model, as floats.
struct Operands {
    std::vector<float> host;     // [n], pageable
    PinnedBuffer<float> pinned;  // [n], the same
    DeviceBuffer<float> device;  // [n]

    Operands(std::int64_t n, std::uint64_t seed)
        : host(lab::uniform(n, -1, 1, seed)), pinned(host.size()), device(host.size()) {
        std::ranges::copy(host, pinned.data());
    }
};

void copy_pinned(Operands& o, cudaStream_t stream) {
    T2T_CHECK(cudaMemcpyAsync(o.device.data(), o.pinned.data(), o.device.bytes(),
                              cudaMemcpyHostToDevice, stream));
}

bool is_recorded(cudaStream_t stream) {
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    T2T_CHECK(cudaStreamIsCapturing(stream, &status));
    return status == cudaStreamCaptureStatusActive;
}

lab::LadderCase<Upload, Operands> upload_case(std::int64_t n) {
    lab::LadderCase<Upload, Operands> c;
    c.shape = lab::shape_label({n}) + " floats";
    c.bytes = 4.0 * n;  // over the bus
    c.make = [=](std::uint64_t seed) { return Operands(n, seed); };
    c.run = [](Upload* rung, Operands& o, cudaStream_t stream) {
        // Before it times anything, the harness records one run as a graph, to learn about how long
        // it is. An upload waits for the device and cannot be recorded; a pinned copy of as many
        // bytes takes its place there. Runs as long as these are timed as they are, unrecorded.
        if (is_recorded(stream)) return copy_pinned(o, stream);
        rung(std::as_bytes(std::span(o.host)).data(), lab::bytes_of(o.device).data(),
             o.device.bytes(), stream);
    };
    c.output = [](Operands& o) { return lab::bytes_of(o.device); };
    c.fault = [](const Operands& o) {
        return lab::first_fault(o.device, [&](std::size_t i) { return o.host[i]; });
    };
    c.library_name = "cudaMemcpyAsync, pinned";
    c.library = copy_pinned;
    return c;
}

void describe(lab::Bench& bench) {
    bench.add(upload_ladder, upload_case(lab::by_device(1 << 26, 1 << 22)));
}

const lab::BenchChapter registration{7, describe};

}  // namespace
}  // namespace t2t::streams

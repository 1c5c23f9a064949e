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

lab::LadderCase<Upload, Operands> upload_case(std::int64_t n) {
    lab::LadderCase<Upload, Operands> c;
    c.shape = lab::shape_label({n}) + " floats";
    c.work = Upload{.bytes = n * sizeof(float)}.work();
    c.waits_for_the_device = true;
    c.make = [=](std::uint64_t seed) { return Operands(n, seed); };
    c.op = [](Operands& o) {
        return Upload{std::as_bytes(std::span(o.host)).data(), lab::bytes_of(o.device).data(),
                      o.device.bytes()};
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

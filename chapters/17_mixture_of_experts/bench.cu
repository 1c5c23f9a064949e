// Benchmarks of chapter 17: `t2t bench 17`.

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <cuda_bf16.h>

#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/experts.hpp"

namespace t2t::mixture_of_experts {
namespace {

struct RouterOperands {
    std::vector<float> logits;  // [tokens, experts], what the device's copy holds
    DeviceBuffer<float> logits_device;
    DeviceBuffer<std::int32_t> result;  // [2, tokens, top_k]: the chosen, then the shares' bits

    RouterOperands(const RouterShape& shape, std::uint64_t seed)
        : logits(lab::normal(shape.tokens * shape.experts, 0, 3, seed)),
          logits_device(logits),
          result(static_cast<std::size_t>(2 * shape.tokens * shape.top_k)) {}
};

std::string routing_fault(const RouterOperands& o, const RouterShape& shape) {
    constexpr double tolerance = 1e-5;  // of a share, which is 1 at most
    const auto expected = lab::reference::route(o.logits, shape.experts, shape.top_k);
    const std::vector<std::int32_t> result = o.result.download();
    const std::size_t count = expected.chosen.size();
    for (std::size_t i = 0; i < count; ++i) {
        if (result[i] != expected.chosen[i]) {
            return lab::fault_sentence(i, expected.chosen[i], result[i], 0);
        }
        const double share = std::bit_cast<float>(result[count + i]);
        if (!(std::abs(share - expected.shares[i]) <= tolerance)) {
            return lab::fault_sentence(count + i, expected.shares[i], share, tolerance);
        }
    }
    return {};
}

lab::LadderCase<Route, RouterOperands> router_case(const RouterShape& shape) {
    lab::LadderCase<Route, RouterOperands> c;
    const std::int64_t slots = shape.tokens * shape.top_k;
    c.shape = lab::shape_label({shape.tokens}) + " tokens, " + std::to_string(shape.top_k) +
              " of " + std::to_string(shape.experts);
    c.bytes = 4.0 * shape.tokens * shape.experts + 8.0 * slots;  // logits; numbers and shares
    c.make = [=](std::uint64_t seed) { return RouterOperands(shape, seed); };
    c.run = [=](Route* rung, RouterOperands& o, cudaStream_t stream) {
        std::int32_t* chosen = o.result.data();
        rung(o.logits_device.data(), chosen, reinterpret_cast<float*>(chosen + slots), shape,
             stream);
    };
    c.output = [](RouterOperands& o) { return lab::bytes_of(o.result); };
    c.fault = [=](const RouterOperands& o) { return routing_fault(o, shape); };
    return c;
}

using Bf16 = __nv_bfloat16;
using ExpertsRung = Experts<Bf16, Bf16>;

struct ExpertsOperands {
    ExpertsShape shape;
    std::vector<Bf16> x;               // [tokens, width]
    std::vector<std::int32_t> chosen;  // [tokens, top_k]
    std::vector<float> shares;         // [tokens, top_k]
    std::vector<Bf16> gate_up;         // [experts, 2 · inner, width]
    std::vector<Bf16> down;            // [experts, width, inner]
    DeviceBuffer<Bf16> x_device, gate_up_device, down_device, hidden_device;
    DeviceBuffer<std::int32_t> chosen_device;
    DeviceBuffer<float> shares_device, y_device;

    // Weights that make gate, up and the answers about as large as x.
    ExpertsOperands(const ExpertsShape& sizes, std::uint64_t seed)
        : shape(sizes),
          x(lab::uniform<Bf16>(shape.tokens * shape.width, -2, 2, 4 * seed)),
          shares(lab::uniform(shape.tokens * shape.top_k, 0.2, 0.8, 4 * seed + 1)),
          gate_up(lab::uniform<Bf16>(2 * shape.experts * shape.inner * shape.width,
                                     -1.5 / std::sqrt(shape.width), 1.5 / std::sqrt(shape.width),
                                     4 * seed + 2)),
          down(lab::uniform<Bf16>(shape.experts * shape.width * shape.inner,
                                  -1.5 / std::sqrt(shape.inner), 1.5 / std::sqrt(shape.inner),
                                  4 * seed + 3)),
          x_device(x),
          gate_up_device(gate_up),
          down_device(down),
          hidden_device(static_cast<std::size_t>(shape.tokens * shape.top_k * shape.inner)),
          shares_device(shares),
          y_device(x.size()) {
        // All experts in turn: how many different ones is then known, and so are the bytes.
        for (std::int64_t slot = 0; slot < shape.tokens * shape.top_k; ++slot) {
            chosen.push_back(static_cast<std::int32_t>(slot % shape.experts));
        }
        chosen_device = DeviceBuffer<std::int32_t>(chosen);
    }
};

std::vector<float> widened(const std::vector<Bf16>& values, std::int64_t first,
                           std::int64_t count) {
    return {values.begin() + first, values.begin() + first + count};
}

// The reference takes a second for each expert of a token: the first and the last one are checked.
std::string mixture_fault(const ExpertsOperands& o) {
    // A hidden value is rounded by 2⁻⁹ of itself at most, and so y by about 2⁻⁹ of its size, which
    // is 1. Six times that.
    constexpr double tolerance = 6 * 0x1p-9;
    const auto [tokens, width, inner, experts, top_k] = o.shape;
    const std::vector<float> y = o.y_device.download();
    for (const std::int64_t token : {std::int64_t{0}, tokens - 1}) {
        std::vector<double> expected(static_cast<std::size_t>(width));
        for (std::int64_t slot = token * top_k; slot < (token + 1) * top_k; ++slot) {
            const std::int64_t weights = o.chosen[slot] * width * inner;  // before this expert's
            const auto answer = lab::reference::experts(
                widened(o.x, token * width, width), std::vector<std::int32_t>{0},
                std::vector<float>{o.shares[slot]},
                widened(o.gate_up, 2 * weights, 2 * width * inner),
                widened(o.down, weights, width * inner), {width, inner, 1, 1});
            for (std::size_t i = 0; i < expected.size(); ++i) expected[i] += answer[i];
        }
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::size_t at = static_cast<std::size_t>(token * width) + i;
            if (!(std::abs(y[at] - expected[i]) <= tolerance)) {
                return lab::fault_sentence(at, expected[i], y[at], tolerance);
            }
        }
    }
    return {};
}

lab::LadderCase<ExpertsRung, ExpertsOperands> experts_case(const ExpertsShape& shape) {
    lab::LadderCase<ExpertsRung, ExpertsOperands> c;
    const std::int64_t slots = shape.tokens * shape.top_k;
    const double expert = 3.0 * shape.width * shape.inner;  // weights of one
    c.shape = lab::shape_label({shape.tokens}) + " tokens, " + std::to_string(shape.top_k) +
              " of " + std::to_string(shape.experts) + ", " +
              lab::shape_label({shape.width, shape.inner});
    // Each expert that someone chose, once; x, y, and the inner activation there and back.
    c.bytes = 2.0 * static_cast<double>(std::min(slots, shape.experts)) * expert +
              6.0 * shape.tokens * shape.width + 4.0 * slots * shape.inner;
    c.flops = 2.0 * slots * expert;
    c.make = [=](std::uint64_t seed) { return ExpertsOperands(shape, seed); };
    c.run = [=](ExpertsRung* rung, ExpertsOperands& o, cudaStream_t stream) {
        rung(o.x_device.data(), o.chosen_device.data(), o.shares_device.data(),
             o.gate_up_device.data(), o.down_device.data(), o.hidden_device.data(),
             o.y_device.data(), shape, stream);
    };
    c.output = [](ExpertsOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = mixture_fault;
    return c;
}

void describe(lab::Bench& bench) {
    using Routers = std::vector<RouterShape>;
    for (const RouterShape& shape :
         lab::by_device(Routers{{1, 8, 2}, {65'536, 8, 2}}, Routers{{4096, 8, 2}})) {
        bench.add(router_ladder, router_case(shape));
    }
    using Layers = std::vector<ExpertsShape>;
    const Layers gpu{{1, 4096, 14'336, 8, 2}, {64, 4096, 14'336, 8, 2}};  // Mixtral 8x7B
    const Layers cpu{{4, 256, 512, 8, 2}};
    for (const ExpertsShape& shape : lab::by_device(gpu, cpu)) {
        bench.add(experts_ladder<Bf16, Bf16>, experts_case(shape));
    }
}

const lab::BenchChapter registration{17, describe};

}  // namespace
}  // namespace t2t::mixture_of_experts

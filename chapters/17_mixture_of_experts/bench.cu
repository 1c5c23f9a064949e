// Benchmarks of chapter 17: `t2t bench 17`.

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

struct RouterSizes {
    std::int64_t tokens, experts, top_k;
};

struct RouterOperands {
    std::vector<float> logits;  // [tokens, experts], what the device's copy holds
    DeviceBuffer<float> logits_device;
    DeviceBuffer<std::int32_t> result;  // [2, tokens, top_k]: the chosen, then the shares' bits

    RouterOperands(const RouterSizes& sizes, std::uint64_t seed)
        : logits(lab::normal(sizes.tokens * sizes.experts, 0, 3, seed)),
          logits_device(logits),
          result(static_cast<std::size_t>(2 * sizes.tokens * sizes.top_k)) {}
};

std::string routing_fault(const RouterOperands& o, const RouterSizes& sizes) {
    constexpr double tolerance = 1e-5;  // of a share, which is 1 at most
    const auto expected = lab::reference::route(o.logits, sizes.experts, sizes.top_k);
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

lab::LadderCase<Route, RouterOperands> router_case(const RouterSizes& sizes) {
    lab::LadderCase<Route, RouterOperands> c;
    c.shape = lab::shape_label({sizes.tokens}) + " tokens, " + std::to_string(sizes.top_k) +
              " of " + std::to_string(sizes.experts);
    c.work = Route{.tokens = sizes.tokens, .experts = sizes.experts, .top_k = sizes.top_k}.work();
    c.make = [=](std::uint64_t seed) { return RouterOperands(sizes, seed); };
    c.op = [=](RouterOperands& o) {
        std::int32_t* chosen = o.result.data();
        auto* shares = reinterpret_cast<float*>(chosen + sizes.tokens * sizes.top_k);
        return Route{o.logits_device.data(), chosen,        shares,
                     sizes.tokens,           sizes.experts, sizes.top_k};
    };
    c.output = [](RouterOperands& o) { return lab::bytes_of(o.result); };
    c.fault = [=](const RouterOperands& o) { return routing_fault(o, sizes); };
    return c;
}

using Bf16 = __nv_bfloat16;
using Bf16Experts = Experts<Bf16, Bf16>;

struct ExpertsSizes {
    std::int64_t tokens, width, inner, experts, top_k;
};

struct ExpertsOperands {
    ExpertsSizes sizes;
    std::vector<Bf16> x;               // [tokens, width]
    std::vector<std::int32_t> chosen;  // [tokens, top_k]
    std::vector<float> shares;         // [tokens, top_k]
    std::vector<Bf16> gate_up;         // [experts, 2 · inner, width]
    std::vector<Bf16> down;            // [experts, width, inner]
    DeviceBuffer<Bf16> x_device, gate_up_device, down_device;
    DeviceBuffer<std::int32_t> chosen_device;
    DeviceBuffer<float> shares_device, y_device;

    // Weights that make gate, up and the answers about as large as x.
    ExpertsOperands(const ExpertsSizes& of, std::uint64_t seed)
        : sizes(of),
          x(lab::uniform<Bf16>(sizes.tokens * sizes.width, -2, 2, 4 * seed)),
          shares(lab::uniform(sizes.tokens * sizes.top_k, 0.2, 0.8, 4 * seed + 1)),
          gate_up(lab::uniform<Bf16>(2 * sizes.experts * sizes.inner * sizes.width,
                                     -1.5 / std::sqrt(sizes.width), 1.5 / std::sqrt(sizes.width),
                                     4 * seed + 2)),
          down(lab::uniform<Bf16>(sizes.experts * sizes.width * sizes.inner,
                                  -1.5 / std::sqrt(sizes.inner), 1.5 / std::sqrt(sizes.inner),
                                  4 * seed + 3)),
          x_device(x),
          gate_up_device(gate_up),
          down_device(down),
          shares_device(shares),
          y_device(x.size()) {
        // All experts in turn: how many different ones is then known, and so are the bytes.
        for (std::int64_t slot = 0; slot < sizes.tokens * sizes.top_k; ++slot) {
            chosen.push_back(static_cast<std::int32_t>(slot % sizes.experts));
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
    const auto [tokens, width, inner, experts, top_k] = o.sizes;
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

lab::LadderCase<Bf16Experts, ExpertsOperands> experts_case(const ExpertsSizes& sizes) {
    lab::LadderCase<Bf16Experts, ExpertsOperands> c;
    c.shape = lab::shape_label({sizes.tokens}) + " tokens, " + std::to_string(sizes.top_k) +
              " of " + std::to_string(sizes.experts) + ", " +
              lab::shape_label({sizes.width, sizes.inner});
    c.work = Bf16Experts{.tokens = sizes.tokens,
                         .width = sizes.width,
                         .inner = sizes.inner,
                         .experts = sizes.experts,
                         .top_k = sizes.top_k}
                 .work();
    c.make = [=](std::uint64_t seed) { return ExpertsOperands(sizes, seed); };
    c.op = [=](ExpertsOperands& o) {
        return Bf16Experts{o.x_device.data(),
                           o.chosen_device.data(),
                           o.shares_device.data(),
                           o.gate_up_device.data(),
                           o.down_device.data(),
                           o.y_device.data(),
                           sizes.tokens,
                           sizes.width,
                           sizes.inner,
                           sizes.experts,
                           sizes.top_k};
    };
    c.output = [](ExpertsOperands& o) { return lab::bytes_of(o.y_device); };
    c.fault = mixture_fault;
    return c;
}

void describe(lab::Bench& bench) {
    using Routers = std::vector<RouterSizes>;
    for (const RouterSizes& sizes :
         lab::by_device(Routers{{1, 8, 2}, {65'536, 8, 2}}, Routers{{4096, 8, 2}})) {
        bench.add(router_ladder, router_case(sizes));
    }
    using Layers = std::vector<ExpertsSizes>;
    const Layers gpu{{1, 4096, 14'336, 8, 2}, {64, 4096, 14'336, 8, 2}};  // Mixtral 8x7B
    const Layers cpu{{4, 256, 512, 8, 2}};
    for (const ExpertsSizes& sizes : lab::by_device(gpu, cpu)) {
        bench.add(experts_ladder<Bf16, Bf16>, experts_case(sizes));
    }
}

const lab::BenchChapter registration{17, describe};

}  // namespace
}  // namespace t2t::mixture_of_experts

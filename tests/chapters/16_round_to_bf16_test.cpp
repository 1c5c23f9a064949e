#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "chapters/16_quantization/quantization.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/quantization.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using RoundToBf16 = tests::EveryRung<quantization::round_ladder>;
T2T_EVERY_RUNG(RoundToBf16);

lab::Comparison round_to_bf16(const auto& rung, const std::vector<float>& values) {
    const auto n = static_cast<std::int64_t>(values.size());
    lab::RungCheck check("round_to_bf16", rung.name);
    const float* x = check.input("x", values);
    auto* y = check.output<__nv_bfloat16>("y", {lab::reference::round_to_bf16(values), {1, n}});
    return check.run(rung, {x, y, n});
}

TEST_P(RoundToBf16, RoundsEverySize) {
    for (const std::int64_t n : lab::sizes()) {
        const auto result = round_to_bf16(rung(), lab::normal(n, 3, 20, lab::test_seed()));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// Every bf16 value, and between it and the next one: just above it, just below the middle, the
// middle, which goes to the even one, and just above the middle. That includes zeros, subnormals,
// infinities, NaN, and what is too large and becomes infinity.
TEST_P(RoundToBf16, RoundsToTheNearestAndTiesToEven) {
    std::vector<float> values;
    for (std::uint32_t code = 0; code < 1u << 16; ++code) {
        for (const std::uint32_t lower : {0x0000u, 0x0001u, 0x7fffu, 0x8000u, 0x8001u}) {
            values.push_back(std::bit_cast<float>(code << 16 | lower));
        }
    }
    const auto result = round_to_bf16(rung(), values);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(RoundToBf16, KeepsTheSignOfZero) {
    lab::GuardedBuffer<float> x(std::vector<float>{-0.0f, 0.0f, -1e-45f});
    lab::GuardedBuffer<__nv_bfloat16> y(3);
    rung().run({x.data(), y.data(), 3}, nullptr);
    const std::vector<__nv_bfloat16> rounded = y.download();
    EXPECT_TRUE(std::signbit(static_cast<float>(rounded[0])));
    EXPECT_FALSE(std::signbit(static_cast<float>(rounded[1])));
    EXPECT_TRUE(std::signbit(static_cast<float>(rounded[2])));
    EXPECT_EQ(static_cast<float>(rounded[2]), 0);
}

TEST_P(RoundToBf16, DoesNothingForNoElements) {
    EXPECT_NO_THROW(rung().run({.n = 0}, nullptr));
}

TEST_P(RoundToBf16, RefusesBadArguments) {
    lab::GuardedBuffer<float> input(16);
    lab::GuardedBuffer<__nv_bfloat16> output(16);
    const float* x = input.data();
    __nv_bfloat16* y = output.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    EXPECT_THROW(run({x, y, -1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({x, y, most}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({nullptr, y, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({x, nullptr, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({x + 1, y, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({x, y + 4, 8}, nullptr), std::invalid_argument);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

// The reference is checked against results worked out by hand: from 1 to 2 the spacing is 1/128.
TEST(RoundToBf16Reference, RoundsByHand) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr double spacing = 1.0 / 128;
    const std::vector<float> x{1,          1 + 1 / 256.0f, 1 + 3 / 256.0f, -1 - 3 / 256.0f,
                               1 / 3.0f,   1.999f,         100'001,        infinity,
                               3.3963e38f, 0x1.fep127f,    1e-40f,         -infinity};
    const std::vector<double> rounded{1,           1,          1 + 2 * spacing, -1 - 2 * spacing,
                                      171 / 512.0, 2,          99'840,          infinity,
                                      infinity,    0x1.fep127, 0x1p-133,        -infinity};
    EXPECT_EQ(lab::reference::round_to_bf16(x), rounded);
    EXPECT_TRUE(std::isnan(lab::reference::round_to_bf16(std::vector<float>{NAN})[0]));
}

}  // namespace
}  // namespace t2t

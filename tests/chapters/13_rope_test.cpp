#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chapters/13_positions/positions.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/positions.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Ids = std::vector<std::int32_t>;

using RopeFloat = tests::EveryRung<positions::rope_ladder<float>>;
using RopeBf16 = tests::EveryRung<positions::rope_ladder<__nv_bfloat16>>;
T2T_EVERY_RUNG(RopeFloat);
T2T_EVERY_RUNG(RopeBf16);

template <typename T>
using RopeRung = Rung<positions::Rope<T>>;

struct HeadsShape {
    std::int64_t tokens, heads, kv_heads, head_dim;
};

// Llama's: base^(−2 i / head_dim) for pair i, from 1 down to nearly 1 / base.
std::vector<float> frequencies_of(std::int64_t head_dim, double base = 10'000) {
    std::vector<float> frequencies;
    for (std::int64_t i = 0; i < head_dim / 2; ++i) {
        frequencies.push_back(
            static_cast<float>(std::pow(base, -2.0 * static_cast<double>(i) / head_dim)));
    }
    return frequencies;
}

// How far a turned pair may lie from its reference, which takes the same angle, already rounded to
// fp32: so nothing here grows with the position, although the angle's own rounding, p · f · 2⁻²⁴,
// does.
template <typename T>
lab::Tolerance turn_tolerance(const std::vector<float>& qkv) {
    double largest = 0;
    for (const float x : qkv) largest = std::max(largest, std::abs(static_cast<double>(x)));
    const double fp32 = (2 * 2 + 3) * 0x1p-24 * largest;
    if (std::is_same_v<T, float>) {
        return lab::Tolerance::relative_to_scale(
            fp32,
            "sine and cosine within 2 units in the last place, 2⁻²⁴ for values up to 1, each times "
            "the largest input; and three roundings of 2⁻²⁴ of it");
    }
    return lab::Tolerance::relative_to_scale(
        fp32 + 0x1p-8 * std::sqrt(2.0) * largest,
        "rounding to bf16, 2⁻⁸ of a result of up to √2 · (largest input); fp32's errors beside it");
}

template <typename T>
void expect_heads(const RopeRung<T>& rung, const HeadsShape& shape, const std::vector<float>& qkv,
                  const Ids& where, const std::vector<float>& frequencies,
                  const lab::Tolerance& tolerance) {
    auto expected =
        lab::reference::rope(qkv, where, frequencies, shape.heads, shape.kv_heads, shape.head_dim);
    lab::RungCheck check("rope", rung.name);
    const float* from = check.input("qkv", qkv);
    const std::int32_t* positions = check.input("positions", where);
    const float* radians = check.input("frequencies", frequencies);
    if (frequencies.empty()) {
        positions = nullptr;
        radians = nullptr;
    }
    const auto rows = [&](std::int64_t heads) {
        return lab::Extent{shape.tokens * heads, shape.head_dim};
    };
    T* q = check.output<T>("q", {std::move(expected.q), rows(shape.heads), tolerance});
    T* k = check.output<T>("k", {std::move(expected.k), rows(shape.kv_heads), tolerance});
    T* v = check.output<T>("v", {std::move(expected.v), rows(shape.kv_heads)});  // exact
    const auto result = check.run(rung, {from, positions, radians, q, k, v, shape.tokens,
                                         shape.heads, shape.kv_heads, shape.head_dim});
    EXPECT_TRUE(result.ok()) << result.message() << "\n"
                             << shape.tokens << " tokens of " << shape.heads << " / "
                             << shape.kv_heads << " heads of " << shape.head_dim;
}

std::vector<float> random_qkv(const HeadsShape& shape) {
    return lab::normal(shape.tokens * (shape.heads + 2 * shape.kv_heads) * shape.head_dim, 1, 3,
                       lab::test_seed());
}

template <typename T>
void expect_turned(const RopeRung<T>& rung, const HeadsShape& shape, const Ids& where,
                   double base = 10'000) {
    const auto qkv = random_qkv(shape);
    expect_heads<T>(rung, shape, qkv, where, frequencies_of(shape.head_dim, base),
                    turn_tolerance<T>(qkv));
}

const std::vector<HeadsShape> even_shapes{
    {1, 1, 1, 2},   {2, 3, 1, 4},   {5, 4, 2, 6},  {7, 3, 3, 62},   {3, 12, 1, 64},
    {31, 2, 2, 30}, {33, 1, 1, 34}, {4, 8, 1, 80}, {9, 32, 8, 128}, {1, 6, 2, 256},
    {97, 5, 1, 10}, {3, 2, 0, 8},   {3, 0, 2, 8},  {2, 7, 1, 258},
};

template <typename T>
void expect_every_shape(const RopeRung<T>& rung) {
    for (const HeadsShape& shape : even_shapes) {
        const auto where = lab::integers<std::int32_t>(shape.tokens, 0, 5000, lab::test_seed() + 1);
        expect_turned<T>(rung, shape, where);
    }
}

TEST_P(RopeFloat, TurnsEveryShape) {
    expect_every_shape<float>(rung());
}
TEST_P(RopeBf16, TurnsEveryShape) {
    expect_every_shape<__nv_bfloat16>(rung());
}

// The first pair turns by a radian a position, so these are angles of up to 100,000. Llama 3 has
// base 500,000.
TEST_P(RopeFloat, TurnsFarPositions) {
    const Ids where{0, 1, 2, 1023, 4095, 32'767, 65'536, 99'991, 100'000};
    for (const double base : {10'000.0, 500'000.0})
        expect_turned<float>(rung(), {9, 4, 2, 128}, where, base);
}

// By hand: an angle of π/2 makes (first, second) into (−second, first), an angle of π/3 into half
// and √3/2. Frequencies that are no power of anything show a pair turned by another's frequency.
TEST_P(RopeFloat, TurnsByTheAngleOfEachPair) {
    const std::vector<float> frequencies{1.57079633F, 1.04719755F, 0, 3.14159265F};
    const std::vector<float> head{1, 2, 3, 4, 10, 20, 30, 40};
    std::vector<float> qkv;
    for (int i = 0; i < 3; ++i) qkv.insert(qkv.end(), head.begin(), head.end());
    DeviceBuffer<float> from(qkv);
    DeviceBuffer<float> radians(frequencies);
    DeviceBuffer<std::int32_t> one(Ids{1});
    DeviceBuffer<float> q(8);
    DeviceBuffer<float> k(8);
    DeviceBuffer<float> v(8);
    rung().run({from.data(), one.data(), radians.data(), q.data(), k.data(), v.data(), 1, 1, 1, 8},
               nullptr);
    const double root = std::sqrt(3.0) / 2;
    const std::vector<double> turned{-10, 1 - 20 * root, 3, -4, 1, 10 + 2 * root, 30, -40};
    const auto queries = q.download();
    const auto keys = k.download();
    for (std::size_t i = 0; i < turned.size(); ++i) {
        EXPECT_NEAR(queries[i], turned[i], 1e-5) << i;  // 40 · the rounding of π, and 2⁻²² of 40
        EXPECT_EQ(keys[i], queries[i]) << i;
    }
    EXPECT_EQ(v.download(), head);
}

// The angle 0 has cosine 1 and sine 0, both exact.
template <typename T>
void expect_copy_at_zero(const RopeRung<T>& rung) {
    const HeadsShape shape{5, 3, 1, 40};
    expect_heads<T>(rung, shape, random_qkv(shape), Ids(5, 0), frequencies_of(40),
                    lab::Tolerance::exact());
}

TEST_P(RopeFloat, CopiesAtPositionZero) {
    expect_copy_at_zero<float>(rung());
}
TEST_P(RopeBf16, CopiesAtPositionZero) {
    expect_copy_at_zero<__nv_bfloat16>(rung());
}

template <typename T>
void expect_split(const RopeRung<T>& rung) {
    std::vector<HeadsShape> shapes = even_shapes;
    shapes.insert(shapes.end(),
                  {{1, 1, 1, 1}, {3, 2, 1, 5}, {4, 3, 3, 31}, {2, 6, 2, 33}, {5, 4, 1, 97}});
    for (const HeadsShape& shape : shapes) {
        expect_heads<T>(rung, shape, random_qkv(shape), Ids(shape.tokens, 7), {},
                        lab::Tolerance::exact());
    }
}

TEST_P(RopeFloat, OnlySplitsWithoutFrequencies) {
    expect_split<float>(rung());
}
TEST_P(RopeBf16, OnlySplitsWithoutFrequencies) {
    expect_split<__nv_bfloat16>(rung());
}

// What the rotation is for: the product of a turned query and a turned key depends on how far apart
// they stand, not on where.
TEST_P(RopeFloat, KeepsProductsWhereDistancesAreTheSame) {
    const auto head = lab::normal(2 * 16, 0, 1, lab::test_seed());
    std::vector<float> qkv;
    for (int t = 0; t < 4; ++t) {
        qkv.insert(qkv.end(), head.begin(), head.end());
        qkv.insert(qkv.end(), 16, 0);
    }
    DeviceBuffer<float> from(qkv);
    DeviceBuffer<float> radians(frequencies_of(16));
    DeviceBuffer<std::int32_t> positions(Ids{3, 8, 203, 208});
    DeviceBuffer<float> q(4 * 16);
    DeviceBuffer<float> k(4 * 16);
    DeviceBuffer<float> v(4 * 16);
    rung().run(
        {from.data(), positions.data(), radians.data(), q.data(), k.data(), v.data(), 4, 1, 1, 16},
        nullptr);
    const auto queries = q.download();
    const auto keys = k.download();
    const auto product = [&](std::size_t query, std::size_t key) {
        double sum = 0;
        for (std::size_t d = 0; d < 16; ++d)
            sum += double{queries[query * 16 + d]} * keys[key * 16 + d];
        return sum;
    };
    // Angles up to 208 are rounded by 2⁻¹⁷, and turn 16 products of size about 1 by that much.
    EXPECT_NEAR(product(1, 0), product(3, 2), 16 * 0x1p-16);
    EXPECT_NEAR(product(0, 1), product(2, 3), 16 * 0x1p-16);
    EXPECT_GT(std::abs(product(1, 0) - product(0, 1)), 1e-3) << "the direction must matter";
}

// By hand for 5 tokens of 2 query heads and 1 KV head of 6: 120 elements, of which 90 are turned.
TEST(RopeWork, CountsWhatIsTurned) {
    const float turned = 0;
    positions::Rope<__nv_bfloat16> op{.tokens = 5, .heads = 2, .kv_heads = 1, .head_dim = 6};
    EXPECT_EQ(op.work().bytes, 6 * 120);
    EXPECT_EQ(op.work().flops, 0);
    op.frequencies = &turned;
    EXPECT_EQ(op.work().bytes, 6 * 120 + 4 * 5 + 4 * 3);
    EXPECT_EQ(op.work().flops, 3 * 90);
    EXPECT_EQ((positions::Rope<float>{.tokens = 5, .heads = 2, .kv_heads = 1, .head_dim = 6}
                   .work()
                   .bytes),
              8 * 120);
}

TEST_P(RopeFloat, DoesNothingForAnEmptyResult) {
    const auto run = rung().run;
    EXPECT_NO_THROW(run({.tokens = 0, .heads = 2, .kv_heads = 1, .head_dim = 8}, nullptr));
    EXPECT_NO_THROW(run({.tokens = 3, .heads = 0, .kv_heads = 0, .head_dim = 8}, nullptr));
    EXPECT_NO_THROW(run({.tokens = 3, .heads = 2, .kv_heads = 1, .head_dim = 0}, nullptr));
}

TEST_P(RopeFloat, RefusesBadArguments) {
    using Op = positions::Rope<float>;
    lab::GuardedBuffer<float> qkv(64);
    lab::GuardedBuffer<float> frequencies(4);
    lab::GuardedBuffer<float> output(64);
    lab::GuardedBuffer<std::int32_t> where(Ids{1, 0});
    float* out = output.data();
    const Op good{qkv.data(), where.data(), frequencies.data(), out, out + 32, out + 48, 2, 2, 1,
                  8};
    const auto refuses = [&](std::string_view part, auto spoil) {
        Op bad = good;
        spoil(bad);
        tests::expect_refusal(rung(), bad, part);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("rope: tokens is -2", [](Op& op) { op.tokens = -2; });
    refuses("rope: heads is -2", [](Op& op) { op.heads = -2; });
    refuses("rope: kv_heads is -1", [](Op& op) { op.kv_heads = -1; });
    refuses("rope: head_dim is -8", [](Op& op) { op.head_dim = -8; });
    refuses("rope: head_dim is 7", [](Op& op) { op.head_dim = 7; });
    refuses("tokens (", [](Op& op) { op.tokens = most / 16; });
    refuses("heads (", [](Op& op) { op.heads = most / 8; });
    refuses("kv_heads (", [](Op& op) { op.kv_heads = most / 8; });
    // Each fits, their sum does not.
    refuses("heads + 2 · kv_heads (", [](Op& op) { op.heads = op.kv_heads = most / 48; });
    refuses("rope: qkv is null", [](Op& op) { op.qkv = nullptr; });
    refuses("rope: positions is null", [](Op& op) { op.positions = nullptr; });
    refuses("rope: q is null", [](Op& op) { op.q = nullptr; });
    refuses("rope: k is null", [](Op& op) { op.k = nullptr; });
    refuses("rope: v is null", [](Op& op) { op.v = nullptr; });
    refuses("rope: qkv is not aligned", [](Op& op) { op.qkv += 1; });
    refuses("rope: q is not aligned", [](Op& op) { op.q += 1; });
    refuses("rope: k is not aligned", [](Op& op) { op.k += 1; });
    refuses("rope: v is not aligned", [](Op& op) { op.v += 1; });
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

#include "chapters/01_vector_add/vector_add.cuh"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using VectorAdd = tests::EveryRung<vector_add::ladder>;
T2T_EVERY_RUNG(VectorAdd);

// What c must hold. The tolerance is exact: a sum of two floats in float64, rounded to float, is
// the float sum correctly rounded, because 53 bits ≥ 2 · 24 + 2 make the second rounding harmless.
lab::Expected sum_of(const std::vector<float>& a, const std::vector<float>& b) {
    return {lab::reference::add(a, b), {1, static_cast<std::int64_t>(a.size())}};
}

TEST_P(VectorAdd, AddsEverySize) {
    for (const std::int64_t n : lab::sizes()) {
        const auto a = lab::normal(n, 3, 2, lab::test_seed());
        const auto b = lab::normal(n, -1, 5, lab::test_seed() + 1);
        lab::RungCheck check("vector_add", rung().name);
        const float* x = check.input("a", a);
        const float* y = check.input("b", b);
        float* c = check.output<float>("c", sum_of(a, b));
        const auto result = check.run(rung(), {x, y, c, n});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(VectorAdd, AddsInPlace) {
    for (const std::int64_t n : {1, 5, 1001, 70'000}) {
        const auto x = lab::normal(n, 3, 2, lab::test_seed());
        const auto y = lab::normal(n, -1, 5, lab::test_seed() + 1);
        {
            lab::RungCheck check("vector_add x += y,", rung().name);
            float* c = check.in_out<float>("x", x, sum_of(x, y));
            const float* b = check.input("y", y);
            const auto result = check.run(rung(), {c, b, c, n});
            EXPECT_TRUE(result.ok()) << result.message();
        }
        {
            lab::RungCheck check("vector_add y = x + y,", rung().name);
            const float* a = check.input("x", x);
            float* c = check.in_out<float>("y", y, sum_of(x, y));
            const auto result = check.run(rung(), {a, c, c, n});
            EXPECT_TRUE(result.ok()) << result.message();
        }
        {
            lab::RungCheck check("vector_add x += x,", rung().name);
            float* c = check.in_out<float>("x", x, sum_of(x, x));
            const auto result = check.run(rung(), {c, c, c, n});
            EXPECT_TRUE(result.ok()) << result.message();
        }
    }
}

TEST_P(VectorAdd, KeepsInfinityNanAndSubnormals) {
    using Limits = std::numeric_limits<float>;
    const std::vector<float> a{Limits::infinity(),   Limits::infinity(), Limits::quiet_NaN(),
                               Limits::denorm_min(), Limits::max(),      1.0f,
                               Limits::min()};
    const std::vector<float> b{
        1.0f,     -Limits::infinity(), 1.0f, Limits::denorm_min(), Limits::max(),
        0x1p-24f, -0x1.8p-127f};
    lab::RungCheck check("vector_add of special values,", rung().name);
    const float* x = check.input("a", a);
    const float* y = check.input("b", b);
    float* c = check.output<float>("c", sum_of(a, b));
    const auto n = static_cast<std::int64_t>(a.size());
    const auto result = check.run(rung(), {x, y, c, n});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(VectorAdd, DoesNothingForZeroElements) {
    EXPECT_NO_THROW(rung().run({.n = 0}, nullptr));
}

TEST_P(VectorAdd, RefusesBadArguments) {
    lab::GuardedBuffer<float> buffer(64);
    float* p = buffer.data();
    const auto run = rung().run;
    EXPECT_THROW(run({p, p, p, -1}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p, p, p, std::numeric_limits<std::int64_t>::max()}, nullptr),
                 std::invalid_argument);
    EXPECT_THROW(run({nullptr, p, p, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p, nullptr, p, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p, p, nullptr, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p + 1, p, p, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p, p + 2, p, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run({p, p, p + 3, 8}, nullptr), std::invalid_argument);
    EXPECT_TRUE(buffer.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

#include <cstdint>
#include <limits>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using Copy = tests::EveryRung<memory_access::copy_ladder>;
T2T_EVERY_RUNG(Copy);

// What one block of the widest rung covers: 256 threads × 32 floats.
constexpr std::int64_t tile = 8192;

TEST_P(Copy, CopiesEverySize) {
    for (const std::int64_t n : lab::sizes(tile)) {
        const auto values = lab::normal(n, 3, 2, lab::test_seed());
        lab::RungCheck check("copy", rung().name);
        const float* x = check.input("x", values);
        float* y = check.output<float>("y", {lab::reference::copy(values), {1, n}});
        const auto result = check.run(rung(), {x, y, n});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Copy, DoesNothingForZeroElements) {
    EXPECT_NO_THROW(rung().run({.n = 0}, nullptr));
}

TEST_P(Copy, RefusesBadArguments) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<float> to(64);
    const float* x = from.data();
    float* y = to.data();
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    tests::expect_refusal(rung(), {x, y, -1}, "copy: n is -1");
    tests::expect_refusal(rung(), {x, y, most}, "copy: n (");
    tests::expect_refusal(rung(), {nullptr, y, 8}, "copy: x is null");
    tests::expect_refusal(rung(), {x, nullptr, 8}, "copy: y is null");
    tests::expect_refusal(rung(), {x + 1, y, 8}, "copy: x is not aligned");
    tests::expect_refusal(rung(), {x, y + 3, 8}, "copy: y is not aligned");
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

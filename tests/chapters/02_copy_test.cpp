#include <limits>
#include <stdexcept>

#include "chapters/02_memory_access/memory_access.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"
#include "tests/every_rung.hpp"

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
        const auto result = check.run([&] { rung().run(x, y, n, nullptr); });
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Copy, DoesNothingForZeroElements) {
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, 0, nullptr));
}

TEST_P(Copy, RefusesBadArguments) {
    lab::GuardedBuffer<float> from(64);
    lab::GuardedBuffer<float> to(64);
    const float* x = from.data();
    float* y = to.data();
    const auto run = rung().run;
    EXPECT_THROW(run(x, y, -1, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, y, std::numeric_limits<std::int64_t>::max(), nullptr),
                 std::invalid_argument);
    EXPECT_THROW(run(nullptr, y, 8, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, nullptr, 8, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x + 1, y, 8, nullptr), std::invalid_argument);
    EXPECT_THROW(run(x, y + 3, 8, nullptr), std::invalid_argument);
    EXPECT_TRUE(to.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

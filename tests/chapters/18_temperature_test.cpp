#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "chapters/18_sampling/sampling.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/sampling.hpp"
#include "tests/every_rung.hpp"

namespace t2t {
namespace {

using Temperature = tests::EveryRung<sampling::temperature_ladder>;
T2T_EVERY_RUNG(Temperature);

lab::Comparison temperature(const auto& rung, lab::Extent extent, const std::vector<float>& values,
                            const std::vector<float>& temperatures, std::size_t offset = 0) {
    lab::RungCheck check("temperature", rung.name);
    const float* logits = check.input("logits", values, offset);
    const float* divisors = check.input("temperatures", temperatures, offset);
    float* y = check.output<float>(
        "y", {lab::reference::temperature(values, temperatures, extent), extent}, offset);
    return check.run([&] {
        rung.run(logits, divisors, y, {extent.rows, extent.columns}, nullptr);
    });
}

TEST_P(Temperature, DividesRowsOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(256)) {
        const auto logits = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
        const auto temperatures = lab::uniform(extent.rows, 0.1, 2, lab::test_seed() + 1);
        const auto result = temperature(rung(), extent, logits, temperatures);
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Temperature, LeavesInfinitiesAndNanAsTheyAre) {
    constexpr float inf = std::numeric_limits<float>::infinity();
    const std::vector<float> logits{1, -inf, inf, std::numeric_limits<float>::quiet_NaN(),
                                    0, -0.0F};
    const auto result = temperature(rung(), {2, 3}, logits, {0.7F, 1e-3F});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, ReadsRowsThatAreNotVectorAligned) {
    const auto logits = lab::normal(5 * 31, 3, 8, lab::test_seed());
    const auto result = temperature(rung(), {5, 31}, logits, {0.1F, 0.5F, 0.9F, 1, 1.5F}, 1);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, DividesInPlace) {
    const lab::Extent extent{3, 301};
    const auto logits = lab::normal(extent.rows * extent.columns, 3, 8, lab::test_seed());
    const std::vector<float> temperatures{0.3F, 1, 1.7F};
    lab::RungCheck check("temperature in place,", rung().name);
    const float* divisors = check.input("temperatures", temperatures);
    float* y = check.in_out("y", logits,
                            {lab::reference::temperature(logits, temperatures, extent), extent});
    const auto result = check.run([&] {
        rung().run(y, divisors, y, {extent.rows, extent.columns}, nullptr);
    });
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Temperature, DoesNothingWithoutElements) {
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {0, 8}, nullptr));
    EXPECT_NO_THROW(rung().run(nullptr, nullptr, nullptr, {8, 0}, nullptr));
}

TEST_P(Temperature, RefusesBadArguments) {
    lab::GuardedBuffer<float> input(64);
    lab::GuardedBuffer<float> divisors(8);
    lab::GuardedBuffer<float> output(64);
    const float* logits = input.data();
    const float* temperatures = divisors.data();
    float* y = output.data();
    const auto odd = [](const float* p) {
        return reinterpret_cast<float*>(reinterpret_cast<std::uintptr_t>(p) + 2);
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    const auto run = rung().run;
    EXPECT_THROW(run(logits, temperatures, y, {-1, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, temperatures, y, {8, -8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, temperatures, y, {most / 8, 16}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, temperatures, y, {1, std::int64_t{1} << 31}, nullptr),
                 std::invalid_argument);
    EXPECT_THROW(run(nullptr, temperatures, y, {8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, nullptr, y, {8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, temperatures, nullptr, {8, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(odd(logits), temperatures, y, {4, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, odd(temperatures), y, {4, 8}, nullptr), std::invalid_argument);
    EXPECT_THROW(run(logits, temperatures, odd(y), {4, 8}, nullptr), std::invalid_argument);
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

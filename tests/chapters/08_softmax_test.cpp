#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "chapters/08_softmax/softmax.cuh"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/softmax.hpp"
#include "tests/every_rung.hpp"
#include "tests/linear_layer.hpp"

namespace t2t {
namespace {

using Softmax = tests::EveryRung<softmax::ladder>;
T2T_EVERY_RUNG(Softmax);

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr double epsilon = std::numeric_limits<float>::epsilon();

// How far off one probability may be, as a part of it. exp turns an absolute error of its argument
// into a relative one of its result: half an ε of |x − m|, at most `spread`. Then exp itself is 2 ε
// off, the scale and the product with it 1.5 ε. Each of n additions rounds by half an ε of the sum,
// and not at random: small terms that meet a large sum are all rounded down.
double bound(std::int64_t columns, double spread) {
    return epsilon * (spread / 2 + 4 + static_cast<double>(columns) / 2);
}
constexpr const char* reason = "ε · (spread / 2 + 4 + columns / 2)";

lab::Tolerance tolerance(std::int64_t columns, double spread) {
    return lab::Tolerance::relative_to_value(bound(columns, spread), reason);
}

lab::Comparison softmax_of(const auto& rung, const std::vector<float>& values, lab::Extent extent,
                           lab::Tolerance allowed) {
    lab::RungCheck check("softmax", rung.name);
    const float* x = check.input("x", values);
    float* y = check.output<float>("y", {lab::reference::softmax(values, extent), extent, allowed});
    return check.run(rung, {x, y, extent.rows, extent.columns});
}

// Logits with a mean that is not 0, most of them between −16 and 24.
std::vector<float> logits(lab::Extent extent) {
    return lab::normal(extent.rows * extent.columns, 4, 6, lab::test_seed());
}
constexpr double logits_spread = 60;

TEST_P(Softmax, NormalisesRowsOfEveryShape) {
    for (const lab::Extent& extent : lab::extents(256)) {
        const auto result =
            softmax_of(rung(), logits(extent), extent, tolerance(extent.columns, logits_spread));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Softmax, NormalisesRowsOfEveryLength) {
    for (const std::int64_t columns : lab::sizes()) {
        const lab::Extent extent{columns < 5000 ? 3 : 1, columns};
        const auto result =
            softmax_of(rung(), logits(extent), extent, tolerance(columns, logits_spread));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// exp(1000) overflows, exp(−1000) is 0: only differences count. Every element here is a whole
// number, so x − m is exact.
TEST_P(Softmax, TakesTheMaximumOffFirst) {
    for (const double mean : {-20'000.0, -1000.0, 1000.0, 20'000.0}) {
        const lab::Extent extent{4, 301};
        const auto values =
            lab::integers(extent.rows * extent.columns, static_cast<std::int64_t>(mean) - 20,
                          static_cast<std::int64_t>(mean) + 20, lab::test_seed());
        const auto result = softmax_of(rung(), values, extent, tolerance(extent.columns, 0));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

// Differences up to 1000. Probabilities below 10⁻³⁸ have fewer bits or are 0, so here the error is
// one of the whole row, which sums to 1.
TEST_P(Softmax, GivesNearlyNothingToWhatIsFarBelow) {
    for (const lab::Extent& extent : {lab::Extent{5, 33}, {3, 1001}}) {
        const auto values = lab::uniform(extent.rows * extent.columns, -500, 500, lab::test_seed());
        const auto result =
            softmax_of(rung(), values, extent,
                       lab::Tolerance::relative_to_scale(bound(extent.columns, 1000), reason));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Softmax, KnowsSpecialValues) {
    for (const std::int64_t columns : {1, 2, 33, 300, 1001}) {
        const lab::Extent extent{11, columns};
        auto values = logits(extent);
        const auto row = [&](std::int64_t r) { return values.begin() + r * columns; };
        const std::int64_t middle = columns / 2;
        const std::int64_t last = columns - 1;
        row(1)[middle] = -inf;            // probability 0
        std::fill(row(2), row(3), -inf);  // no distribution
        std::fill(row(3), row(4), -inf);
        row(3)[last] = -700;  // all of the probability
        row(4)[0] = nan;
        row(5)[middle] = nan;
        row(6)[last] = nan;
        std::fill(row(7), row(8), -inf);
        row(7)[middle] = nan;  // the maximum must not hide it
        row(8)[last] = inf;
        std::fill(row(9), row(10), -inf);
        row(9)[0] = inf;
        const auto result = softmax_of(rung(), values, extent, tolerance(columns, logits_spread));
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Softmax, SharesEquallyAmongEquals) {
    const std::vector<float> values(static_cast<std::size_t>(3 * 64), 7.5F);
    lab::RungCheck check("softmax of equal elements,", rung().name);
    const float* x = check.input("x", values);
    // 1 + 1 + … + 1 = 64 and 1 / 64 are exact.
    float* y = check.output<float>("y", {std::vector<double>(values.size(), 1.0 / 64), {3, 64}});
    const auto result = check.run(rung(), {x, y, 3, 64});
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_P(Softmax, NormalisesInPlace) {
    for (const lab::Extent& extent : {lab::Extent{3, 31}, {2, 256}, {3, 1001}}) {
        const auto values = logits(extent);
        lab::RungCheck check("softmax in place,", rung().name);
        float* x = check.in_out("x", values,
                                {lab::reference::softmax(values, extent), extent,
                                 tolerance(extent.columns, logits_spread)});
        const auto result = check.run(rung(), {x, x, extent.rows, extent.columns});
        EXPECT_TRUE(result.ok()) << result.message();
    }
}

TEST_P(Softmax, DoesNothingWithoutElements) {
    EXPECT_NO_THROW(rung().run({.rows = 0, .columns = 8}, nullptr));
    EXPECT_NO_THROW(rung().run({.rows = 8, .columns = 0}, nullptr));
}

TEST_P(Softmax, RefusesBadArguments) {
    lab::GuardedBuffer<float> input(64);
    lab::GuardedBuffer<float> output(64);
    const float* x = input.data();
    float* y = output.data();
    const auto refuses = [&](const std::string& part, const softmax::Softmax& bad) {
        const std::string said = tests::complaint([&] { rung().run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    refuses("softmax: rows is -1; a size is 0 or more", {x, y, -1, 8});
    refuses("softmax: columns is -8; a size is 0 or more", {x, y, 8, -8});
    refuses("do not fit a 64-bit offset", {x, y, std::numeric_limits<std::int64_t>::max() / 8, 16});
    refuses("softmax: x is null", {nullptr, y, 8, 8});
    refuses("softmax: y is null", {x, nullptr, 8, 8});
    refuses("softmax: x is not aligned", {x + 1, y, 4, 8});
    refuses("softmax: y is not aligned", {x, y + 2, 4, 8});
    EXPECT_TRUE(output.unchanged()) << "a refused call has written";
}

}  // namespace
}  // namespace t2t

#include "model/engine/sampler.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/device/properties.hpp"
#include "common/device/stream.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::model {
namespace {

class Sampling : public ::testing::Test {
 protected:
    // One row of logits for each rule; `steps` says how far each sequence is.
    std::vector<std::int32_t> sample(const std::vector<float>& logits,
                                     const std::vector<SamplingRule>& rules,
                                     const std::vector<std::int64_t>& steps) {
        const auto rows = static_cast<std::int64_t>(rules.size());
        const std::int64_t columns = static_cast<std::int64_t>(logits.size()) / rows;
        const DeviceBuffer<float> device(logits);
        Sampler sampler(ops_, rows, columns);
        return sampler.sample(view(device, rows, columns), rules, steps);
    }

    static Tensor view(const DeviceBuffer<float>& device, std::int64_t rows, std::int64_t columns) {
        return {reinterpret_cast<std::byte*>(const_cast<float*>(device.data())), DType::fp32, rows,
                columns};
    }

    Stream stream_;
    Ops ops_{OpTable(device_properties()), stream_.get()};
};

TEST_F(Sampling, GreedyTakesTheLargestAndOfEqualsTheFirst) {
    EXPECT_EQ(sample({1, 5, 3, 5, -2}, {{.temperature = 0}}, {0}), std::vector<std::int32_t>{1});
}

TEST_F(Sampling, GreedyAndDrawnRowsMayStandSideBySide) {
    const auto tokens =
        sample({9, 1, 2, 3, /**/ 1, 2, 9, 3, /**/ -1, 60, 0, 1},
               {{.temperature = 0}, {.temperature = 0}, {.temperature = 1}}, {0, 0, 0});
    EXPECT_EQ(tokens, (std::vector<std::int32_t>{0, 2, 1}));
}

// Draws with many seeds have the frequencies that the softmax says.
TEST_F(Sampling, FrequenciesAreTheSoftmax) {
    const std::vector<float> logits{1.0f, 2.0f, 0.0f, -1.0f, 1.5f};
    const double temperature = 0.7;
    std::vector<double> p;
    double total = 0;
    for (const float logit : logits) total += std::exp(logit / temperature);
    for (const float logit : logits) p.push_back(std::exp(logit / temperature) / total);

    constexpr int rows = 100, rounds = 50;  // 5,000 draws
    std::vector<float> many;
    for (int row = 0; row < rows; ++row) many.insert(many.end(), logits.begin(), logits.end());
    std::map<std::int32_t, int> counts;
    for (int round = 0; round < rounds; ++round) {
        std::vector<SamplingRule> rules;
        for (int row = 0; row < rows; ++row) {
            rules.push_back({.temperature = temperature,
                             .top_p = 1,
                             .seed = static_cast<std::uint64_t>(round * rows + row)});
        }
        for (const std::int32_t token :
             sample(many, rules, std::vector<std::int64_t>(rows, round))) {
            ++counts[token];
        }
    }
    double chi_square = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
        const double expected = p[i] * rows * rounds;
        chi_square += std::pow(counts[static_cast<std::int32_t>(i)] - expected, 2) / expected;
    }
    EXPECT_LT(chi_square, 18.5);  // 4 degrees of freedom: 1 run in 1,000 lies above
}

TEST_F(Sampling, TopKAndTopPKeepOnlyTheMostProbable) {
    const std::vector<float> logits{0.0f, 3.0f, 2.9f, -1.0f, 2.8f};
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const auto top_k =
            sample(logits, {{.temperature = 5, .top_p = 1, .top_k = 2, .seed = seed}}, {0});
        EXPECT_TRUE(top_k[0] == 1 || top_k[0] == 2) << top_k[0];
        const auto top_p = sample(logits, {{.temperature = 1, .top_p = 0.3, .seed = seed}}, {0});
        EXPECT_EQ(top_p[0], 1);  // its probability alone is 0.35
        const auto all =
            sample(logits, {{.temperature = 5, .top_p = 1, .top_k = 99, .seed = seed}}, {0});
        EXPECT_TRUE(all[0] >= 0 && all[0] < 5);
    }
}

TEST_F(Sampling, ARowDoesNotDependOnItsNeighbours) {
    const auto logits = lab::normal(3 * 1000, 0, 3, 5);
    const std::vector<SamplingRule> rules{
        {.seed = 1}, {.temperature = 1.5, .top_p = 1, .seed = 2}, {.top_k = 7, .seed = 3}};
    const std::vector<std::int64_t> steps{0, 4, 11};
    const auto together = sample(logits, rules, steps);
    for (std::size_t i = 0; i < 3; ++i) {
        const std::vector<float> row(logits.begin() + static_cast<std::ptrdiff_t>(1000 * i),
                                     logits.begin() + static_cast<std::ptrdiff_t>(1000 * (i + 1)));
        EXPECT_EQ(sample(row, {rules[i]}, {steps[i]}).front(), together[i]);
    }
}

TEST_F(Sampling, TheBestCandidatesAreSoftmaxInOrder) {
    const std::vector<float> logits{1.0f, 4.0f, 2.0f, 3.0f};
    const DeviceBuffer<float> device(logits);
    Sampler sampler(ops_, 1, 4);
    const auto best = sampler.best(view(device, 1, 4), {.temperature = 2}, 3);
    ASSERT_EQ(best.size(), 3u);
    const double total = std::exp(0.5) + std::exp(2.0) + std::exp(1.0) + std::exp(1.5);
    EXPECT_EQ(best[0].token, 1);
    EXPECT_EQ(best[1].token, 3);
    EXPECT_EQ(best[2].token, 2);
    EXPECT_EQ(best[1].logit, 3.0f);
    EXPECT_NEAR(best[1].probability, std::exp(1.5) / total, 1e-6);
    EXPECT_EQ(sampler.best(view(device, 1, 4), {}, 10).size(), 4u);
}

TEST_F(Sampling, NaNIsAnErrorThatSaysSo) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const double temperature : {0.0, 1.0}) {
        try {
            sample({1, nan, 2}, {{.temperature = temperature}}, {5});
            FAIL() << "no error at temperature " << temperature;
        } catch (const std::runtime_error& error) {
            EXPECT_EQ(
                std::string(error.what()),
                "the model's logits are not numbers (NaN) after 5 new tokens; its weights are "
                "damaged, or too large for this --dtype");
        }
    }
}

std::string complaint(const SamplingRule& rule) {
    try {
        check(rule);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "none";
}

TEST(SamplingRule, WrongOnesGetASentence) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(complaint({}), "none");
    EXPECT_EQ(complaint({.temperature = 0, .top_p = 1}), "none");
    EXPECT_EQ(complaint({.temperature = -0.5}),
              "temperature is -0.5; it must be 0 (greedy) or a number above");
    EXPECT_EQ(complaint({.temperature = nan}),
              "temperature is nan; it must be 0 (greedy) or a number above");
    EXPECT_EQ(complaint({.temperature = 1e-30}),
              "temperature is 1e-30; below 1e-06 use 0 (greedy)");
    EXPECT_EQ(complaint({.temperature = 1e-6}), "none");
    EXPECT_EQ(complaint({.top_p = 0}), "top-p is 0; it must be above 0 and at most 1");
    EXPECT_EQ(complaint({.top_p = 1.5}), "top-p is 1.5; it must be above 0 and at most 1");
    EXPECT_EQ(complaint({.top_p = nan}), "top-p is nan; it must be above 0 and at most 1");
    EXPECT_EQ(complaint({.top_k = -1}), "top-k is -1; it must be 0 (all tokens) or more");
}

TEST(UniformOf, IsBelowOneAndDependsOnBoth) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        for (std::int64_t step = 0; step < 100; ++step) {
            const float u = uniform_of(seed, step);
            ASSERT_GE(u, 0.0f);
            ASSERT_LT(u, 1.0f);
            sum += u;
        }
    }
    EXPECT_NEAR(sum / 10000, 0.5, 0.015);  // five deviations of the mean of 10,000 draws
    EXPECT_NE(uniform_of(1, 0), uniform_of(2, 0));
    EXPECT_NE(uniform_of(1, 0), uniform_of(1, 1));
    EXPECT_NE(uniform_of(1, 1), uniform_of(2, 0));
}

}  // namespace
}  // namespace t2t::model

// The shipped models against the truth: what `transformers` computes from the same files
// (tests/model/truth/README.md says how).

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/engine/generate.hpp"
#include "model/tokenizer/tokenizer.hpp"
#include "tests/model/loaded.hpp"
#include "tests/model/stored.hpp"

namespace t2t::tests {
namespace {

// A float64 pass agrees with every stored logit to 2e-5; fp32 sums in another order, over a few hundred
// terms and four to six layers, reach 1e-4 at logits up to 31. 5e-4 leaves room for no wrong formula: a
// window of 255 or 257 already moves a logit by 0.02, a rounded RoPE frequency by 0.04.
constexpr double logit_tolerance = 5e-4;
constexpr double loss_tolerance = 1e-4;
// bf16 keeps 8 bits: each rounding is off by up to 2⁻⁹, and some fifty of them lie on the way of a
// logit through four to six layers.
constexpr double bf16_relative_tolerance = 2e-2;
constexpr double bf16_loss_tolerance = 1e-2;
// make_truth.py stops there when a model does not end its text before.
constexpr std::int64_t most_greedy_tokens = 160;
// Below this gap between the two best tokens either one is right.
constexpr double undecided_gap = 1e-3;

double worst(std::span<const float> actual, std::span<const float> expected) {
    if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
    double largest = 0;
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const double difference = std::abs(double{actual[i]} - double{expected[i]});
        if (!(difference <= largest)) largest = difference;  // a NaN is the worst of all
        if (std::isnan(difference)) return std::numeric_limits<double>::infinity();
    }
    return largest;
}

double relative_error(std::span<const float> actual, std::span<const float> expected) {
    if (actual.size() != expected.size()) return std::numeric_limits<double>::infinity();
    double square = 0;
    double scale = 0;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        square += std::pow(double{actual[i]} - double{expected[i]}, 2);
        scale += std::pow(double{expected[i]}, 2);
    }
    return std::sqrt(square / scale);
}

// Mean of −log p(next token) over a text, in nats.
double mean_loss(const std::vector<float>& logits, const std::vector<std::int32_t>& ids) {
    const std::size_t vocabulary = logits.size() / ids.size();
    double sum = 0;
    for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
        const std::span row(logits.data() + t * vocabulary, vocabulary);
        const double top = *std::ranges::max_element(row);
        double total = 0;
        for (const float logit : row) total += std::exp(logit - top);
        sum += top + std::log(total) - row[static_cast<std::size_t>(ids[t + 1])];
    }
    return sum / static_cast<double>(ids.size() - 1);
}

class Truth : public ::testing::TestWithParam<const char*> {
 protected:
    std::filesystem::path folder() const {
        return std::filesystem::path("model/pretrained") / GetParam();
    }
    std::filesystem::path truth() const {
        return std::filesystem::path("tests/model/truth") / GetParam();
    }
    Stored reference() const { return Stored(truth() / "reference.safetensors"); }
    nlohmann::json generation() const {
        return nlohmann::json::parse(std::ifstream(truth() / "generation.json"));
    }
};
INSTANTIATE_TEST_SUITE_P(Shipped, Truth,
                         ::testing::Values("tales-gpt2", "tales-mistral", "tales-mixtral"),
                         [](const auto& info) { return std::string(info.param).substr(6); });

TEST_P(Truth, LogitsOfAPrompt) {
    const Stored stored = reference();
    Loaded model(folder());
    const auto ids = stored.values<std::int32_t>("input_ids");
    EXPECT_LE(worst(model.prompt(ids), stored.values<float>("logits")), logit_tolerance);
}

TEST_P(Truth, LogitsPastTheWindowAndTheMeanLoss) {
    const Stored stored = reference();
    Loaded model(folder());
    const auto ids = stored.values<std::int32_t>("long_input_ids");
    ASSERT_EQ(ids.size(), 400u);
    const std::vector<float> logits = model.prompt(ids);
    const auto expected = stored.values<float>("long_last_logits");
    EXPECT_LE(worst(std::span(logits).last(expected.size()), expected), logit_tolerance);
    EXPECT_NEAR(mean_loss(logits, ids), stored.values<float>("long_mean_nll").front(),
                loss_tolerance);
}

TEST_P(Truth, APromptInChunksIsTheSamePrompt) {
    const Stored stored = reference();
    Loaded model(folder(), {.chunk = 67, .logits_of = model::LogitsOf::last});
    const auto ids = stored.values<std::int32_t>("long_input_ids");
    EXPECT_LE(worst(model.prompt(ids), stored.values<float>("long_last_logits")), logit_tolerance);
}

TEST_P(Truth, SingleStepsAreTheSameAsAPrompt) {
    const Stored stored = reference();
    Loaded model(folder());
    const auto ids = stored.values<std::int32_t>("input_ids");
    const auto expected = stored.values<float>("logits");
    const std::size_t vocabulary = expected.size() / ids.size();
    model.steps(ids, [&](std::size_t i, const std::vector<float>& logits) {
        EXPECT_LE(worst(logits, std::span(expected).subspan(i * vocabulary, vocabulary)),
                  logit_tolerance)
            << "after token " << i;
    });
}

TEST_P(Truth, SingleStepsPastTheWindow) {
    const Stored stored = reference();
    Loaded model(folder(), {.logits_of = model::LogitsOf::last});
    const auto ids = stored.values<std::int32_t>("long_input_ids");
    // 300 tokens as a prompt, the rest one at a time: the window is 256.
    const auto start = std::span(ids).first(300);
    model->prompt(0, 0, start);
    std::vector<float> logits;
    const std::int32_t row = 0;
    for (std::size_t i = 300; i < ids.size(); ++i) {
        const auto position = static_cast<std::int32_t>(i);
        logits = model.host(model->decode({&row, 1}, {&position, 1}, {&ids[i], 1}));
    }
    EXPECT_LE(worst(logits, stored.values<float>("long_last_logits")), logit_tolerance);
}

TEST_P(Truth, RouterLogits) {
    const Stored stored = reference();
    Loaded model(folder());
    ASSERT_EQ(model->config().experts > 0, stored.contains("router_logits"));
    if (model->config().experts == 0) return;  // the other two have no router
    std::vector<float> logits;                 // [layers, tokens, experts]
    model->on_router_logits = [&](std::int64_t, model::Tensor of_layer) {
        const std::vector<float> values = model.host(of_layer);
        logits.insert(logits.end(), values.begin(), values.end());
    };
    model.prompt(stored.values<std::int32_t>("input_ids"));
    EXPECT_LE(worst(logits, stored.values<float>("router_logits")), logit_tolerance);
}

TEST_P(Truth, Bf16StaysClose) {
    if (device_properties().compute_capability < 80) {
        GTEST_SKIP() << "bf16 needs compute capability 8.0";
    }
    const Stored stored = reference();
    Loaded model(folder(), {.compute = model::DType::bf16});
    const auto ids = stored.values<std::int32_t>("input_ids");
    EXPECT_LE(relative_error(model.prompt(ids), stored.values<float>("logits")),
              bf16_relative_tolerance);

    const auto long_ids = stored.values<std::int32_t>("long_input_ids");
    const std::vector<float> logits = model.prompt(long_ids);
    const double loss = stored.values<float>("long_mean_nll").front();
    EXPECT_NEAR(mean_loss(logits, long_ids), loss, bf16_loss_tolerance * loss);
    const auto last = stored.values<float>("long_last_logits");
    EXPECT_LE(relative_error(std::span(logits).last(last.size()), last), bf16_relative_tolerance);

    Loaded in_chunks(
        folder(), {.compute = model::DType::bf16, .chunk = 67, .logits_of = model::LogitsOf::last});
    EXPECT_LE(relative_error(in_chunks.prompt(long_ids), last), bf16_relative_tolerance);
}

TEST_P(Truth, Bf16StepsStayCloseToo) {
    if (device_properties().compute_capability < 80) {
        GTEST_SKIP() << "bf16 needs compute capability 8.0";
    }
    const Stored stored = reference();
    Loaded model(folder(), {.compute = model::DType::bf16});
    const auto ids = stored.values<std::int32_t>("input_ids");
    const auto expected = stored.values<float>("logits");
    const std::size_t vocabulary = expected.size() / ids.size();
    std::vector<float> all;
    model.steps(ids, [&](std::size_t, const std::vector<float>& logits) {
        all.insert(all.end(), logits.begin(), logits.end());
    });
    ASSERT_EQ(all.size(), ids.size() * vocabulary);
    EXPECT_LE(relative_error(all, expected), bf16_relative_tolerance);
}

TEST_P(Truth, GreedyContinuationsOfABatch) {
    const auto tokenizer = model::Tokenizer::from_file(folder() / "tokenizer.json");
    const nlohmann::json cases = generation();
    std::vector<model::Request> requests;
    for (const auto& expected : cases) {
        const auto prompt = tokenizer->encode(expected["prompt"].get<std::string>());
        ASSERT_EQ(prompt, expected["prompt_ids"].get<std::vector<std::int32_t>>());
        requests.push_back({prompt, most_greedy_tokens, {.temperature = 0}, {}});
    }
    ASSERT_EQ(requests.size(), 4u);

    Loaded model(folder(), {.sequences = 4, .logits_of = model::LogitsOf::last});
    const auto results = model::generate(*model, tokenizer.get(), requests);
    for (std::size_t i = 0; i < results.size(); ++i) {
        const auto expected = cases[i]["greedy_ids"].get<std::vector<std::int32_t>>();
        const auto gaps = cases[i]["gap_to_second"].get<std::vector<double>>();
        const auto& actual = results[i].tokens;
        const auto wrong = std::ranges::mismatch(actual, expected).in1;
        if (wrong == actual.end()) {
            ASSERT_EQ(actual.size(), expected.size());
            EXPECT_EQ(results[i].finish, expected.size() == most_greedy_tokens
                                             ? model::Finish::max_tokens
                                             : model::Finish::end_token);
            const std::string text = cases[i]["greedy_text"];
            EXPECT_EQ(tokenizer->decode(actual), text);
            // A text that begins with a word has no space before it; one that goes on has.
            const bool goes_on = results[i].text.starts_with(' ') && !text.starts_with(' ');
            EXPECT_EQ(results[i].text.substr(goes_on ? 1 : 0), text);
            continue;
        }
        const auto at = static_cast<std::size_t>(wrong - actual.begin());
        ASSERT_LT(at, expected.size()) << "prompt " << i << ": the text should have ended";
        EXPECT_LT(gaps[at], undecided_gap) << "prompt " << i << ": token " << at << " is "
                                           << actual[at] << ", not " << expected[at];
        std::cout << "prompt " << i << ": the two best tokens at " << at << " are " << gaps[at]
                  << " apart; the other one was taken, and the rest was not compared\n";
    }
}

TEST_P(Truth, TopTenAfterAPrompt) {
    Loaded model(folder(), {.logits_of = model::LogitsOf::last});
    for (const auto& expected : generation()) {
        const auto ids = expected["prompt_ids"].get<std::vector<std::int32_t>>();
        const std::vector<float> logits = model.prompt(ids);
        for (const auto& [token, logit] :
             expected["last_logits_top10"].get<std::vector<std::pair<std::size_t, double>>>()) {
            EXPECT_NEAR(logits[token], logit, logit_tolerance);
        }
        const double tenth = expected["last_logits_top10"].back()[1];
        EXPECT_LE(std::ranges::count_if(
                      logits, [&](float logit) { return logit > tenth + logit_tolerance; }),
                  9);
    }
}

// Prompts of different lengths, one of them past the window, with texts that end at different times.
TEST_P(Truth, ABatchIsEachAloneToTheBit) {
    const auto tokenizer = model::Tokenizer::from_file(folder() / "tokenizer.json");
    const auto long_ids = reference().values<std::int32_t>("long_input_ids");
    std::vector<model::Request> requests;
    const auto ask = [&](std::vector<std::int32_t> ids, std::int64_t tokens, double temperature) {
        requests.push_back({std::move(ids), tokens, {.temperature = temperature, .seed = 7}, {}});
    };
    ask(tokenizer->encode("Once upon a time"), 20, 1);
    ask(tokenizer->encode("The"), 3, 1);
    ask({long_ids.begin(), long_ids.begin() + 290}, 8, 1);
    ask(tokenizer->encode("\"Who are you?\" asked the old king of"), 9, 0);

    for (const model::DType compute : {model::DType::fp32, model::DType::bf16}) {
        if (compute == model::DType::bf16 && device_properties().compute_capability < 80) continue;
        SCOPED_TRACE(model::name_of(compute));
        Loaded together(folder(),
                        {.compute = compute, .sequences = 4, .logits_of = model::LogitsOf::last});
        Loaded alone(folder(), {.compute = compute, .logits_of = model::LogitsOf::last});
        const auto batch = model::generate(*together, tokenizer.get(), requests);
        for (std::size_t i = 0; i < requests.size(); ++i) {
            const auto result = model::generate(*alone, tokenizer.get(), {&requests[i], 1});
            EXPECT_EQ(result.front().tokens, batch[i].tokens) << "prompt " << i;
            EXPECT_EQ(result.front().text, batch[i].text) << "prompt " << i;
        }

        // The logits themselves, not only the tokens that they lead to.
        const std::vector<std::int32_t> rows{0, 1, 2, 3}, ids{5, 6, 7, 8};
        std::vector<std::int32_t> positions;
        for (const auto& request : requests) {
            positions.push_back(static_cast<std::int32_t>(request.prompt.size()));
            together->prompt(static_cast<std::int64_t>(positions.size()) - 1, 0, request.prompt);
        }
        const auto all = together.host(together->decode(rows, positions, ids));
        const std::size_t vocabulary = all.size() / rows.size();
        for (std::size_t i = 0; i < requests.size(); ++i) {
            alone->prompt(0, 0, requests[i].prompt);
            const std::int32_t row = 0;
            EXPECT_EQ(worst(alone.host(alone->decode({&row, 1}, {&positions[i], 1}, {&ids[i], 1})),
                            std::span(all).subspan(i * vocabulary, vocabulary)),
                      0.0)
                << "sequence " << i;
        }
    }
}

// Every rung of every operation in the place of the one that serves by default, against the same
// truth: logits of a prompt and of a step, the greedy text; and the drawn text of the default rungs.
TEST_P(Truth, EveryRungServesTheModel) {
    const Stored stored = reference();
    const auto ids = stored.values<std::int32_t>("input_ids");
    const auto expected = stored.values<float>("logits");
    const std::size_t vocabulary = expected.size() / ids.size();
    const nlohmann::json first = generation().front();
    const model::Request greedy{
        first["prompt_ids"].get<std::vector<std::int32_t>>(), 4, {.temperature = 0}, {}};
    const model::Request drawn{greedy.prompt, 4, {.temperature = 1, .seed = 3}, {}};
    const auto write = [&](Loaded& model) {
        return model::generate(*model, nullptr, std::vector{greedy, drawn});
    };
    const auto truth = first["greedy_ids"].get<std::vector<std::int32_t>>();
    Loaded by_default(folder(), {.sequences = 2, .positions = 32});
    const auto text = write(by_default);

    const model::OpTable table(device_properties());
    for (const model::OpEntry& op : table.entries()) {
        for (const RungEntry& rung : op.ladder.rungs) {
            if (!unmet(rung.needs, device_properties()).empty()) continue;
            if (rung.name == table.rung(op)->name) continue;
            const std::string choice = std::string(op.operation) + "=" + std::string(rung.name);
            SCOPED_TRACE(choice);
            Loaded model(folder(), {.sequences = 2, .positions = 32, .rungs = {choice}});
            const auto results = write(model);
            EXPECT_EQ(results[0].tokens, std::vector(truth.begin(), truth.begin() + 4));
            EXPECT_EQ(results[1].tokens, text[1].tokens);

            const auto prompt = model.prompt(std::span(ids).first(8));
            EXPECT_LE(worst(prompt, std::span(expected).first(8 * vocabulary)), logit_tolerance);
            const std::int32_t row = 0;
            const std::int32_t position = 8;
            const auto step = model.host(model->decode({&row, 1}, {&position, 1}, {&ids[8], 1}));
            EXPECT_LE(worst(step, std::span(expected).subspan(8 * vocabulary, vocabulary)),
                      logit_tolerance);
        }
    }
}

}  // namespace
}  // namespace t2t::tests

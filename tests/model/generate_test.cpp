#include "model/engine/generate.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/tokenizer/text_stream.hpp"
#include "model/tokenizer/tokenizer.hpp"
#include "tests/model/loaded.hpp"
#include "tests/model/tiny_model.hpp"

namespace t2t::tests {
namespace {

constexpr const char* mistral = "model/pretrained/tales-mistral";

class Generate : public ::testing::Test {
 protected:
    model::Request request(const std::string& prompt, std::int64_t max_tokens,
                           std::vector<std::string> stops = {},
                           const model::SamplingRule& rule = {.temperature = 0}) {
        return {tokenizer_->encode(prompt), max_tokens, rule, std::move(stops)};
    }
    model::Result write(const model::Request& request, const model::Watch& watch = {},
                        model::Timing* timing = nullptr) {
        return model::generate(*model_, tokenizer_.get(), {&request, 1}, watch, timing).front();
    }

    std::unique_ptr<model::Tokenizer> tokenizer_ =
        model::Tokenizer::from_file(std::string(mistral) + "/tokenizer.json");
    Loaded model_{mistral, {.positions = 128, .logits_of = model::LogitsOf::last}};
};

TEST_F(Generate, TheTextIsWhatTheTokensSay) {
    std::string streamed;
    std::vector<std::int32_t> told;
    model::Watch watch;
    watch.on_text = [&](std::size_t, std::string_view text) { streamed += text; };
    watch.on_token = [&](std::size_t, std::int32_t token) { told.push_back(token); };
    const model::Request asked = request("Once upon a time", 30);
    const model::Result result = write(asked, watch);
    EXPECT_EQ(result.tokens.size(), 30u);
    EXPECT_EQ(result.finish, model::Finish::max_tokens);
    EXPECT_EQ(streamed, result.text);
    EXPECT_EQ(told, result.tokens);

    std::vector<std::int32_t> all = asked.prompt;
    all.insert(all.end(), result.tokens.begin(), result.tokens.end());
    EXPECT_EQ(tokenizer_->decode(all), "Once upon a time" + result.text);
}

TEST_F(Generate, AStopStringEndsTheText) {
    const model::Result free = write(request("Once upon a time", 40));
    const std::string stop = free.text.substr(20, 6);
    const model::Result stopped = write(request("Once upon a time", 40, {"nowhere", stop}));
    EXPECT_EQ(stopped.finish, model::Finish::stop_string);
    EXPECT_EQ(stopped.text, free.text.substr(0, free.text.find(stop)));
    EXPECT_LT(stopped.tokens.size(), free.tokens.size());
}

TEST_F(Generate, NothingIsWrittenWhenNothingIsAskedFor) {
    const model::Result result = write(request("Once", 0));
    EXPECT_TRUE(result.tokens.empty());
    EXPECT_EQ(result.text, "");
}

TEST_F(Generate, TheSameSeedTheSameText) {
    const model::SamplingRule one{.temperature = 1.2, .top_p = 1, .seed = 1};
    const model::SamplingRule two{.temperature = 1.2, .top_p = 1, .seed = 2};
    const auto first = write(request("The king", 24, {}, one));
    EXPECT_EQ(write(request("The king", 24, {}, one)).tokens, first.tokens);
    EXPECT_NE(write(request("The king", 24, {}, two)).tokens, first.tokens);
}

TEST_F(Generate, CandidatesComeBestFirstAndGreedyTakesTheFirst) {
    std::vector<std::int32_t> best, chosen;
    model::Watch watch;
    watch.best = 10;
    watch.on_candidates = [&](std::size_t, const std::vector<model::Candidate>& candidates) {
        ASSERT_EQ(candidates.size(), 10u);
        for (std::size_t i = 1; i < 10; ++i)
            EXPECT_GE(candidates[i - 1].logit, candidates[i].logit);
        best.push_back(candidates.front().token);
    };
    watch.on_token = [&](std::size_t, std::int32_t token) { chosen.push_back(token); };
    write(request("The king", 8), watch);
    EXPECT_EQ(best.size(), 8u);
    EXPECT_EQ(best, chosen);
}

TEST_F(Generate, TheTraceIsOneToken) {
    std::vector<TraceEntry> trace;
    model::Watch watch;
    watch.trace = &trace;
    model::Timing timing;
    write(request("The king", 8, {}, {}), watch, &timing);
    // Of the generator's own: one embedding, seven for each layer, the output layer, and the choice.
    const auto own = [](const TraceEntry& entry) { return entry.depth == 0; };
    EXPECT_EQ(std::ranges::count_if(trace, own), 1 + 6 * 7 + 1 + 1);
    // What chains run: norm, product; rope, append; add, norm; product, swiglu; norm, product; six to draw.
    EXPECT_EQ(std::ranges::count_if(trace, std::not_fn(own)), 6 * 8 + 2 + 6);
    EXPECT_EQ(trace.front().operation, "gather_rows");
    EXPECT_EQ(trace.back().operation, "draw");
    for (const TraceEntry& entry : trace) EXPECT_GE(entry.microseconds, 0) << entry.operation;
    EXPECT_EQ(timing.prompt_tokens, 3);
    EXPECT_EQ(timing.decode_tokens, 7);
    EXPECT_GT(timing.decode_bytes, 7 * 10e6);  // 5.2 M weights of 2 bytes each time
}

TEST(GenerateTiny, AnEndTokenEndsTheText) {
    TinyModel tiny = tiny_gpt2();
    const model::Request request{{1, 2, 3, 4}, 12, {.temperature = 1, .top_p = 1, .seed = 3}, {}};
    const auto write = [&] {
        const TemporaryFolder folder;
        write_model(folder, tiny, "F32");
        Loaded model(folder.path(), {.positions = 24, .logits_of = model::LogitsOf::last});
        return model::generate(*model, nullptr, {&request, 1}).front();
    };
    tiny.config["eos_token_id"] = nullptr;
    const auto free = write();
    ASSERT_EQ(free.finish, model::Finish::max_tokens);
    // One of two end tokens is what comes fifth.
    const std::int32_t end = free.tokens[4];
    const auto first = std::ranges::find(free.tokens, end) - free.tokens.begin();
    tiny.config["eos_token_id"] = {49, end};
    const auto ended = write();
    EXPECT_EQ(ended.finish, model::Finish::end_token);
    EXPECT_EQ(ended.tokens, std::vector(free.tokens.begin(), free.tokens.begin() + first + 1));
}

TEST(GenerateTiny, TheContextIsTheEnd) {
    TinyModel tiny = tiny_gpt2();  // a context of 24
    tiny.config["eos_token_id"] = nullptr;
    const TemporaryFolder folder;
    write_model(folder, tiny, "F32");
    Loaded model(folder.path(), {.positions = 24, .logits_of = model::LogitsOf::last});
    for (const std::int64_t max_tokens :
         {std::int64_t{100}, std::numeric_limits<std::int64_t>::max()}) {
        const model::Request request{{1, 2, 3, 4}, max_tokens, {.temperature = 1, .seed = 3}, {}};
        EXPECT_EQ(model::positions_needed(model->config(), {&request, 1}), 24);
        const auto result = model::generate(*model, nullptr, {&request, 1}).front();
        EXPECT_EQ(result.finish, model::Finish::context);
        EXPECT_EQ(result.tokens.size(), 24u - 4 + 1);  // the last one needs no room of its own
    }
}

// A model's vocabulary may be padded beyond its tokenizer's.
TEST(GenerateTiny, TokensWithoutAPieceAddNoText) {
    const auto tokenizer = model::Tokenizer::from_json(
        R"({"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": [], "unk_token": "a"},
            "normalizer": null, "pre_tokenizer": null, "post_processor": null,
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never",
                        "split": true}, "added_tokens": []})",
        "tokenizer.json");
    const std::vector<std::int32_t> prompt{0};
    model::TextStream stream(*tokenizer, prompt, {});
    EXPECT_EQ(stream.push(1) + stream.push(39) + stream.push(0) + stream.push(-1) + stream.finish(),
              "ba");
}

TEST(GenerateTiny, ATraceEndsWithAnError) {
    TinyModel tiny = tiny_gpt2();
    tiny.at("transformer.wpe.weight").values[5 * 20] = std::numeric_limits<float>::quiet_NaN();
    const TemporaryFolder folder;
    write_model(folder, tiny, "F32");
    Loaded model(folder.path(), {.positions = 24, .logits_of = model::LogitsOf::last});
    const model::Request request{{1, 2, 3, 4}, 8, {.temperature = 0}, {}};
    std::vector<TraceEntry> trace;
    model::Watch watch;
    watch.trace = &trace;
    // Position 5 is the second decode step, which is traced.
    EXPECT_THROW(model::generate(*model, nullptr, {&request, 1}, watch), std::runtime_error);
    const model::Request shorter{{1, 2}, 2, {.temperature = 0}, {}};
    EXPECT_EQ(model::generate(*model, nullptr, {&shorter, 1}).front().tokens.size(), 2u);
}

TEST(GenerateTiny, WrongRequestsGetASentence) {
    const TemporaryFolder folder;
    write_model(folder, tiny_gpt2(), "F32");
    Loaded model(folder.path(), {.positions = 24, .logits_of = model::LogitsOf::last});
    const auto complaint = [&](const model::Request& request) {
        try {
            model::generate(*model, nullptr, {&request, 1});
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("no complaint");
    };
    EXPECT_EQ(complaint({{}, 4, {}, {}}), "the prompt is empty; give at least one word");
    EXPECT_EQ(
        complaint({std::vector<std::int32_t>(25, 1), 4, {}, {}}),
        "the prompt has 25 tokens; this model's context holds 24; use a shorter prompt or a model "
        "with a longer context");
    EXPECT_EQ(complaint({{1}, -1, {}, {}}), "max-tokens is -1; it must be 0 or more");
    EXPECT_EQ(complaint({{1}, 4, {.top_p = 2}, {}}),
              "top-p is 2; it must be above 0 and at most 1");
    EXPECT_EQ(complaint({{1, 50}, 4, {}, {}}), "token 50 is outside the model's vocabulary of 50");
}

}  // namespace
}  // namespace t2t::tests

// Passes over any mix of sequences, caches in pages, and decode steps that are replayed.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/engine/decoder.hpp"
#include "model/engine/engine.hpp"
#include "tests/model/loaded.hpp"
#include "tests/model/tiny_model.hpp"

namespace t2t::tests {
namespace {

using Ids = std::vector<std::int32_t>;

Ids ids(std::int64_t count, std::int32_t first) {
    Ids values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = (first + 7 * static_cast<std::int32_t>(i)) % 40;
    }
    return values;
}

std::span<const float> row(const std::vector<float>& logits, std::size_t index, std::size_t rows) {
    const std::size_t columns = logits.size() / rows;
    return std::span(logits).subspan(index * columns, columns);
}

void expect_same_bits(std::span<const float> a, std::span<const float> b, const std::string& what) {
    ASSERT_EQ(a.size(), b.size());
    EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size_bytes()), 0) << what;
}

std::vector<TinyModel> tiny_models() {
    return {tiny_gpt2(), tiny_mistral(), tiny_mixtral()};
}

std::vector<model::DType> types() {
    if (device_properties().compute_capability < 80) return {model::DType::fp32};
    return {model::DType::fp32, model::DType::bf16};
}

// Two prompts, one of them in its second half, between three single tokens: each piece gets what it gets
// alone.
TEST(MixedPass, APieceIsTheSameAloneToTheBit) {
    for (const TinyModel& tiny : tiny_models()) {
        const TemporaryFolder folder;
        write_model(folder, tiny, "F32");
        for (const model::DType compute : types()) {
            const ModelSetup setup{.compute = compute,
                                   .sequences = 5,
                                   .positions = 24,
                                   .logits_of = model::LogitsOf::last};
            Loaded together(folder.path(), setup);
            Loaded alone(folder.path(), setup);
            // What each sequence has already.
            const std::vector<std::int64_t> starts{3, 6, 0, 1, 9};
            for (std::int64_t s = 0; s < 5; ++s) {
                const Ids before =
                    ids(starts[static_cast<std::size_t>(s)], static_cast<std::int32_t>(s));
                if (before.empty()) continue;
                together->prompt(s, 0, before);
                alone->prompt(s, 0, before);
            }
            const std::vector<Ids> news{ids(1, 11), ids(5, 12), ids(7, 13), ids(1, 14), ids(1, 15)};
            std::vector<model::Piece> pieces;
            for (std::size_t s = 0; s < 5; ++s) {
                pieces.push_back({static_cast<std::int64_t>(s), starts[s], news[s]});
            }
            const auto all = together.host(together->forward(pieces));
            for (std::size_t s = 0; s < 5; ++s) {
                const auto one = alone.host(alone->forward({&pieces[s], 1}));
                expect_same_bits(
                    row(all, s, 5), one,
                    std::string(model::name_of(compute)) + ", piece " + std::to_string(s));
            }
            // And what they left in the cache is the same: the next token says so.
            const Ids rows{0, 1, 2, 3, 4}, positions{4, 11, 7, 2, 10}, next{1, 2, 3, 4, 5};
            expect_same_bits(together.host(together->decode(rows, positions, next)),
                             alone.host(alone->decode(rows, positions, next)), "the step after");
        }
    }
}

TEST(MixedPass, WrongPiecesGetASentence) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    Loaded model(folder.path(),
                 {.sequences = 2, .positions = 16, .chunk = 8, .logits_of = model::LogitsOf::last});
    const Ids none, one = ids(1, 1), many = ids(16, 1);
    const auto complaint = [&](const std::vector<model::Piece>& pieces) {
        try {
            model->forward(pieces);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("no complaint");
    };
    EXPECT_EQ(complaint({}), "a pass needs at least one token");
    EXPECT_EQ(complaint({{0, 0, none}}), "a piece of a pass has no token");
    EXPECT_EQ(complaint({{0, 0, one}, {0, 1, one}}),
              "a pass has sequence 0 twice; give it all its tokens in one piece");
    EXPECT_EQ(complaint({{2, 0, one}}), "sequence 2 is outside the cache's 2");
    EXPECT_EQ(complaint({{0, -1, one}}), "position -1 is outside the cache's 16");
    EXPECT_EQ(complaint({{0, 1, many}}), "position 16 is outside the cache's 16");
    EXPECT_EQ(complaint({{0, 0, many}, {1, 0, many}}),
              "a pass of 32 tokens; this model was made for at most 18");
    EXPECT_EQ(complaint({{0, 0, one}, {1, 0, ids(8, 2)}}), "no complaint");
}

// Rounding may differ: a compiler may add up a long run of neighbours with other instructions than a short
// one. With 24 additions per layer that is a few 2⁻²⁴ of what is added.
void expect_close(std::span<const float> a, std::span<const float> b, const std::string& what) {
    ASSERT_EQ(a.size(), b.size());
    double largest = 0;
    double apart = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        largest = std::max(largest, std::abs(double{a[i]}));
        apart = std::max(apart, std::abs(double{a[i]} - b[i]));
    }
    EXPECT_GT(largest, 0) << what;
    EXPECT_TRUE(apart <= 2e-6 * largest) << what << ": " << apart << " of " << largest;
}

// Where keys and values lie does not change what is computed from them.
TEST(PagedCache, PagesOfEightGiveTheLogitsOfOne) {
    for (const TinyModel& tiny : tiny_models()) {
        const TemporaryFolder folder;
        write_model(folder, tiny, "F32");
        const auto setup = [](std::int64_t page) {
            return ModelSetup{.sequences = 3,
                              .positions = 24,
                              .chunk = 5,
                              .logits_of = model::LogitsOf::last,
                              .rungs = {"decode_attention=v2"},
                              .page = page};
        };
        Loaded whole(folder.path(), setup(0));
        Loaded paged(folder.path(), setup(8));
        for (std::int64_t s = 0; s < 3; ++s) {
            const Ids prompt = ids(13 + s, static_cast<std::int32_t>(s));
            expect_close(whole.host(whole->prompt(s, 0, prompt)),
                         paged.host(paged->prompt(s, 0, prompt)), "prompt");
        }
        for (std::int32_t step = 0; step < 8; ++step) {
            const Ids rows{0, 1, 2}, positions{13 + step, 14 + step, 15 + step}, next{step, 1, 2};
            expect_close(whole.host(whole->decode(rows, positions, next)),
                         paged.host(paged->decode(rows, positions, next)), "step");
        }
    }
}

// 20 positions in pages of 5, which are rounded up to 8: 3 pages for each sequence, and no page belongs to two.
TEST(PagedCache, PagesAreWholeAndBelongToOneSequence) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mistral(), "F32");
    const model::ModelConfig config = model::read_config(folder.path());
    struct Case {
        std::int64_t asked, page, pages;
    };
    for (const auto& [asked, page, pages] : {Case{5, 8, 3}, {16, 16, 2}, {0, 24, 1}}) {
        const model::Cache cache(config, model::DType::fp32, 4, 20, asked);
        EXPECT_EQ(cache.capacity(), page * pages);
        const model::LayerCache layer = cache.layer(1);
        EXPECT_EQ(layer.page, page);
        EXPECT_EQ(layer.page_count, 4 * pages);
        EXPECT_EQ(layer.keys.rows, 4 * pages * page);
        EXPECT_EQ(layer.values.rows, 4 * pages * page);
        EXPECT_NE(layer.keys.data, layer.values.data);
        EXPECT_NE(layer.keys.data, cache.layer(0).keys.data);

        Batch batch;
        cache.describe(batch);
        EXPECT_EQ(batch.sequences, 4);
        ASSERT_EQ(batch.pages_per_sequence, pages);
        Ids table(static_cast<std::size_t>(4 * pages)), all(table.size());
        T2T_CHECK(cudaMemcpy(table.data(), batch.pages, table.size() * sizeof(std::int32_t),
                             cudaMemcpyDeviceToHost));
        std::ranges::sort(table);
        std::iota(all.begin(), all.end(), 0);
        EXPECT_EQ(table, all);
    }
    // 2 layers, keys and values, one head of 6 numbers of 4 bytes.
    EXPECT_EQ(model::Cache::bytes_for(config, model::DType::fp32, 4, 20), 4u * 24 * 2 * 2 * 6 * 4);
}

// The decoder against passes whose tokens go over the host. Steps 0 and 1 are run and captured, the rest is
// replayed; the three rows are padded to four.
TEST(Decoder, ReplayedStepsAreThePassesOfAnEagerModel) {
    for (const TinyModel& tiny : tiny_models()) {
        const TemporaryFolder folder;
        write_model(folder, tiny, "F32");
        for (const bool greedy : {true, false}) {
            const ModelSetup setup{
                .sequences = 4, .positions = 24, .logits_of = model::LogitsOf::last};
            Loaded replayed(folder.path(), setup);
            Loaded eager(folder.path(), setup);
            model::Sampler sampler(eager->ops(), 3, eager->config().vocabulary);
            std::vector<model::Decoder::Row> rows;
            for (std::int32_t s = 0; s < 3; ++s) {
                const Ids prompt = ids(2 + s, s);
                replayed->prompt(s, 0, prompt);
                eager->prompt(s, 0, prompt);
                model::SamplingRule rule{.temperature = greedy || s == 1 ? 0.0 : 1.0,
                                         .seed = static_cast<std::uint64_t>(s)};
                rows.push_back({s, 2 + s, 9 + s, rule, 0});
            }
            model::Decoder decoder(*replayed);
            decoder.begin(rows);
            decoder.queue();
            for (int step = 0; step < 12; ++step) {
                if (step < 11) decoder.queue();  // one ahead of what is read
                const std::span<const std::int32_t> read = decoder.read();
                Ids sequences, positions, next;
                std::vector<model::SamplingRule> rules;
                std::vector<std::int64_t> steps;
                for (auto& r : rows) {
                    sequences.push_back(r.sequence);
                    positions.push_back(r.position++);
                    next.push_back(r.id);
                    rules.push_back(r.rule);
                    steps.push_back(r.step++);
                }
                const auto expected =
                    sampler.sample(eager->decode(sequences, positions, next), rules, steps);
                EXPECT_EQ(Ids(read.begin(), read.end()), expected) << "step " << step;
                for (std::size_t i = 0; i < rows.size(); ++i) rows[i].id = expected[i];
            }
        }
    }
}

model::Engine engine_of(const std::filesystem::path& folder,
                        std::optional<model::DType> compute = {}) {
    return model::Engine::from_folder(folder, model::OpTable(device_properties()), compute);
}

TEST(Engine, WritesFromAFolder) {
    model::Engine engine = engine_of("model/pretrained/tales-gpt2");
    const std::vector<model::Request> requests{
        {engine.encode("Once upon a time"), 8, {.temperature = 0}, {}}};
    std::vector<double> told;
    engine.load({.positions = model::positions_needed(engine.config(), requests)},
                [&](double fraction) { told.push_back(fraction); });
    ASSERT_FALSE(told.empty());
    EXPECT_EQ(told.back(), 1.0);
    EXPECT_EQ(engine.generate(requests).front().tokens.size(), 8u);
}

TEST(Engine, AKnownShapeHasNoTokenizer) {
    const model::OpTable table(device_properties());
    const model::Engine engine = model::Engine::from_known_shape("gpt2", table);
    EXPECT_EQ(engine.config().vocabulary, 50257);
    EXPECT_EQ(engine.tokenizer(), nullptr);
    EXPECT_THROW(model::Engine::from_known_shape("gpt5", table), std::invalid_argument);
}

TEST(Engine, ComputesInWhatIsAskedFor) {
    const std::filesystem::path folder = "model/pretrained/tales-gpt2";
    const bool has_bf16 = device_properties().compute_capability >= 80;
    const bool prefers_bf16 = has_bf16 && !device_properties().is_cpu_device;
    EXPECT_EQ(engine_of(folder).compute(), prefers_bf16 ? model::DType::bf16 : model::DType::fp32);
    EXPECT_EQ(engine_of(folder, model::DType::fp32).compute(), model::DType::fp32);
    if (!has_bf16) {
        EXPECT_THROW(engine_of(folder, model::DType::bf16), std::runtime_error);
        return;
    }
    model::Engine engine = engine_of(folder, model::DType::bf16);
    EXPECT_EQ(engine.compute(), model::DType::bf16);
    engine.load({.positions = 8});
    EXPECT_EQ(engine.model().cache().layer(0).keys.type, model::DType::bf16);
    EXPECT_EQ(engine.model().cache().capacity(), 8);
}

TEST(Engine, AnEmptyPromptIsTheTokenThatBeginsAText) {
    // GPT-2's tokenizer adds none by itself.
    const model::Engine engine = engine_of("model/pretrained/tales-gpt2");
    ASSERT_TRUE(engine.tokenizer()->encode("").empty());
    ASSERT_TRUE(engine.config().first_token.has_value());
    EXPECT_EQ(engine.encode(""), Ids{*engine.config().first_token});
    EXPECT_EQ(engine.encode("Once"), engine.tokenizer()->encode("Once"));
}

// What the model needs besides its weights is asked for first, so nobody waits for weights in vain.
TEST(Engine, ACacheThatDoesNotFitIsRefusedBeforeTheWeightsAreLoaded) {
    model::Engine engine = engine_of("model/pretrained/tales-mistral");
    int told = 0;
    EXPECT_THROW(engine.load({.sequences = std::int64_t{1} << 40, .positions = 512},
                             [&](double) { ++told; }),
                 std::runtime_error);
    EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace t2t::tests

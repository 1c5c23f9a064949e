#include "model/engine/weights.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/engine/generate.hpp"
#include "model/engine/random_model.hpp"
#include "model/files/file_error.hpp"
#include "tests/model/loaded.hpp"
#include "tests/model/tiny_model.hpp"

namespace t2t::tests {
namespace {

const std::vector<std::int32_t> ids{3, 17, 4, 4, 39, 0, 21};

std::vector<float> logits_of(const TinyModel& tiny, const std::string& type,
                             const ModelSetup& setup = {.positions = 16}) {
    const TemporaryFolder folder;
    write_model(folder, tiny, type);
    return Loaded(folder.path(), setup).prompt(ids);
}

// The same numbers, however they are stored, give the same logits: to the bit, because what is
// computed with does not change.
TEST(Weights, StoredInAnyTypeTheyAreTheSame) {
    for (const TinyModel& tiny : {tiny_gpt2(), tiny_mixtral()}) {
        const auto fp32 = logits_of(tiny, "F32");
        EXPECT_EQ(logits_of(tiny, "F16"), fp32);
        EXPECT_EQ(logits_of(tiny, "F64"), fp32);
        const ModelSetup bf16{.compute = model::DType::bf16, .positions = 16};
        if (device_properties().compute_capability < 80) continue;
        EXPECT_EQ(logits_of(tiny, "F32", bf16), logits_of(tiny, "BF16", bf16));
        EXPECT_EQ(logits_of(tiny, "F16", bf16), logits_of(tiny, "BF16", bf16));
    }
}

// bf16 weights stay bf16 on the device; the kernels widen them, which is exact, but may sum in another
// order than those for fp32 weights.
TEST(Weights, Bf16UnderFp32ActivationsLosesNothing) {
    for (const TinyModel& tiny : {tiny_gpt2(), tiny_mixtral()}) {
        const auto fp32 = logits_of(tiny, "F32");
        const auto bf16 = logits_of(tiny, "BF16");
        ASSERT_EQ(fp32.size(), bf16.size());
        for (std::size_t i = 0; i < fp32.size(); ++i) ASSERT_NEAR(fp32[i], bf16[i], 1e-5);
    }
}

TEST(Weights, NamesAreFoundWithoutTheirPrefix) {
    EXPECT_EQ(logits_of(tiny_gpt2(""), "F32"), logits_of(tiny_gpt2(), "F32"));
    TinyModel bare = tiny_mistral();
    for (TinyTensor& tensor : bare.tensors) {
        if (tensor.name.starts_with("model.")) tensor.name = tensor.name.substr(6);
    }
    EXPECT_EQ(logits_of(bare, "F32"), logits_of(tiny_mistral(), "F32"));
}

/// The same model with the experts of each layer in one tensor, as transformers 5 has them in memory.
TinyModel packed(TinyModel tiny) {
    const std::int64_t width = 18, inner = 10, experts = 3;  // tiny_mixtral()'s
    for (int i = 0; i < 2; ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        const std::string mlp = layer + "mlp.";
        TinyTensor gate_up{mlp + "experts.gate_up_proj", {experts, 2 * inner, width}, {}, {}};
        TinyTensor down{mlp + "experts.down_proj", {experts, width, inner}, {}, {}};
        for (int e = 0; e < experts; ++e) {
            const std::string expert =
                layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
            const auto append = [&](TinyTensor& to, const char* name) {
                const std::vector<float>& values = tiny.at(expert + name).values;
                to.values.insert(to.values.end(), values.begin(), values.end());
            };
            append(gate_up, "w1.weight");
            append(gate_up, "w3.weight");
            append(down, "w2.weight");
        }
        tiny.at(layer + "block_sparse_moe.gate.weight").name = mlp + "gate.weight";
        std::erase_if(tiny.tensors, [&](const TinyTensor& tensor) {
            return tensor.name.starts_with(layer + "block_sparse_moe.experts.");
        });
        tiny.tensors.push_back(gate_up);
        tiny.tensors.push_back(down);
    }
    return tiny;
}

TEST(Weights, PackedExpertsAreTaken) {
    EXPECT_EQ(logits_of(packed(tiny_mixtral()), "F32"), logits_of(tiny_mixtral(), "F32"));
    EXPECT_EQ(logits_of(packed(tiny_mixtral()), "BF16"), logits_of(tiny_mixtral(), "BF16"));
}

/// A tied model, with the warnings that reconcile() gives about it.
std::vector<std::string> warnings_about(const TinyModel& tiny, bool* tied = nullptr) {
    const TemporaryFolder folder;
    write_model(folder, tiny, "BF16");
    std::vector<std::string> warnings;
    model::ModelConfig config = model::read_config(folder.path());
    model::Checkpoint checkpoint = model::Checkpoint::open(folder.path());
    model::reconcile(config, checkpoint, [&](const std::string& sentence) {
        warnings.push_back(sentence.substr(sentence.find(": ") + 2));
    });
    if (tied != nullptr) *tied = config.tied_output;
    return warnings;
}

TEST(Weights, AnOutputLayerOfItsOwnUntiesIt) {
    TinyModel own = tiny_mistral();  // has one, and config.json may say what it likes
    own.config["tie_word_embeddings"] = true;
    EXPECT_EQ(logits_of(own, "F32"), logits_of(tiny_mistral(), "F32"));
    bool tied = true;
    const auto warnings = warnings_about(own, &tied);
    EXPECT_FALSE(tied);
    ASSERT_EQ(warnings.size(), 1u);
    EXPECT_EQ(warnings.front(),
              "config.json says that the output layer is the embedding table, but lm_head.weight "
              "holds other numbers than model.embed_tokens.weight; it is used as it is stored");

    // A copy stays tied, in whatever type it is stored.
    own.at("lm_head.weight").values = own.at("model.embed_tokens.weight").values;
    own.at("lm_head.weight").type = "F32";
    EXPECT_EQ(warnings_about(own, &tied), std::vector<std::string>{});
    EXPECT_TRUE(tied);
    own.at("lm_head.weight").values.back() += 1;
    warnings_about(own, &tied);
    EXPECT_FALSE(tied);

    TinyModel gpt2 = tiny_gpt2("");
    gpt2.add("lm_head.weight", {50, 20});
    EXPECT_NE(logits_of(gpt2, "F32"), logits_of(tiny_gpt2(), "F32"));
    EXPECT_NE(warnings_about(gpt2, &tied).front().find("other numbers than wte.weight"),
              std::string::npos);
    EXPECT_FALSE(tied);
}

TEST(Weights, AnOutputLayerAloneIsTheEmbeddingAsWell) {
    TinyModel tied = tiny_mistral();
    tied.config["tie_word_embeddings"] = true;
    std::erase_if(tied.tensors,
                  [](const TinyTensor& tensor) { return tensor.name == "lm_head.weight"; });
    TinyModel alone = tied;
    alone.at("model.embed_tokens.weight").name = "lm_head.weight";
    EXPECT_EQ(logits_of(alone, "F32"), logits_of(tied, "F32"));
    EXPECT_EQ(warnings_about(alone), std::vector<std::string>{});

    alone.config["tie_word_embeddings"] = false;  // then the embedding is missing
    EXPECT_THROW(logits_of(alone, "F32"), model::FileError);
}

TEST(Weights, ProgressGoesFromNothingToAll) {
    const TemporaryFolder folder;
    write_model(folder, tiny_gpt2(), "F16");
    const Stream stream;
    model::Ops ops(table_with({}), stream.get());
    const auto config = model::read_config(folder.path());
    const auto checkpoint = model::Checkpoint::open(folder.path());
    std::vector<double> fractions;
    model::load_weights(config, model::source_of(checkpoint), model::DType::fp32, ops,
                        [&](double fraction) { fractions.push_back(fraction); });
    ASSERT_FALSE(fractions.empty());
    EXPECT_TRUE(std::ranges::is_sorted(fractions));
    EXPECT_EQ(fractions.back(), 1.0);
}

std::string complaint(const TinyModel& tiny) {
    try {
        logits_of(tiny, "BF16");
    } catch (const model::FileError& error) {
        const std::string text = error.what();
        return text.substr(text.find("model.safetensors"));
    }
    return "no complaint";
}

TEST(Weights, AMissingTensorIsNamed) {
    TinyModel tiny = tiny_mixtral();
    std::erase_if(tiny.tensors, [](const TinyTensor& tensor) {
        return tensor.name == "model.layers.1.block_sparse_moe.experts.2.w3.weight";
    });
    const std::string text = complaint(tiny);
    EXPECT_NE(text.find("model.layers.1.block_sparse_moe.experts.2.w3.weight"), std::string::npos)
        << text;
}

TEST(Weights, AWrongShapeIsNamedWithTheRightOne) {
    TinyModel tiny = tiny_gpt2();
    tiny.at("transformer.h.1.mlp.c_fc.weight").shape = {36, 20};  // transposed
    const std::string text = complaint(tiny);
    EXPECT_NE(text.find("transformer.h.1.mlp.c_fc.weight"), std::string::npos) << text;
    EXPECT_NE(text.find("36"), std::string::npos) << text;
}

TEST(Weights, NaNInTheWeightsIsFoundBeforeATokenIsChosen) {
    TinyModel tiny = tiny_gpt2();
    tiny.at("transformer.h.0.mlp.c_proj.bias").values[3] = std::numeric_limits<float>::quiet_NaN();
    const TemporaryFolder folder;
    write_model(folder, tiny, "F32");
    Loaded model(folder.path(), {.positions = 16, .logits_of = model::LogitsOf::last});
    for (const double temperature : {0.0, 0.8}) {
        const model::Request request{ids, 4, {.temperature = temperature}, {}};
        EXPECT_THROW(model::generate(*model, nullptr, {&request, 1}), std::runtime_error);
    }
}

std::string memory_complaint(const std::function<void()>& load) {
    try {
        load();
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return "no complaint";
}

TEST(Weights, TooLittleMemorySaysHowMuchIsNeeded) {
    const std::string text =
        memory_complaint([] { model::require_device_memory(std::uint64_t{1} << 60, "a pass"); });
    EXPECT_EQ(text.find("a pass: 1152921504.61 GB of device memory are needed; "), 0u) << text;
    EXPECT_NE(text.find(" are free"), std::string::npos) << text;
}

TEST(Weights, AModelThatDoesNotFitIsRefusedBeforeItIsLoaded) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    const Stream stream;
    model::Ops ops(table_with({}), stream.get());
    const auto config = model::read_config(folder.path());
    const auto checkpoint = model::Checkpoint::open(folder.path());
    bool loaded = false;
    const std::string text = memory_complaint([&] {
        model::load_weights(
            config, model::source_of(checkpoint), model::DType::fp32, ops,
            [&](double) { loaded = true; },
            model::Model::working_bytes(config, model::DType::fp32, ops,
                                        {.positions = std::int64_t{1} << 40}));
    });
    EXPECT_EQ(text.find("weights of 0.00 GB and what computes with them: "), 0u) << text;
    EXPECT_FALSE(loaded);
}

TEST(Weights, ACacheThatDoesNotFitIsRefused) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    const std::string text =
        memory_complaint([&] { Loaded(folder.path(), {.positions = std::int64_t{1} << 40}); });
    EXPECT_EQ(text.find("keys and values of 1 × 1099511627776 tokens: "), 0u) << text;
}

// What a model takes is what it was said to need.
TEST(Weights, WorkingMemoryIsWhatItWasSaidToBeMeasuredAlone) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    const auto config = model::read_config(folder.path());
    const auto free_bytes = [] {
        std::size_t free = 0, total = 0;
        T2T_CHECK(cudaMemGetInfo(&free, &total));
        return free;
    };
    const Stream stream;
    model::Ops ops(table_with({}), stream.get());
    const auto checkpoint = model::Checkpoint::open(folder.path());
    auto weights =
        model::load_weights(config, model::source_of(checkpoint), model::DType::fp32, ops, {});
    const std::int64_t positions = 60'000;
    const model::ModelLimits limits{.sequences = 3, .positions = positions};
    const auto said = model::Model::working_bytes(config, model::DType::fp32, ops, limits);
    EXPECT_GT(said, 3u * 2 * 2 * 60'000 * 8 * 4);   // the cache alone: 2 layers, keys and values
    if (device_properties().is_cpu_device) return;  // its free memory is the whole machine's
    const std::size_t before = free_bytes();
    const model::Model model(config, std::move(weights), model::DType::fp32, ops, limits);
    EXPECT_NEAR(static_cast<double>(before - free_bytes()), static_cast<double>(said), 64e6);
}

TEST(Weights, ExpertsOfMixedTypesAreBroughtToOne) {
    TinyModel mixed = tiny_mixtral();
    for (TinyTensor& tensor : mixed.tensors) {
        if (tensor.name.ends_with("w2.weight")) tensor.type = "F32";
        if (tensor.name.ends_with("q_proj.weight")) tensor.type = "F16";
    }
    const auto expected = logits_of(tiny_mixtral(), "F32");
    const auto actual = logits_of(mixed, "BF16");
    ASSERT_EQ(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(actual[i], expected[i], 1e-5);
}

TEST(Weights, ALayerOrAnExpertThatIsNotThereIsNamedAtOnce) {
    TinyModel tiny = tiny_gpt2();
    tiny.config["n_layer"] = 2'000'000'000;  // would be some TB of names
    EXPECT_NE(complaint(tiny).find("transformer.h.1999999999.ln_1.weight"), std::string::npos);
    tiny = tiny_mixtral();
    tiny.config["num_local_experts"] = 2'000'000'000;
    EXPECT_NE(complaint(tiny).find("experts.1999999999.w1.weight"), std::string::npos);
}

TEST(Weights, TensorsWithoutAPlaceAreNamedAndLeftOut) {
    TinyModel gpt2 = tiny_gpt2("");
    gpt2.add("h.0.attn.bias", {1, 1, 4, 4});  // a mask that old checkpoints store
    EXPECT_EQ(warnings_about(gpt2), std::vector<std::string>{});
    EXPECT_EQ(warnings_about(packed(tiny_mixtral())), std::vector<std::string>{});

    const auto said = [](const TinyModel& tiny) {
        const TemporaryFolder folder;
        write_model(folder, tiny, "BF16");
        std::string warning = "none";
        model::ModelConfig config = model::read_config(folder.path());
        model::Checkpoint checkpoint = model::Checkpoint::open(folder.path());
        model::reconcile(config, checkpoint, [&](const std::string& text) { warning = text; });
        return warning;
    };
    EXPECT_EQ(said(tiny_mixtral()), "none");
    TinyModel valued = tiny_mistral();
    valued.add("v_head.summary.weight", {1, 22});
    EXPECT_EQ(
        said(valued),
        "left out is 1 tensor that the weights hold and config.json's model has no place for: "
        "v_head.summary.weight");
    EXPECT_EQ(logits_of(valued, "F32"), logits_of(tiny_mistral(), "F32"));
    TinyModel shorter = tiny_mixtral();
    shorter.config["num_hidden_layers"] = 1;
    EXPECT_EQ(
        said(shorter),
        "left out are 16 tensors that the weights hold and config.json's model has no place for: "
        "model.layers.1.block_sparse_moe.experts.0.w1.weight, "
        "model.layers.1.block_sparse_moe.experts.0.w2.weight, "
        "model.layers.1.block_sparse_moe.experts.0.w3.weight and 13 more");
}

TEST(Model, WrongTokensAndPositionsGetASentence) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    Loaded model(folder.path(), {.positions = 16});
    const auto complain = [&](const std::vector<std::int32_t>& tokens, std::int64_t start) {
        try {
            model->prompt(0, start, tokens);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("no complaint");
    };
    EXPECT_EQ(complain({1, 40}, 0), "token 40 is outside the model's vocabulary of 40");
    EXPECT_EQ(complain({-1}, 0), "token -1 is outside the model's vocabulary of 40");
    EXPECT_EQ(complain({1, 2}, 15), "position 16 is outside the cache's 16");
    EXPECT_EQ(complain({}, 0), "a prompt needs at least one token");
    EXPECT_EQ(complain({1, 2}, 14), "no complaint");
}

TEST(Model, ADecodeStepTakesEachSequenceOnce) {
    const TemporaryFolder folder;
    write_model(folder, tiny_mixtral(), "F32");
    Loaded model(folder.path(),
                 {.sequences = 2, .positions = 16, .logits_of = model::LogitsOf::last});
    const auto complain = [&](const std::vector<std::int32_t>& rows) {
        const std::vector<std::int32_t> zeros(rows.size(), 0);
        try {
            model->decode(rows, zeros, zeros);
        } catch (const std::invalid_argument& error) {
            return std::string(error.what());
        }
        return std::string("no complaint");
    };
    EXPECT_EQ(complain({0, 1}), "no complaint");
    EXPECT_EQ(complain({0, 0}), "a pass has sequence 0 twice; give it all its tokens in one piece");
    EXPECT_EQ(complain({0, 1, 2}), "a pass of 3 sequences; this model was made for at most 2");
    EXPECT_EQ(complain({2}), "sequence 2 is outside the cache's 2");
}

TEST(Model, LearnedPositionsAreNotExceeded) {
    const TemporaryFolder folder;
    write_model(folder, tiny_gpt2(), "F32");  // a context of 24
    const Stream stream;
    model::Ops ops(table_with({}), stream.get());
    const auto config = model::read_config(folder.path());
    const auto checkpoint = model::Checkpoint::open(folder.path());
    auto weights =
        model::load_weights(config, model::source_of(checkpoint), model::DType::fp32, ops, {});
    EXPECT_THROW(model::Model(config, std::move(weights), model::DType::fp32, ops,
                              {.sequences = 1, .positions = 25}),
                 std::invalid_argument);
}

TEST(RandomModel, EveryKnownShapeIsCountedRight) {
    // Parameters as published: gpt2 124M, gpt2-xl 1.56B, llama-2-7b 6.74B, mistral-7b 7.24B.
    const auto parameters = [](const char* name) {
        const model::ModelConfig c = model::known_shape(name);
        const std::int64_t q = c.heads * c.head_dim;
        const std::int64_t kv = c.kv_heads * c.head_dim;
        const bool gpt2 = c.family == model::Family::gpt2;
        std::int64_t layer = c.width * (2 * q + 2 * kv);
        const std::int64_t mlp = (gpt2 ? 2 : 3) * c.width * c.inner;
        layer += c.experts > 0 ? c.experts * (mlp + c.width) : mlp;
        std::int64_t rest = c.vocabulary * c.width * (c.tied_output ? 1 : 2);
        if (gpt2) rest += c.context * c.width;
        return static_cast<double>(c.layers * layer + rest) / 1e9;
    };
    EXPECT_NEAR(parameters("gpt2"), 0.124, 0.001);
    EXPECT_NEAR(parameters("gpt2-xl"), 1.557, 0.003);
    EXPECT_NEAR(parameters("llama-2-7b"), 6.738, 0.002);
    EXPECT_NEAR(parameters("mistral-7b"), 7.241, 0.002);
    EXPECT_NEAR(parameters("mixtral-8x7b-8layers"), 46.703 / 4 + 0.197, 0.01);
    EXPECT_THROW(model::known_shape("gpt5"), std::invalid_argument);
}

TEST(RandomModel, ASmallOneGeneratesNumbers) {
    model::ModelConfig config = model::known_shape("mixtral-8x7b-8layers");
    config.width = 64;
    config.heads = 4;
    config.kv_heads = 2;
    config.head_dim = 16;
    config.inner = 48;
    config.layers = 2;
    config.vocabulary = 100;
    config.context = 64;
    const Stream stream;
    model::Ops ops(table_with({}), stream.get());
    model::Weights weights =
        model::load_weights(config, model::random_source(config), model::DType::fp32, ops, {});
    model::Model model(config, std::move(weights), model::DType::fp32, ops,
                       {.sequences = 1, .positions = 32});
    const model::Request request{{1, 2, 3}, 12, {.temperature = 0}, {}};
    EXPECT_EQ(model::generate(model, nullptr, {&request, 1}).front().tokens.size(), 12u);
}

}  // namespace
}  // namespace t2t::tests

#include "model/weights.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/file_error.hpp"
#include "model/generate.hpp"
#include "model/random_model.hpp"
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

TEST(Weights, OldGpt2NamesAreFound) {
    EXPECT_EQ(logits_of(tiny_gpt2(""), "F32"), logits_of(tiny_gpt2(), "F32"));
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

TEST(Weights, TooLittleMemorySaysHowMuchIsNeeded) {
    try {
        model::require_device_memory(std::uint64_t{1} << 60, "the model's weights");
        FAIL() << "an exabyte fits";
    } catch (const std::runtime_error& error) {
        const std::string text = error.what();
        EXPECT_EQ(text.find("the model's weights need 1152921504.61 GB of device memory; "), 0u)
            << text;
        EXPECT_NE(text.find(" are free"), std::string::npos) << text;
    }
}

TEST(Weights, AModelThatDoesNotFitIsRefusedBeforeItIsLoaded) {
    TinyModel tiny = tiny_mixtral();
    const TemporaryFolder folder;
    write_model(folder, tiny, "F32");
    EXPECT_THROW(Loaded(folder.path(), {.positions = std::int64_t{1} << 40}), std::runtime_error);
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
    model::Model model(config, std::move(weights), model::DType::fp32, ops, 1, 32);
    const model::Request request{{1, 2, 3}, 12, {.temperature = 0}, {}};
    EXPECT_EQ(model::generate(model, nullptr, {&request, 1}).front().tokens.size(), 12u);
}

}  // namespace
}  // namespace t2t::tests

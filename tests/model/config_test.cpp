#include "model/files/config.hpp"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

const json gpt2 = {{"architectures", {"GPT2LMHeadModel"}},
                   {"model_type", "gpt2"},
                   {"vocab_size", 50257},
                   {"n_embd", 768},
                   {"n_layer", 12},
                   {"n_head", 12},
                   {"n_positions", 1024}};
const json llama = {{"architectures", {"LlamaForCausalLM"}},
                    {"model_type", "llama"},
                    {"vocab_size", 32000},
                    {"hidden_size", 4096},
                    {"intermediate_size", 11008},
                    {"num_hidden_layers", 32},
                    {"num_attention_heads", 32},
                    {"max_position_embeddings", 2048}};

/// `base` with some fields set.
json with(json base, const json& fields) {
    base.update(fields);
    return base;
}

json without(json base, const std::string& field) {
    base.erase(field);
    return base;
}

const json mistral =
    with(llama, {{"architectures", {"MistralForCausalLM"}}, {"model_type", "mistral"}});
const json mixtral = with(llama, {{"architectures", {"MixtralForCausalLM"}},
                                  {"model_type", "mixtral"},
                                  {"num_local_experts", 8},
                                  {"num_experts_per_tok", 2}});

const json llama3_scaling = {{"rope_type", "llama3"},
                             {"factor", 8.0},
                             {"low_freq_factor", 1.0},
                             {"high_freq_factor", 4.0},
                             {"original_max_position_embeddings", 8192}};

ModelConfig parse(const json& document) {
    return parse_config(document.dump(), "config.json");
}

/// What parsing `text` says is wrong.
std::string complaint_about(const std::string& text) {
    try {
        parse_config(text, "config.json");
    } catch (const FileError& error) {
        return error.what();
    }
    return "no error";
}

std::string complaint(const json& document) {
    return complaint_about(document.dump());
}

TEST(ModelConfig, DefaultsOfGpt2) {
    const ModelConfig config = parse(gpt2);
    EXPECT_EQ(config.architecture, "GPT2LMHeadModel");
    EXPECT_EQ(config.family, Family::gpt2);
    EXPECT_EQ(config.vocabulary, 50257);
    EXPECT_EQ(config.width, 768);
    EXPECT_EQ(config.layers, 12);
    EXPECT_EQ(config.heads, 12);
    EXPECT_EQ(config.kv_heads, 12);
    EXPECT_EQ(config.head_dim, 64);
    EXPECT_EQ(config.inner, 4 * 768);
    EXPECT_EQ(config.context, 1024);
    EXPECT_EQ(config.window, 0);
    EXPECT_EQ(config.norm_epsilon, 1e-5);
    EXPECT_EQ(config.experts, 0);
    EXPECT_TRUE(config.tied_output);
    EXPECT_TRUE(config.attention_bias);
    EXPECT_TRUE(config.mlp_bias);
    EXPECT_EQ(config.first_token, 50256);
    EXPECT_EQ(config.end_tokens, std::vector<std::int32_t>{50256});
}

TEST(ModelConfig, DefaultsOfLlama) {
    const ModelConfig config = parse(llama);
    EXPECT_EQ(config.family, Family::llama);
    EXPECT_EQ(config.width, 4096);
    EXPECT_EQ(config.layers, 32);
    EXPECT_EQ(config.heads, 32);
    EXPECT_EQ(config.kv_heads, 32);
    EXPECT_EQ(config.head_dim, 128);
    EXPECT_EQ(config.inner, 11008);
    EXPECT_EQ(config.context, 2048);
    EXPECT_EQ(config.window, 0);
    EXPECT_EQ(config.norm_epsilon, 1e-6);
    EXPECT_EQ(config.rope_theta, 1e4);
    EXPECT_EQ(config.rope_scaling, RopeScaling());
    EXPECT_EQ(config.rope_magnitude, 1);
    EXPECT_EQ(config.activation, ActivationFunction::silu);
    EXPECT_EQ(attention_scale(config, 7), 1 / std::sqrt(128));
    EXPECT_FALSE(config.tied_output);
    EXPECT_FALSE(config.attention_bias);
    EXPECT_FALSE(config.mlp_bias);
    EXPECT_EQ(config.first_token, 1);
    EXPECT_EQ(config.end_tokens, std::vector<std::int32_t>{2});
}

TEST(ModelConfig, DefaultsOfMistral) {
    const ModelConfig config = parse(mistral);
    EXPECT_EQ(config.kv_heads, 8);
    EXPECT_EQ(config.window, 4096);
    EXPECT_EQ(config.norm_epsilon, 1e-6);
    EXPECT_EQ(config.rope_theta, 1e4);
}

TEST(ModelConfig, DefaultsOfMixtral) {
    const ModelConfig config = parse(mixtral);
    EXPECT_EQ(config.kv_heads, 8);
    EXPECT_EQ(config.window, 0);
    EXPECT_EQ(config.norm_epsilon, 1e-5);
    EXPECT_EQ(config.rope_theta, 1e6);
    EXPECT_EQ(config.experts, 8);
    EXPECT_EQ(config.experts_per_token, 2);
}

TEST(ModelConfig, NullIsNotTheSameAsAbsent) {
    EXPECT_EQ(parse(with(mistral, {{"num_key_value_heads", nullptr}})).kv_heads, 32);
    EXPECT_EQ(parse(with(mistral, {{"sliding_window", nullptr}})).window, 0);
    EXPECT_EQ(parse(with(mistral, {{"head_dim", nullptr}})).head_dim, 128);
    EXPECT_EQ(parse(with(llama, {{"bos_token_id", nullptr}})).first_token, std::nullopt);
    EXPECT_TRUE(parse(with(llama, {{"eos_token_id", nullptr}})).end_tokens.empty());
    EXPECT_EQ(parse(with(gpt2, {{"n_inner", nullptr}})).inner, 3072);
}

TEST(ModelConfig, ValuesTakeTheDefaultsPlace) {
    const ModelConfig config = parse(with(llama, {{"num_key_value_heads", 8},
                                                  {"head_dim", 64},
                                                  {"rms_norm_eps", 1e-5},
                                                  {"tie_word_embeddings", true},
                                                  {"attention_bias", true},
                                                  {"mlp_bias", true},
                                                  {"bos_token_id", 7},
                                                  {"eos_token_id", {5, 6}}}));
    EXPECT_EQ(config.kv_heads, 8);
    EXPECT_EQ(config.head_dim, 64);  // 32 heads × 64 is not the width, and need not be
    EXPECT_EQ(config.norm_epsilon, 1e-5);
    EXPECT_TRUE(config.tied_output);
    EXPECT_TRUE(config.attention_bias);
    EXPECT_TRUE(config.mlp_bias);
    EXPECT_EQ(config.first_token, 7);
    EXPECT_EQ(config.end_tokens, (std::vector<std::int32_t>{5, 6}));
    EXPECT_EQ(parse(with(gpt2, {{"n_inner", 100}})).inner, 100);
    EXPECT_FALSE(parse(with(gpt2, {{"tie_word_embeddings", false}})).tied_output);
    EXPECT_EQ(parse(with(mistral, {{"sliding_window", 1}})).window, 1);
}

TEST(ModelConfig, ADefaultTokenOutsideTheVocabularyIsNone) {
    const ModelConfig config = parse(with(gpt2, {{"vocab_size", 100}}));
    EXPECT_EQ(config.first_token, std::nullopt);
    EXPECT_TRUE(config.end_tokens.empty());
}

TEST(ModelConfig, RopeIsReadFromBothPlaces) {
    EXPECT_EQ(parse(with(llama, {{"rope_theta", 5e5}})).rope_theta, 5e5);
    EXPECT_EQ(parse(with(llama, {{"rope_theta", 500000}, {"rope_scaling", nullptr}})).rope_theta,
              5e5);
    const json five = {{"rope_parameters", {{"rope_theta", 5e5}, {"rope_type", "default"}}}};
    EXPECT_EQ(parse(with(llama, five)).rope_theta, 5e5);
    EXPECT_EQ(parse(with(mixtral, {{"rope_parameters", {{"rope_type", "default"}}}})).rope_theta,
              1e6);

    for (const char* place : {"rope_parameters", "rope_scaling"}) {
        const ModelConfig config =
            parse(with(llama, {{"rope_theta", 5e5}, {place, llama3_scaling}}));
        EXPECT_EQ(config.rope_theta, 5e5) << place;
        EXPECT_EQ(config.rope_scaling, RopeScaling(Llama3Scaling{8, 1, 4, 8192})) << place;
    }
    const json both = {{"rope_parameters", llama3_scaling}, {"rope_scaling", llama3_scaling}};
    EXPECT_EQ(parse(with(llama, both)).rope_scaling, RopeScaling(Llama3Scaling{8, 1, 4, 8192}));
    json old_name = without(llama3_scaling, "rope_type");
    old_name["type"] = "llama3";
    EXPECT_EQ(parse(with(llama, {{"rope_scaling", old_name}})).rope_scaling,
              RopeScaling(Llama3Scaling{8, 1, 4, 8192}));
    // Where it is not given, the original context is the whole one.
    const json short_form = without(llama3_scaling, "original_max_position_embeddings");
    EXPECT_EQ(parse(with(llama, {{"rope_scaling", short_form}})).rope_scaling,
              RopeScaling(Llama3Scaling{8, 1, 4, 2048}));
}

TEST(ModelConfig, HarmlessFieldsAreIgnored) {
    const json harmless = {{"attention_dropout", 0.5},
                           {"pretraining_tp", 4},
                           {"router_jitter_noise", 0.1},
                           {"use_cache", false},
                           {"quantization_config", nullptr},
                           {"initializer_range", "NaN"},
                           {"partial_rotary_factor", 1.0},
                           {"sliding_window", 4096},  // Llama has no window
                           {"layer_types", std::vector<std::string>(32, "full_attention")}};
    EXPECT_EQ(parse(with(llama, harmless)).window, 0);
    EXPECT_NO_THROW(parse(with(gpt2, {{"reorder_and_upcast_attn", true}, {"attn_pdrop", 0.3}})));
    EXPECT_NO_THROW(
        parse(with(mistral, {{"layer_types", std::vector<std::string>(32, "sliding_attention")}})));
    EXPECT_NO_THROW(parse(without(llama, "model_type")));
}

/// What `document` is read as, and the warnings on the way.
std::pair<ModelConfig, std::vector<std::string>> read(const json& document) {
    std::vector<std::string> warnings;
    ModelConfig config =
        parse_config(document.dump(), "config.json",
                     [&](const std::string& sentence) { warnings.push_back(sentence); });
    return {config, warnings};
}

using Warnings = std::vector<std::string>;

std::vector<std::string> half_windowed() {
    std::vector<std::string> types(32, "sliding_attention");
    types.back() = "full_attention";
    return types;
}

TEST(ModelConfig, WhatIsLeftOutIsAsInTransformers) {
    const auto [config, warnings] = read({{"model_type", "mixtral"}, {"num_hidden_layers", 3}});
    EXPECT_EQ(config.architecture, "MixtralForCausalLM");
    EXPECT_EQ(config.vocabulary, 32000);
    EXPECT_EQ(config.width, 4096);
    EXPECT_EQ(config.inner, 14336);
    EXPECT_EQ(config.layers, 3);
    EXPECT_EQ(config.heads, 32);
    EXPECT_EQ(config.kv_heads, 8);
    EXPECT_EQ(config.context, 131072);
    EXPECT_EQ(config.experts, 8);
    EXPECT_EQ(config.experts_per_token, 2);
    ASSERT_EQ(warnings.size(), 6u);
    EXPECT_EQ(warnings.front(),
              "config.json: vocab_size is missing; taken is 32000, the default of transformers");

    EXPECT_EQ(read({{"model_type", "gpt2"}}).first.width, 768);
    EXPECT_EQ(read({{"model_type", "gpt2"}}).first.context, 1024);
    EXPECT_EQ(read({{"model_type", "llama"}}).first.inner, 11008);
    EXPECT_EQ(read({{"model_type", "llama"}}).first.context, 2048);
    EXPECT_EQ(read({{"model_type", "mistral"}}).first.window, 4096);
}

TEST(ModelConfig, Gpt2TakesTheNamesThatAllFamiliesShare) {
    const ModelConfig config = parse({{"model_type", "gpt2"},
                                      {"hidden_size", 64},
                                      {"num_hidden_layers", 5},
                                      {"num_attention_heads", 4},
                                      {"max_position_embeddings", 99}});
    EXPECT_EQ(config.width, 64);
    EXPECT_EQ(config.layers, 5);
    EXPECT_EQ(config.heads, 4);
    EXPECT_EQ(config.context, 99);
}

TEST(ModelConfig, TheModelTypeDecides) {
    for (const json& names : {json(nullptr), json::array(), json::array({"LLaMAForCausalLM"}),
                              json::array({"LlamaModel"})}) {
        const auto [config, warnings] = read(with(llama, {{"architectures", names}}));
        EXPECT_EQ(config.architecture, "LlamaForCausalLM") << names;
        EXPECT_EQ(warnings, Warnings{}) << names;
    }
    EXPECT_EQ(parse(without(llama, "architectures")).architecture, "LlamaForCausalLM");
    EXPECT_EQ(
        parse(without(with(gpt2, {{"architectures", {"GPT2Model"}}}), "model_type")).architecture,
        "GPT2LMHeadModel");

    const auto [config, warnings] = read(with(llama, {{"model_type", "mistral"}}));
    EXPECT_EQ(config.architecture, "MistralForCausalLM");
    EXPECT_EQ(warnings,
              Warnings{"config.json: architectures is [\"LlamaForCausalLM\"], but model_type is "
                       "\"mistral\"; it is read as a MistralForCausalLM"});
}

TEST(ModelConfig, TokensOutsideTheVocabularyAreIgnoredWithAWarning) {
    const auto [config, warnings] =
        read(with(llama, {{"bos_token_id", 32000}, {"eos_token_id", {-1, 2, 50256}}}));
    EXPECT_EQ(config.first_token, std::nullopt);
    EXPECT_EQ(config.end_tokens, std::vector<std::int32_t>{2});
    EXPECT_EQ(warnings,
              (Warnings{"config.json: bos_token_id is 32000, but the vocabulary ends at 31999; it "
                        "is ignored",
                        "config.json: eos_token_id is -1, but the vocabulary ends at 31999; it is "
                        "ignored",
                        "config.json: eos_token_id is 50256, but the vocabulary ends at 31999; it "
                        "is ignored"}));
}

TEST(ModelConfig, LayerTypesAreIgnoredWithAWarning) {
    const auto [config, warnings] = read(with(mistral, {{"layer_types", half_windowed()}}));
    EXPECT_EQ(config.window, 4096);
    EXPECT_EQ(
        warnings,
        Warnings{"config.json: layer_types holds \"full_attention\", but all layers of this model "
                 "are \"sliding_attention\"; it is ignored"});
}

TEST(ModelConfig, ActivationsByAllTheirNames) {
    const auto of_gpt2 = [](const char* name) {
        return parse(with(gpt2, {{"activation_function", name}})).activation;
    };
    EXPECT_EQ(parse(gpt2).activation, ActivationFunction::gelu_tanh);
    EXPECT_EQ(of_gpt2("gelu"), ActivationFunction::gelu_erf);
    EXPECT_EQ(of_gpt2("gelu_python"), ActivationFunction::gelu_erf);
    EXPECT_EQ(of_gpt2("gelu_new"), ActivationFunction::gelu_tanh);
    EXPECT_EQ(of_gpt2("gelu_fast"), ActivationFunction::gelu_tanh);
    EXPECT_EQ(of_gpt2("gelu_pytorch_tanh"), ActivationFunction::gelu_tanh);
    EXPECT_EQ(of_gpt2("quick_gelu"), ActivationFunction::gelu_quick);
    EXPECT_EQ(of_gpt2("swish"), ActivationFunction::silu);
    EXPECT_EQ(of_gpt2("relu"), ActivationFunction::relu);
    EXPECT_EQ(of_gpt2("tanh"), ActivationFunction::tanh);
    EXPECT_EQ(parse(with(llama, {{"hidden_act", "gelu"}})).activation,
              ActivationFunction::gelu_erf);
    EXPECT_EQ(parse(with(mixtral, {{"hidden_act", "swish"}})).activation, ActivationFunction::silu);
}

TEST(ModelConfig, Gpt2ScalesItsScores) {
    EXPECT_EQ(attention_scale(parse(gpt2), 5), 0.125);
    EXPECT_EQ(attention_scale(parse(with(gpt2, {{"scale_attn_weights", false}})), 5), 1);
    const ModelConfig by_layer = parse(with(gpt2, {{"scale_attn_by_inverse_layer_idx", true}}));
    EXPECT_EQ(attention_scale(by_layer, 0), 0.125);
    EXPECT_EQ(attention_scale(by_layer, 3), 0.125 / 4);
}

TEST(ModelConfig, WhatChangesNothingIsTaken) {
    const auto [config, warnings] = read(with(mistral, {{"sliding_window", 0}}));
    EXPECT_EQ(config.window, 0);
    EXPECT_EQ(warnings.size(), 1u);
    EXPECT_FALSE(parse(with(mistral, {{"attention_bias", true}})).attention_bias);
    const json nothing = {
        {"quant_method", "bitsandbytes"}, {"load_in_4bit", false}, {"load_in_8bit", false}};
    EXPECT_NO_THROW(parse(with(llama, {{"quantization_config", nothing}})));
    EXPECT_NO_THROW(parse(with(llama, {{"quantization_config", json::object()}})));
}

// Python writes these three as numbers, and reads them.
TEST(ModelConfig, PythonsNumbersAreRead) {
    std::string text = llama.dump();
    text.pop_back();
    text += R"(, "a": NaN, "b": [Infinity, -Infinity], "c": "NaN \" -Infinity", "d": "\\"})";
    EXPECT_EQ(complaint_about(text), "no error");
    text.back() = ',';
    EXPECT_EQ(complaint_about(text + "\n\"rope_theta\": Infinity}"),
              "config.json: rope_theta is \"Infinity\"; it must be a number from 1.0 to 1e+30");
    // An editor's mark in front of it does no harm.
    EXPECT_EQ(complaint_about("\xEF\xBB\xBF" + llama.dump()), "no error");
    // The place of a mistake is counted in the file as it is.
    EXPECT_EQ(
        complaint_about(text + "\n\"e\": [NaN, Infinity, x]}"),
        "config.json: the file is not JSON: it breaks off or goes wrong at line 2, column 22");
    EXPECT_EQ(complaint_about("{\"a\": nan}"),
              "config.json: the file is not JSON: it breaks off or goes wrong at line 1, column 8");
}

/// A broken configuration and the whole sentence about it.
struct Complaint {
    const char* name;
    json document;
    std::string sentence;
};

void PrintTo(const Complaint& c, std::ostream* out) {
    *out << c.name;
}

class ModelConfigComplaint : public ::testing::TestWithParam<Complaint> {};

TEST_P(ModelConfigComplaint, IsOneClearSentence) {
    EXPECT_EQ(complaint(GetParam().document), "config.json: " + GetParam().sentence);
}

json scaled(const json& fields) {
    return with(llama, {{"rope_scaling", with(llama3_scaling, fields)}});
}

const std::string size_range = "; it must be a whole number from 1 to 2147483647";

INSTANTIATE_TEST_SUITE_P(
    Sizes, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"text", with(gpt2, {{"n_embd", "768"}}), "n_embd is \"768\"" + size_range},
        Complaint{"fraction", with(llama, {{"hidden_size", 4096.0}}),
                  "hidden_size is 4096.0" + size_range},
        Complaint{"negative", with(llama, {{"num_hidden_layers", -1}}),
                  "num_hidden_layers is -1" + size_range},
        Complaint{"zero", with(llama, {{"vocab_size", 0}}), "vocab_size is 0" + size_range},
        Complaint{"null", with(llama, {{"intermediate_size", nullptr}}),
                  "intermediate_size is null" + size_range},
        Complaint{"boolean", with(gpt2, {{"n_layer", true}}), "n_layer is true" + size_range},
        Complaint{"list", with(gpt2, {{"n_head", {12}}}), "n_head is a list" + size_range},
        Complaint{"object", with(gpt2, {{"n_positions", json::object()}}),
                  "n_positions is an object" + size_range},
        Complaint{"too_large", with(llama, {{"max_position_embeddings", 2147483648}}),
                  "max_position_embeddings is 2147483648" + size_range},
        Complaint{"beyond_int64", with(llama, {{"head_dim", 18446744073709551615u}}),
                  "head_dim is 18446744073709551615" + size_range},
        Complaint{"negative_window", with(mistral, {{"sliding_window", -1}}),
                  "sliding_window is -1; it must be a whole number from 0 to 2147483647"},
        Complaint{"weights_overflow",
                  with(llama, {{"hidden_size", 2147483647},
                               {"intermediate_size", 2147483647},
                               {"num_attention_heads", 1},
                               {"head_dim", 2}}),
                  "the feed-forward layers would have more bytes than 64 bits can count; the "
                  "sizes are too large"},
        Complaint{"cache_overflow",
                  with(llama, {{"max_position_embeddings", 2147483647},
                               {"num_hidden_layers", 1000000},
                               {"num_key_value_heads", 32}}),
                  "the cache of a full context would have more bytes than 64 bits can count; the "
                  "sizes are too large"},
        Complaint{"wide_heads", with(llama, {{"num_attention_heads", 65536}, {"head_dim", 65536}}),
                  "num_attention_heads · head_dim is 4294967296; it may be at most 2147483647"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Contradictions, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"gpt2_heads", with(gpt2, {{"n_head", 7}}),
                  "n_embd is 768, which is not a multiple of n_head, 7"},
        Complaint{"llama_heads", with(llama, {{"num_attention_heads", 33}}),
                  "hidden_size is 4096, which is not a multiple of num_attention_heads, 33"},
        Complaint{"kv_heads", with(llama, {{"num_key_value_heads", 5}}),
                  "num_attention_heads is 32, which is not a multiple of num_key_value_heads, 5"},
        Complaint{"default_kv_heads", with(mistral, {{"num_attention_heads", 4}}),
                  "num_attention_heads is 4, which is not a multiple of num_key_value_heads, 8 "
                  "where it is not given"},
        Complaint{"odd_head", with(llama, {{"head_dim", 127}}),
                  "head_dim is 127; it must be even, because RoPE turns pairs"},
        Complaint{"experts", with(mixtral, {{"num_experts_per_tok", 9}}),
                  "num_experts_per_tok is 9; it must be a whole number from 1 to 8"},
        Complaint{
            "theta",
            with(llama, {{"rope_theta", 10000.0}, {"rope_parameters", {{"rope_theta", 5e5}}}}),
            "rope_theta is 10000.0, but rope_parameters.rope_theta is 500000.0"},
        Complaint{"two_ropes",
                  with(llama, {{"rope_parameters", {{"rope_type", "default"}}},
                               {"rope_scaling", llama3_scaling}}),
                  "rope_parameters and rope_scaling contradict each other"},
        Complaint{"two_rope_types", scaled({{"type", "default"}}),
                  "rope_scaling.rope_type and rope_scaling.type contradict each other"},
        Complaint{"two_original_contexts",
                  with(scaled(json::object()), {{"original_max_position_embeddings", 4096}}),
                  "original_max_position_embeddings and "
                  "rope_scaling.original_max_position_embeddings contradict each other"},
        Complaint{"high_below_low", scaled({{"high_freq_factor", 1.0}}),
                  "rope_scaling.high_freq_factor is 1.0; it must be greater than "
                  "low_freq_factor, which is 1.0"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Unsupported, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"model_type", with(llama, {{"model_type", "qwen2"}}),
                  "model_type is \"qwen2\"; supported are gpt2, llama, mistral and mixtral"},
        Complaint{"architecture",
                  without(with(llama, {{"architectures", {"Qwen2ForCausalLM"}}}), "model_type"),
                  "architectures is [\"Qwen2ForCausalLM\"]; supported are GPT2LMHeadModel, "
                  "LlamaForCausalLM, MistralForCausalLM, MixtralForCausalLM"},
        Complaint{
            "no_architecture", without(without(llama, "architectures"), "model_type"),
            "model_type is missing; add the kind of model that it is: \"model_type\": \"llama\", or "
            "gpt2, mistral, mixtral"},
        Complaint{"two_architectures",
                  without(with(llama, {{"architectures", {"LlamaForCausalLM", "LlamaModel"}}}),
                          "model_type"),
                  "architectures must be a list of one name"},
        Complaint{
            "softplus", with(llama, {{"hidden_act", "softplus"}}),
            "hidden_act is \"softplus\"; it must be gelu, gelu_python, gelu_new, gelu_fast, "
            "gelu_accurate, gelu_python_tanh, gelu_pytorch_tanh, quick_gelu, silu, swish, relu, "
            "tanh"},
        Complaint{"cross_attention", with(gpt2, {{"add_cross_attention", true}}),
                  "add_cross_attention is true; it must be false, because the other is not "
                  "supported"},
        Complaint{
            "other_scaling", with(llama, {{"rope_scaling", {{"type", "su"}, {"factor", 2.0}}}}),
            "rope_scaling.type is \"su\"; it must be default, linear, dynamic, yarn, longrope, "
            "llama3"},
        Complaint{
            "longrope_of_other_pairs",
            with(llama, {{"rope_scaling",
                          {{"type", "longrope"},
                           {"long_factor", {1.0, 2.0}},
                           {"short_factor", {1.0, 2.0}}}}}),
            "rope_scaling.long_factor is a list; it must be a list of 64 numbers greater than 0, "
            "one for each pair of a head"},
        Complaint{"unnamed_scaling", with(llama, {{"rope_scaling", {{"factor", 2.0}}}}),
                  "rope_scaling.rope_type is missing"},
        Complaint{"layered_rope",
                  with(llama, {{"rope_parameters", {{"full_attention", {{"rope_theta", 1e4}}}}}}),
                  "rope_parameters.full_attention is an object, but RoPE that differs from layer "
                  "to layer is not supported"},
        Complaint{"partial_rope", with(llama, {{"partial_rotary_factor", 0.5}}),
                  "partial_rotary_factor is 0.5; it must be 1, because rotating part of a head is "
                  "not supported"},
        Complaint{"quantized", with(llama, {{"quantization_config", {{"bits", 4}}}}),
                  "quantization_config is set, but a quantized checkpoint is not supported"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Values, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"epsilon", with(llama, {{"rms_norm_eps", 0.0}}),
                  "rms_norm_eps is 0.0; it must be a number from 1e-30 to 1.0"},
        Complaint{"epsilon_text", with(gpt2, {{"layer_norm_epsilon", "1e-5"}}),
                  "layer_norm_epsilon is \"1e-5\"; it must be a number from 1e-30 to 1.0"},
        Complaint{"theta", with(llama, {{"rope_theta", -1}}),
                  "rope_theta is -1; it must be a number from 1.0 to 1e+30"},
        Complaint{"rope", with(llama, {{"rope_parameters", 1}}),
                  "rope_parameters is 1; it must be an object or null"},
        Complaint{"factor", scaled({{"factor", 0.5}}),
                  "rope_scaling.factor is 0.5; it must be a number from 1.0 to 1000000000.0"},
        Complaint{"tied", with(llama, {{"tie_word_embeddings", 1}}),
                  "tie_word_embeddings is 1; it must be true or false"},
        Complaint{"first_token", with(llama, {{"bos_token_id", 1.5}}),
                  "bos_token_id holds 1.5; a token id is a whole number from 0 to 31999"},
        Complaint{"end_tokens", with(llama, {{"eos_token_id", {2, "x"}}}),
                  "eos_token_id holds \"x\"; a token id is a whole number from 0 to 31999"}),
    [](const auto& info) { return info.param.name; });

TEST(ModelConfig, WhatIsNotJsonIsNamedByItsPlace) {
    EXPECT_EQ(complaint_about(""),
              "config.json: the file is not JSON: it breaks off or goes wrong at line 1, column 1");
    EXPECT_EQ(complaint_about("{\n  \"n_embd\": 7,\n  x\n}"),
              "config.json: the file is not JSON: it breaks off or goes wrong at line 3, column 3");
    EXPECT_EQ(complaint_about("{\"n_embd\": 1e999}"),
              "config.json: the file is not JSON: a number in it is out of range");
    EXPECT_EQ(complaint_about("[]"), "config.json: the file holds a list, not a JSON object");
    EXPECT_EQ(complaint_about("{\"n_embd\": 1, \"n_embd\": 2}"),
              "config.json: the file gives \"n_embd\" twice");
    EXPECT_EQ(complaint_about("{\"a\": " + std::string(100000, '[')),
              "config.json: the file is nested more than 64 levels deep");
    EXPECT_EQ(complaint_about("\xFF\xFE{"), "config.json: the file is in UTF-16; save it as UTF-8");
    // The same key in different objects is fine.
    EXPECT_EQ(
        complaint_about("{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}, \"b\": 1}"),
        "config.json: model_type is missing; add the kind of model that it is: \"model_type\": "
        "\"llama\", or gpt2, mistral, mixtral");
}

TEST(ModelConfig, LongAndUnprintableTextsAreShownShort) {
    const std::string sentence = complaint(with(llama, {{"hidden_act", std::string(1000, '\n')}}));
    EXPECT_LT(sentence.size(), 400u);
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
}

/// A folder that is gone after the test.
class ModelConfigFolder : public ::testing::Test {
 protected:
    ModelConfigFolder() {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        folder_ = std::filesystem::path(::testing::TempDir()) /
                  ("t2t_config_" + std::to_string(::getpid()) + "_" + test->name());
        std::filesystem::create_directories(folder_);
    }
    ~ModelConfigFolder() override { std::filesystem::remove_all(folder_); }

    void write(const char* name, const json& document) const {
        std::ofstream(folder_ / name) << document;
    }

    std::filesystem::path folder_;
};

TEST_F(ModelConfigFolder, EndTokensComeFromTheGenerationConfig) {
    write("config.json", with(llama, {{"eos_token_id", 2}}));
    EXPECT_EQ(read_config(folder_).end_tokens, std::vector<std::int32_t>{2});
    write("generation_config.json", {{"eos_token_id", nullptr}});
    EXPECT_EQ(read_config(folder_).end_tokens, std::vector<std::int32_t>{2});
    write("generation_config.json", {{"eos_token_id", {3, 4}}});
    EXPECT_EQ(read_config(folder_).end_tokens, (std::vector<std::int32_t>{3, 4}));
    write("generation_config.json", {{"eos_token_id", 32000}});
    EXPECT_TRUE(read_config(folder_).end_tokens.empty());
    write("generation_config.json", {{"eos_token_id", "</s>"}});
    EXPECT_THROW(read_config(folder_), FileError);
}

TEST_F(ModelConfigFolder, WhatIsMissingIsNamed) {
    const auto sentence = [&](const std::filesystem::path& folder) -> std::string {
        try {
            read_config(folder);
        } catch (const FileError& error) {
            return error.what();
        }
        return "no error";
    };
    EXPECT_EQ(sentence(folder_ / "none"),
              (folder_ / "none").string() + ": there is no such folder");
    EXPECT_EQ(sentence(folder_),
              (folder_ / "config.json").string() +
                  ": there is no such file; a model's folder needs config.json, tokenizer.json and "
                  "model.safetensors, so fetch it from where the others are from");
    std::filesystem::create_directory(folder_ / "config.json");
    EXPECT_EQ(sentence(folder_), (folder_ / "config.json").string() + ": is not a file");
}

TEST(ModelConfig, ThePretrainedModels) {
    const ModelConfig small = read_config("model/pretrained/tales-gpt2");
    EXPECT_EQ(small.architecture, "GPT2LMHeadModel");
    EXPECT_EQ(small.width, 192);
    EXPECT_EQ(small.head_dim, 64);
    EXPECT_EQ(small.inner, 768);
    EXPECT_EQ(small.first_token, 0);
    EXPECT_EQ(small.end_tokens, std::vector<std::int32_t>{0});

    const ModelConfig windowed = read_config("model/pretrained/tales-mistral");
    EXPECT_EQ(windowed.architecture, "MistralForCausalLM");
    EXPECT_EQ(windowed.window, 256);
    EXPECT_EQ(windowed.kv_heads, 2);
    EXPECT_EQ(windowed.context, 2048);
    EXPECT_EQ(windowed.rope_theta, 1e4);
    EXPECT_TRUE(windowed.tied_output);

    const ModelConfig sparse = read_config("model/pretrained/tales-mixtral");
    EXPECT_EQ(sparse.architecture, "MixtralForCausalLM");
    EXPECT_EQ(sparse.window, 0);
    EXPECT_EQ(sparse.experts, 8);
    EXPECT_EQ(sparse.experts_per_token, 2);
    EXPECT_EQ(sparse.rope_theta, 1e4);
    EXPECT_EQ(sparse.norm_epsilon, 1e-5);
}

TEST(RopeFrequencies, FallFromOneByAFixedRatio) {
    const std::vector<float> frequencies = rope_frequencies(parse(with(llama, {{"head_dim", 8}})));
    ASSERT_EQ(frequencies.size(), 4u);
    // θ = 10⁴: 10⁴ to the power of −0, −1/4, −2/4 and −3/4.
    EXPECT_EQ(frequencies[0], 1.0f);
    EXPECT_EQ(frequencies[1], 0.1f);
    EXPECT_EQ(frequencies[2], 0.01f);
    EXPECT_EQ(frequencies[3], 0.001f);
}

TEST(RopeFrequencies, Llama3StretchesSlowPairsOnly) {
    // Llama 3.1: θ = 5·10⁵, heads of 128, stretched from 8192 tokens by a factor of 8.
    const json plain = with(llama, {{"rope_theta", 5e5}, {"head_dim", 128}});
    const std::vector<float> before = rope_frequencies(parse(plain));
    const std::vector<float> after =
        rope_frequencies(parse(with(plain, {{"rope_scaling", llama3_scaling}})));
    ASSERT_EQ(after.size(), 64u);
    int kept = 0;
    int blended = 0;
    int stretched = 0;
    for (std::size_t i = 0; i < after.size(); ++i) {
        const double wavelength = 2 * M_PI / static_cast<double>(before[i]);
        if (wavelength < 8192.0 / 4) {
            ++kept;
            EXPECT_EQ(after[i], before[i]) << i;
        } else if (wavelength > 8192.0) {
            ++stretched;
            EXPECT_FLOAT_EQ(after[i], before[i] / 8) << i;
        } else {
            ++blended;
            const double smooth = (8192 / wavelength - 1) / (4 - 1);
            EXPECT_NEAR(after[i], (1 - smooth) * before[i] / 8 + smooth * before[i],
                        1e-6 * before[i])  // before[i] is rounded to fp32: 6e-8 of it
                << i;
        }
    }
    // log(2048 / 2π) / log(5·10⁵) · 64 = 28.2: pairs 0 to 28 turn around within 2048 tokens; and
    // log(8192 / 2π) / log(5·10⁵) · 64 = 34.98: pairs 35 to 63 do not within 8192.
    EXPECT_EQ(kept, 29);
    EXPECT_EQ(blended, 6);
    EXPECT_EQ(stretched, 29);
}

// What transformers 5.24 works out, in fp32, for heads of 16.
TEST(RopeFrequencies, EveryScalingIsAsInTransformers) {
    const auto expect = [](const json& rope, std::int64_t context, double magnitude,
                           const std::vector<float>& frequencies) {
        // In both spellings: as transformers 5 writes it, and as it was before.
        json before = without(without(rope, "rope_theta"), "rope_type");
        before["type"] = rope["rope_type"];
        for (const json& spelling :
             {json{{"rope_parameters", rope}},
              json{{"rope_scaling", before}, {"rope_theta", rope["rope_theta"]}}}) {
            const json shape = {{"head_dim", 16}, {"max_position_embeddings", context}};
            const ModelConfig config = parse(with(with(llama, shape), spelling));
            const std::vector<float> actual = rope_frequencies(config);
            ASSERT_EQ(actual.size(), frequencies.size()) << rope;
            for (std::size_t i = 0; i < actual.size(); ++i) {
                EXPECT_NEAR(actual[i], frequencies[i], 1e-6 * frequencies[i]) << rope << i;
            }
            EXPECT_NEAR(config.rope_magnitude, magnitude, 1e-12) << rope;
            EXPECT_NEAR(attention_scale(config, 0), magnitude * magnitude / 4, 1e-12) << rope;
        }
    };
    const std::vector<float> plain{1.0f,  0.316227764f,   0.1f,   0.0316227786f,
                                   0.01f, 0.00316227786f, 0.001f, 0.000316227786f};
    expect({{"rope_type", "default"}, {"rope_theta", 1e4}}, 512, 1, plain);
    expect({{"rope_type", "dynamic"}, {"rope_theta", 1e4}, {"factor", 3.0}}, 512, 1, plain);
    expect({{"rope_type", "linear"}, {"rope_theta", 1e4}, {"factor", 1.0}}, 512, 1, plain);
    expect({{"rope_type", "linear"}, {"rope_theta", 1e4}, {"factor", 2.5}}, 512, 1,
           {0.400000006f, 0.1264911f, 0.0399999991f, 0.0126491114f, 0.00399999972f, 0.00126491114f,
            0.000400000019f, 0.000126491112f});
    const json yarn = {{"rope_type", "yarn"},
                       {"rope_theta", 1e4},
                       {"factor", 8.0},
                       {"original_max_position_embeddings", 64}};
    const std::vector<float> ramp{
        1.0f,           0.223994657f,    0.0416666642f,   0.00395284733f,
        0.00124999997f, 0.000395284733f, 0.000125000006f, 3.95284733e-05f};
    expect(yarn, 512, 1.2079441541679836, ramp);
    expect(without(yarn, "factor"), 512, 1.2079441541679836, ramp);  // 512 / 64
    expect(with(yarn, {{"truncate", false},
                       {"beta_fast", 16},
                       {"beta_slow", 2},
                       {"mscale", 1.0},
                       {"mscale_all_dim", 0.5}}),
           512, 1.094179988101349,
           {1.0f, 0.120533988f, 0.0125000002f, 0.00395284733f, 0.00124999997f, 0.000395284733f,
            0.000125000006f, 3.95284733e-05f});
    expect({{"rope_type", "yarn"},
            {"rope_theta", 5e5},
            {"factor", 4.0},
            {"original_max_position_embeddings", 4096},
            {"attention_factor", 0.75}},
           16384, 0.75,
           {1.0f, 0.193922758f, 0.028204523f, 0.0036463323f, 0.000353553361f, 6.85620471e-05f,
            1.32957393e-05f, 2.57834631e-06f});
    expect({{"rope_type", "longrope"},
            {"rope_theta", 1e4},
            {"original_max_position_embeddings", 256},
            {"short_factor", {1, 1.1, 1.2, 1.3, 1.5, 2, 3, 4}},
            {"long_factor", {9, 9, 9, 9, 9, 9, 9, 9}}},
           512, 1.0606601717798212,
           {1.0f, 0.287479758f, 0.0833333358f, 0.0243252143f, 0.00666666683f, 0.00158113893f,
            0.00033333333f, 7.90569466e-05f});
}

// Beyond the original context LongRoPE has other factors, for the whole text.
TEST(RopeFrequencies, LongRopeEndsAtItsOriginalContext) {
    const auto [config, warnings] = read(with(llama, {{"head_dim", 4},
                                                      {"rope_scaling",
                                                       {{"type", "longrope"},
                                                        {"original_max_position_embeddings", 1024},
                                                        {"short_factor", {1, 2}},
                                                        {"long_factor", {3, 4}}}}}));
    EXPECT_EQ(config.context, 1024);
    EXPECT_EQ(
        warnings,
        Warnings{"config.json: longrope has other factors for texts of more than 1024 tokens, "
                 "which is not supported; the context ends there"});
}

TEST(RopeFrequencies, Gpt2HasNone) {
    EXPECT_THROW(rope_frequencies(parse(gpt2)), std::invalid_argument);
}

}  // namespace
}  // namespace t2t::model

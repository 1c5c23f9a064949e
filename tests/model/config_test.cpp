#include "model/files/config.hpp"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

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
    EXPECT_FALSE(config.rope_scaling);
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
        ASSERT_TRUE(config.rope_scaling) << place;
        EXPECT_EQ(config.rope_scaling->factor, 8);
        EXPECT_EQ(config.rope_scaling->low_frequency_factor, 1);
        EXPECT_EQ(config.rope_scaling->high_frequency_factor, 4);
        EXPECT_EQ(config.rope_scaling->original_context, 8192);
    }
    const json both = {{"rope_parameters", llama3_scaling}, {"rope_scaling", llama3_scaling}};
    EXPECT_TRUE(parse(with(llama, both)).rope_scaling);
    json old_name = without(llama3_scaling, "rope_type");
    old_name["type"] = "llama3";
    EXPECT_TRUE(parse(with(llama, {{"rope_scaling", old_name}})).rope_scaling);
}

TEST(ModelConfig, HarmlessFieldsAreIgnored) {
    const json harmless = {{"attention_dropout", 0.5},
                           {"pretraining_tp", 4},
                           {"router_jitter_noise", 0.1},
                           {"use_cache", false},
                           {"quantization_config", nullptr},
                           {"partial_rotary_factor", 1.0},
                           {"sliding_window", 4096},  // Llama has no window
                           {"layer_types", std::vector<std::string>(32, "full_attention")}};
    EXPECT_EQ(parse(with(llama, harmless)).window, 0);
    EXPECT_NO_THROW(parse(with(gpt2, {{"reorder_and_upcast_attn", true}, {"attn_pdrop", 0.3}})));
    EXPECT_NO_THROW(parse(with(gpt2, {{"activation_function", "gelu_pytorch_tanh"}})));
    EXPECT_NO_THROW(
        parse(with(mistral, {{"layer_types", std::vector<std::string>(32, "sliding_attention")}})));
    EXPECT_NO_THROW(parse(without(llama, "model_type")));
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

std::vector<std::string> half_windowed() {
    std::vector<std::string> types(32, "sliding_attention");
    types.back() = "full_attention";
    return types;
}

const std::string size_range = "; it must be a whole number from 1 to 2147483647";

INSTANTIATE_TEST_SUITE_P(
    Sizes, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"missing", without(gpt2, "n_embd"), "n_embd is missing"},
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
        Complaint{"zero_window", with(mistral, {{"sliding_window", 0}}),
                  "sliding_window is 0" + size_range},
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
        Complaint{"no_experts", without(mixtral, "num_local_experts"),
                  "num_local_experts is missing"},
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
                  "low_freq_factor, which is 1.0"},
        Complaint{"model_type", with(llama, {{"model_type", "mistral"}}),
                  "architectures is [\"LlamaForCausalLM\"], but model_type is \"mistral\" and not "
                  "\"llama\""},
        Complaint{"window_without_layers", with(mistral, {{"layer_types", {"sliding_attention"}}}),
                  "layer_types must be a list with one entry for each of the 32 layers"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Unsupported, ModelConfigComplaint,
    ::testing::Values(
        Complaint{"architecture", with(llama, {{"architectures", {"Qwen2ForCausalLM"}}}),
                  "architectures is [\"Qwen2ForCausalLM\"]; supported are GPT2LMHeadModel, "
                  "LlamaForCausalLM, MistralForCausalLM, MixtralForCausalLM"},
        Complaint{"no_architecture", without(llama, "architectures"),
                  "architectures is missing; it names the model's class, such as "
                  "LlamaForCausalLM"},
        Complaint{"two_architectures",
                  with(llama, {{"architectures", {"LlamaForCausalLM", "LlamaModel"}}}),
                  "architectures must be a list of one name"},
        Complaint{"gelu", with(gpt2, {{"activation_function", "gelu"}}),
                  "activation_function is \"gelu\"; it must be gelu_new or gelu_pytorch_tanh"},
        Complaint{"relu", with(llama, {{"hidden_act", "relu"}}),
                  "hidden_act is \"relu\"; it must be silu"},
        Complaint{"unscaled_attention", with(gpt2, {{"scale_attn_weights", false}}),
                  "scale_attn_weights is false; it must be true, because the other is not "
                  "supported"},
        Complaint{"scaled_by_layer", with(gpt2, {{"scale_attn_by_inverse_layer_idx", true}}),
                  "scale_attn_by_inverse_layer_idx is true; it must be false, because the other "
                  "is not supported"},
        Complaint{"cross_attention", with(gpt2, {{"add_cross_attention", true}}),
                  "add_cross_attention is true; it must be false, because the other is not "
                  "supported"},
        Complaint{"mistral_bias", with(mistral, {{"attention_bias", true}}),
                  "attention_bias is true; it must be false, because the other is not supported"},
        Complaint{"yarn", scaled({{"rope_type", "yarn"}}),
                  "rope_scaling.rope_type is \"yarn\"; it must be default or llama3"},
        Complaint{"linear", with(llama, {{"rope_scaling", {{"type", "linear"}, {"factor", 2.0}}}}),
                  "rope_scaling.type is \"linear\"; it must be default or llama3"},
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
                  "quantization_config is set, but a quantized checkpoint is not supported"},
        Complaint{"mixed_layers", with(mistral, {{"layer_types", half_windowed()}}),
                  "layer_types holds \"full_attention\", but all layers must be "
                  "\"sliding_attention\", which is what sliding_window says; layers that differ "
                  "are not supported"}),
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
        Complaint{"no_original_context",
                  with(llama, {{"rope_scaling",
                                without(llama3_scaling, "original_max_position_embeddings")}}),
                  "rope_scaling.original_max_position_embeddings is missing"},
        Complaint{"tied", with(llama, {{"tie_word_embeddings", 1}}),
                  "tie_word_embeddings is 1; it must be true or false"},
        Complaint{"first_token", with(llama, {{"bos_token_id", 32000}}),
                  "bos_token_id is 32000; it must be a whole number from 0 to 31999"},
        Complaint{"end_token", with(llama, {{"eos_token_id", -1}}),
                  "eos_token_id holds -1; a token id is a whole number from 0 to 31999"},
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
    // The same key in different objects is fine.
    EXPECT_EQ(complaint_about("{\"a\": {\"b\": 1}, \"c\": {\"b\": 1}, \"b\": 1}"),
              "config.json: architectures is missing; it names the model's class, such as "
              "LlamaForCausalLM");
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
    EXPECT_EQ(sentence(folder_), (folder_ / "config.json").string() + ": there is no such file");
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

TEST(RopeFrequencies, Gpt2HasNone) {
    EXPECT_THROW(rope_frequencies(parse(gpt2)), std::invalid_argument);
}

}  // namespace
}  // namespace t2t::model

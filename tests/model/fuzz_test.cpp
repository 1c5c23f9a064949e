// Hundreds of thousands of broken files, for each reader of files that come from elsewhere. What a
// reader may do: read the file, or throw FileError with one sentence.
//
// T2T_FUZZ_INPUTS is how many inputs a reader gets; T2T_SEED changes them. Most is found in a build
// with sanitizers: T2T_SANITIZE=address,undefined.
#include "tests/model/fuzz.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/lab/inputs.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/config.hpp"
#include "model/files/file_error.hpp"
#include "model/tokenizer/tokenizer.hpp"
#include "tests/model/safetensors_bytes.hpp"

namespace t2t::model {
namespace {

/// Inputs for one reader.
std::uint64_t inputs(std::uint64_t otherwise) {
    const char* count = std::getenv("T2T_FUZZ_INPUTS");
    return count == nullptr ? otherwise : std::stoull(count);
}

std::string contents(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Gives `read` the inputs that `make` makes.
/// @param make (Mutator&) → a file's bytes
/// @param read (std::string_view): reads them and uses what was read
template <typename Make, typename Read>
void fuzz(std::uint64_t count, const std::vector<std::string>& words, Make make, Read read) {
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        Mutator mutator(lab::test_seed() + i, words);
        // Exactly as long as the file, so that a sanitizer sees one byte read too many.
        const std::string made = make(mutator);
        const std::vector<char> input(made.begin(), made.end());
        try {
            read(std::string_view(input.data(), input.size()));
            ASSERT_FALSE(::testing::Test::HasFatalFailure())
                << "input " << i << " of seed " << lab::test_seed();
            ++accepted;
        } catch (const FileError& error) {
            ++refused;
            const std::string_view sentence = error.what();
            ASSERT_TRUE(sentence.starts_with("file: ")) << sentence;
            ASSERT_LT(sentence.size(), 1000u) << sentence;
            ASSERT_EQ(sentence.find('\n'), std::string_view::npos) << sentence;
        } catch (const std::exception& error) {
            FAIL() << "input " << i << " of seed " << lab::test_seed() << " gave " << error.what()
                   << "\n"
                   << ::testing::PrintToString(made.substr(0, 4000));
        }
    }
    if (count >= 1000) {  // both ends of the reader were reached
        EXPECT_GT(accepted, count / 200);
        EXPECT_GT(refused, count / 10);
    }
    ::testing::Test::RecordProperty("accepted", std::to_string(accepted));
    ::testing::Test::RecordProperty("refused", std::to_string(refused));
}

const std::vector<std::string> config_words = {"architectures",
                                               "GPT2LMHeadModel",
                                               "LlamaForCausalLM",
                                               "MistralForCausalLM",
                                               "MixtralForCausalLM",
                                               "model_type",
                                               "vocab_size",
                                               "n_embd",
                                               "n_inner",
                                               "hidden_size",
                                               "head_dim",
                                               "num_key_value_heads",
                                               "num_local_experts",
                                               "rope_theta",
                                               "rope_scaling",
                                               "rope_parameters",
                                               "rope_type",
                                               "type",
                                               "llama3",
                                               "default",
                                               "linear",
                                               "yarn",
                                               "longrope",
                                               "NaN",
                                               "-Infinity",
                                               "sliding_window",
                                               "layer_types",
                                               "full_attention",
                                               "eos_token_id",
                                               "bos_token_id",
                                               "tie_word_embeddings",
                                               "[1, 2]",
                                               "\"type\": \"llama3\"",
                                               "\"sliding_window\": null,",
                                               "\"head_dim\": 8,",
                                               "\"rope_theta\": 1,"};

/// Must hold for every configuration that is accepted.
void use_config(std::string_view text) {
    const ModelConfig config = parse_config(text, "file");
    constexpr std::int64_t max = 2147483647;
    for (const std::int64_t size :
         {config.vocabulary, config.width, config.layers, config.heads, config.kv_heads,
          config.head_dim, config.inner, config.context}) {
        ASSERT_GE(size, 1);
        ASSERT_LE(size, max);
    }
    ASSERT_EQ(config.heads % config.kv_heads, 0);
    ASSERT_LE(config.heads * config.head_dim, max);
    ASSERT_GE(config.window, 0);
    ASSERT_LE(config.experts_per_token, config.experts);
    ASSERT_GT(config.norm_epsilon, 0);
    for (const std::int32_t token : config.end_tokens) {
        ASSERT_GE(token, 0);
        ASSERT_LT(token, config.vocabulary);
    }
    if (config.family == Family::llama && config.head_dim <= 4096) {
        for (const float frequency : rope_frequencies(config)) {
            ASSERT_GE(frequency, 0.0f);
            ASSERT_LE(frequency, 1e9f);  // a factor of 10⁻⁹ makes it so fast
        }
    }
}

TEST(Fuzz, Config) {
    std::vector<std::string> seeds = {
        R"({"architectures": ["LlamaForCausalLM"], "vocab_size": 128256, "hidden_size": 4096,
            "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
            "num_key_value_heads": 8, "max_position_embeddings": 131072, "rope_theta": 500000.0,
            "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192, "rope_type": "llama3"},
            "eos_token_id": [128001, 128008, 128009], "bos_token_id": 128000})"};
    for (const char* name : {"tales-gpt2", "tales-mistral", "tales-mixtral"}) {
        seeds.push_back(contents(std::filesystem::path("model/pretrained") / name / "config.json"));
        ASSERT_FALSE(seeds.back().empty()) << name;
    }
    const auto make = [&](Mutator& mutator) {
        return mutator.mutate(seeds[mutator.below(seeds.size())]);
    };
    fuzz(inputs(15000), config_words, make, use_config);
}

const std::vector<std::string> safetensors_words = {
    "__metadata__",
    "dtype",
    "shape",
    "data_offsets",
    "F32",
    "F16",
    "BF16",
    "F4",
    "I64",
    "BOOL",
    "[0, 0]",
    "[0, 24]",
    "[2, 3]",
    "[4294967296, 4294967296]",
    "\"shape\": [0],",
    "\"b\": {\"dtype\": \"F32\", \"shape\": [0], \"data_offsets\": [0, 0]},"};

/// Must hold for every file that is accepted.
void use_safetensors(std::string_view file) {
    std::map<std::string, std::string, std::less<>> other_types;
    const TensorTable table = parse_safetensors(as_bytes(file), "file", &other_types);
    for (const auto& [name, tensor] : table) {
        ASSERT_EQ(static_cast<std::size_t>(tensor.elements()) * size_of(tensor.type),
                  tensor.bytes.size());
        if (tensor.bytes.empty()) continue;
        const auto* first = reinterpret_cast<const char*>(tensor.bytes.data());
        ASSERT_GE(first, file.data());
        ASSERT_LE(first + tensor.bytes.size(), file.data() + file.size());
        // A sanitizer looks at these two.
        volatile std::byte touched = tensor.bytes.front();
        touched = tensor.bytes.back();
        (void)touched;
    }
}

TEST(Fuzz, Safetensors) {
    const std::string data = "abcdefghijklmnopqrstuvwx";
    const std::vector<std::string> headers = {
        "{" + header_entry("w", "F32", "[6]", "[0, 24]") + "}",
        R"({"__metadata__": {"format": "pt"}, )" + header_entry("a", "F32", "[3]", "[0, 12]") +
            ", " + header_entry("b", "BF16", "[2, 3]", "[12, 24]") + "}   ",
        "{" + header_entry("i", "I64", "[1, 1]", "[0, 8]") + ", " +
            header_entry("e", "F16", "[0, 7]", "[8, 8]") + ", " +
            header_entry("t", "F4", "[2]", "[8, 9]") + ", " +
            header_entry("u", "U8", "[3, 5]", "[9, 24]") + "}"};
    const auto make = [&](Mutator& mutator) {
        const std::string& header = headers[mutator.below(headers.size())];
        // With the right length the header's text is read, however broken it is.
        if (mutator.below(4) > 0) return safetensors_bytes(mutator.mutate(header), data);
        return mutator.mutate_with_length(safetensors_bytes(header, data));
    };
    fuzz(inputs(40000), safetensors_words, make, use_safetensors);
}

const std::vector<std::string> tokenizer_words = {"model",
                                                  "vocab",
                                                  "merges",
                                                  "added_tokens",
                                                  "normalizer",
                                                  "pre_tokenizer",
                                                  "post_processor",
                                                  "decoder",
                                                  "BPE",
                                                  "ByteLevel",
                                                  "Metaspace",
                                                  "Sequence",
                                                  "Split",
                                                  "Prepend",
                                                  "Replace",
                                                  "Fuse",
                                                  "Strip",
                                                  "ByteFallback",
                                                  "TemplateProcessing",
                                                  "<0x0A>",
                                                  "<unk>",
                                                  "<s>",
                                                  "▁",
                                                  "Ġ",
                                                  "unk_token",
                                                  "byte_fallback",
                                                  "ignore_merges",
                                                  "special",
                                                  "normalized",
                                                  "lstrip",
                                                  "rstrip",
                                                  "single_word",
                                                  "NFD",
                                                  "StripAccents",
                                                  "Whitespace",
                                                  "Contiguous",
                                                  "MergedWithNext",
                                                  "[\"a\", \"b\"]",
                                                  "\"a b\"",
                                                  "\\\\p{L}+",
                                                  "(a|a)*b",
                                                  "\"fuse_unk\": true,",
                                                  "\"id\": 7,"};

/// A pretrained tokenizer with its first few merges and the pieces they need: small and so quick to
/// read, with all that makes tokenizers differ.
nlohmann::json small_tokenizer(const std::string& name) {
    const auto file = std::filesystem::path("model/pretrained") / name / "tokenizer.json";
    nlohmann::json tokenizer = nlohmann::json::parse(contents(file));
    nlohmann::json& model = tokenizer["model"];
    nlohmann::json merges = nlohmann::json::array();
    nlohmann::json vocabulary = nlohmann::json::object();
    for (std::size_t i = 0; i < 8; ++i) {
        const nlohmann::json& merge = model["merges"].at(i);
        merges.push_back(merge);
        const auto left = merge[0].get<std::string>();
        const auto right = merge[1].get<std::string>();
        for (const std::string& piece : {left, right, left + right}) {
            vocabulary[piece] = model["vocab"].at(piece);
        }
    }
    for (const auto& [piece, id] : model["vocab"].items()) {
        const bool special = piece.starts_with('<') && piece.ends_with('>');
        const bool one_character = piece.size() <= 2;
        if (special || (one_character && id < 350)) vocabulary[piece] = id;
    }
    model["merges"] = merges;
    model["vocab"] = vocabulary;
    return tokenizer;
}

/// Tokenizers of every kind that is supported.
std::vector<std::string> tokenizer_seeds() {
    const nlohmann::json byte_level = small_tokenizer("tales-gpt2");
    const nlohmann::json byte_fallback = small_tokenizer("tales-mistral");

    nlohmann::json split = byte_level;
    split["pre_tokenizer"] = nlohmann::json::parse(
        R"({"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
             "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
             "use_regex": false}]})");
    split["model"]["ignore_merges"] = true;

    // Without pieces for the bytes it is a fraction of the size, and most changes hit what is left.
    nlohmann::json tiny = byte_fallback;
    tiny["model"]["byte_fallback"] = false;
    tiny["model"]["vocab"] = {{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}, {"▁", 3},  {"t", 4},
                              {"h", 5},     {"e", 6},   {"▁t", 7},   {"he", 8}, {"▁the", 9}};
    tiny["model"]["merges"] = {"▁ t", "h e", "▁t he"};

    nlohmann::json metaspace = tiny;
    metaspace["normalizer"] = nullptr;
    metaspace["pre_tokenizer"] = {
        {"type", "Metaspace"}, {"replacement", "▁"}, {"prepend_scheme", "first"}, {"split", true}};
    metaspace["decoder"] = metaspace["pre_tokenizer"];

    nlohmann::json steps = tiny;
    steps["normalizer"] = nlohmann::json::parse(
        R"({"type": "Sequence", "normalizers": [
            {"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Strip", "strip_left": true},
            {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}]})");
    steps["pre_tokenizer"] = nlohmann::json::parse(
        R"({"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": true}, {"type": "Punctuation"},
            {"type": "ByteLevel", "add_prefix_space": true},
            {"type": "Split", "pattern": {"String": "h"}, "behavior": "MergedWithPrevious"}]})");
    return {byte_level.dump(), byte_fallback.dump(), split.dump(), tiny.dump(),
            tiny.dump(),       metaspace.dump(),     steps.dump()};
}

/// Must hold for every tokenizer that is accepted.
void use_tokenizer(std::string_view json) {
    const std::unique_ptr<Tokenizer> tokenizer = Tokenizer::from_json(json, "file");
    using namespace std::string_view_literals;
    for (const std::string_view text : {""sv, "Once upon the time,  the <s>thé</s> 1234\n\n he"sv,
                                        "\xff<|endoftext|>\xf0\x9f\x98\x80\xe2\x96\x81 \0 the"sv}) {
        std::vector<std::int32_t> ids;
        try {
            ids = tokenizer->encode(text);
        } catch (const std::runtime_error&) {
            continue;  // the file's own pattern gave up on the text
        }
        StreamDecoder stream(*tokenizer);
        for (const std::int32_t id : ids) {
            ASSERT_GE(id, 0);
            ASSERT_LT(id, tokenizer->vocabulary());
            ASSERT_NO_THROW(tokenizer->piece(id));
            tokenizer->is_special(id);
            stream.push(id);
        }
        stream.finish();
        ASSERT_NO_THROW(tokenizer->decode(ids));
    }
}

TEST(Fuzz, Tokenizer) {
    const std::vector<std::string> seeds = tokenizer_seeds();
    for (const std::string& seed : seeds) ASSERT_NO_THROW(Tokenizer::from_json(seed, "file"));
    std::vector<std::string> whole;  // slow to read, so they come rarely
    for (const char* name : {"tales-gpt2", "tales-mistral"}) {
        whole.push_back(
            contents(std::filesystem::path("model/pretrained") / name / "tokenizer.json"));
    }
    const auto make = [&](Mutator& mutator) {
        const auto& from = mutator.below(300) == 0 ? whole : seeds;
        return mutator.mutate(from[mutator.below(from.size())]);
    };
    fuzz(inputs(6000), tokenizer_words, make, use_tokenizer);
}

}  // namespace
}  // namespace t2t::model

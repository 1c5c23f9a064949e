// The tokenizers against PyPI's `tokenizers`, on texts that golden/make_tokenizer_golden.py made.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

using Ids = std::vector<std::int32_t>;

/// Bytes as the golden files write them, two hexadecimal digits each.
std::string from_hex(const std::string& digits) {
    std::string bytes;
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
    }
    return bytes;
}

/// What a golden file holds: a tokenizer, what it puts around a text, and texts.
struct Golden {
    std::unique_ptr<Tokenizer> tokenizer;
    Ids before, after;
    std::vector<json> cases;
};

Golden read_golden(const std::string& name) {
    const std::filesystem::path file = "tests/model/golden/" + name + ".jsonl";
    std::ifstream stream(file);
    std::string line;
    if (!std::getline(stream, line)) throw std::runtime_error("cannot read " + file.string());
    const json header = json::parse(line);
    Golden golden;
    golden.tokenizer = header.contains("file")
                           ? Tokenizer::from_file(header["file"].get<std::string>())
                           : Tokenizer::from_json(header["tokenizer"].dump(), file);
    golden.before = header["before"].get<Ids>();
    golden.after = header["after"].get<Ids>();
    while (std::getline(stream, line)) golden.cases.push_back(json::parse(line));
    return golden;
}

std::string streamed(const Tokenizer& tokenizer, const Ids& ids) {
    StreamDecoder decoder(tokenizer);
    std::string text;
    for (const std::int32_t id : ids) {
        const std::string part = decoder.push(id);
        EXPECT_NO_THROW(json(part).dump()) << "a part is not UTF-8";  // dump() insists on UTF-8
        text += part;
    }
    return text + decoder.finish();
}

class TokenizerGolden : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerGolden, EncodesAsTheLibraryDoes) {
    const Golden golden = read_golden(GetParam());
    int texts = 0;
    for (const json& expected : golden.cases) {
        if (!expected.contains("text")) continue;
        ++texts;
        const std::string text = from_hex(expected["text"].get<std::string>());
        EXPECT_EQ(golden.tokenizer->encode(text), expected["ids"].get<Ids>())
            << "of " << testing::PrintToString(text);
        if (HasFailure()) return;  // one text tells more than two thousand
    }
    EXPECT_GE(texts, 200);
}

TEST_P(TokenizerGolden, AddsSpecialTokensOnlyWhenAsked) {
    const Golden golden = read_golden(GetParam());
    for (const std::string_view text : {"", "x", "Once upon a time"}) {
        Ids expected = golden.before;
        const Ids bare = golden.tokenizer->encode(text, false);
        expected.insert(expected.end(), bare.begin(), bare.end());
        expected.insert(expected.end(), golden.after.begin(), golden.after.end());
        EXPECT_EQ(golden.tokenizer->encode(text), expected);
    }
}

TEST_P(TokenizerGolden, DecodesAsTheLibraryDoes) {
    const Golden golden = read_golden(GetParam());
    for (const json& expected : golden.cases) {
        const Ids ids = expected["ids"].get<Ids>();
        const std::string text = expected["decoded"].get<std::string>();
        EXPECT_EQ(streamed(*golden.tokenizer, ids), text) << "of " << testing::PrintToString(ids);
        // The library writes U+FFFD for what is not UTF-8; decode() gives the bytes.
        if (text.find("\uFFFD") == text.npos) {
            EXPECT_EQ(golden.tokenizer->decode(ids), text) << "of " << testing::PrintToString(ids);
        }
        if (HasFailure()) return;
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, TokenizerGolden,
    testing::Values("tales-gpt2", "tales-mistral", "llama3_like", "gpt2_with_prefix_space",
                    "added_tokens_byte_level", "metaspace_first", "metaspace_always_split",
                    "metaspace_never", "unknown_fused", "unknown_apart", "llama_legacy",
                    "several_splits", "visible_splits", "digits_apart", "falcon_like", "qwen_like",
                    "compatible_forms", "bare_words", "behaviors", "some_bytes", "added_words",
                    "normalized_bytes", "llama_rewritten"),
    [](const auto& info) {
        std::string name = info.param;
        for (char& c : name) c = c == '-' ? '_' : c;
        return name;
    });

}  // namespace
}  // namespace t2t::model

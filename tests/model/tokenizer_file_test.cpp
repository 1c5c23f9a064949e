// Every tokenizer.json that cannot be used is refused in one sentence that names the file and the
// field.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

/// UTF-8 of the character that stands for a byte in a byte-level vocabulary: GPT-2's table, written
/// out.
std::string byte_character(int byte) {
    static const std::string printable = [] {
        std::string bytes;
        for (int b = 0; b < 256; ++b) {
            const bool is_printable = (b > 32 && b < 127) || (b > 160 && b != 173);
            if (is_printable) bytes += static_cast<char>(b);
        }
        return bytes;
    }();
    int character = byte;
    if (printable.find(static_cast<char>(byte)) == printable.npos) {
        character = 256;
        for (int b = 0; b < byte; ++b) {
            character += printable.find(static_cast<char>(b)) == printable.npos;
        }
    }
    if (character < 128) return std::string(1, static_cast<char>(character));
    return {static_cast<char>(0xC0 | character >> 6), static_cast<char>(0x80 | (character & 63))};
}

/// A small tokenizer.json of GPT-2's family.
json byte_level() {
    json vocabulary;
    for (int byte = 0; byte < 256; ++byte) vocabulary[byte_character(byte)] = byte;
    vocabulary["ab"] = 256;
    vocabulary["abc"] = 257;
    json file = R"({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": [{"id": 258, "content": "<end>", "single_word": false, "special": true}],
        "normalizer": null,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": "\\s+(?!\\S)|\\s+| ?\\S+"},
             "behavior": "Isolated", "invert": false},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<end>", "type_id": 0}},
                       {"Sequence": {"id": "A", "type_id": 0}}],
            "special_tokens": {"<end>": {"id": "<end>", "ids": [258], "tokens": ["<end>"]}}},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "merges": [["a", "b"], ["ab", "c"]]}
    })"_json;
    file["model"]["vocab"] = vocabulary;
    return file;
}

/// A small tokenizer.json of Llama's family.
json byte_fallback() {
    json vocabulary = {{"<unk>", 0}, {"a", 257}, {"▁", 258}, {"▁a", 259}};
    for (int byte = 0; byte < 256; ++byte) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", byte);
        vocabulary[name] = 1 + byte;
    }
    json file = R"({
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Prepend", "prepend": "▁"},
            {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
        "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": true,
                  "merges": ["▁ a"]}
    })"_json;
    file["model"]["vocab"] = vocabulary;
    return file;
}

/// What is said about a text; empty if nothing is wrong with it.
std::string complaint(const std::string& text) {
    try {
        Tokenizer::from_json(text, "tokenizer.json");
        return "";
    } catch (const FileError& error) {
        return error.what();
    }
}

/// One thing to break.
struct Fault {
    const char* place;    ///< a JSON pointer
    json value;           ///< what to put there; discarded: remove the field
    std::string message;  ///< what follows "tokenizer.json: "
};

void expect_refused(const json& good, const std::vector<Fault>& faults) {
    ASSERT_EQ(complaint(good.dump()), "");
    for (const Fault& fault : faults) {
        json file = good;
        const json::json_pointer place(fault.place);
        if (fault.value.is_discarded()) {
            json& parent = file.at(place.parent_pointer());
            parent.erase(place.back());
        } else {
            file[place] = fault.value;
        }
        EXPECT_EQ(complaint(file.dump()), "tokenizer.json: " + fault.message)
            << "with " << fault.place;
    }
}

const json removed(json::value_t::discarded);

TEST(TokenizerFile, WhatIsWrongWithItsModel) {
    expect_refused(
        byte_level(),
        {
            {"/model", removed, "model is missing"},
            {"/model", 7, "model is 7, not an object"},
            {"/model/type", "WordPiece",
             "model.type is \"WordPiece\"; supported: BPE (choose a model whose tokenizer is "
             "byte-pair encoding, as GPT-2's and Llama's)"},
            {"/model/type", json::array(), "model.type is a list, not a string"},
            {"/model/dropout", 0.1, "model.dropout is 0.1; supported: 0, null"},
            {"/model/continuing_subword_prefix", "##",
             "model.continuing_subword_prefix is \"##\"; supported: null"},
            {"/model/end_of_word_suffix", "</w>",
             "model.end_of_word_suffix is \"</w>\"; supported: null"},
            {"/model/ignore_merges", "yes", "model.ignore_merges is \"yes\", not true or false"},
            {"/model/vocab", removed, "model.vocab is missing"},
            {"/model/vocab", json::array(), "model.vocab is a list, not an object"},
            {"/model/vocab", json::object(), "model.vocab is empty"},
            {"/model/vocab/ab", -1, "model.vocab.ab is -1, not a whole number from 0 to 1048575"},
            {"/model/vocab/ab", 1.5, "model.vocab.ab is 1.5, not a whole number from 0 to 1048575"},
            {"/model/vocab/ab", 1048576,
             "model.vocab.ab is 1048576, not a whole number from 0 to 1048575"},
            {"/model/vocab/ab", std::uint64_t{1} << 32,
             "model.vocab.ab is 4294967296, not a whole number from 0 to 1048575"},
            {"/model/vocab/ab", "256",
             "model.vocab.ab is \"256\", not a whole number from 0 to 1048575"},
            {"/model/vocab/ab", nullptr, "model.vocab.ab is missing"},
            {"/model/vocab/abc", 256, "model.vocab gives the id 256 to both \"ab\" and \"abc\""},
            {"/model/vocab/ab", removed,
             "model.merges[0] needs the piece \"ab\", which model.vocab lacks"},
            {"/model/merges", removed, "model.merges is missing"},
            {"/model/merges", json::object(), "model.merges is an object, not a list"},
            {"/model/merges/1", 3, "model.merges[1] is 3, not a string"},
            {"/model/merges/1", {"a"}, "model.merges[1] is not a pair of pieces"},
            {"/model/merges/1", {"a", "b", "c"}, "model.merges[1] is not a pair of pieces"},
            {"/model/merges/1", {"a", 1}, "model.merges[1][1] is 1, not a string"},
            {"/model/merges/1", {"", "a"}, "model.merges[1] has an empty piece"},
            {"/model/merges/1", {"a", "b"}, "model.merges[1] stands in the list twice"},
            {"/model/merges/1", "ab",
             "model.merges[1] is \"ab\", not two pieces with one space "
             "between"},
            {"/model/merges/1", "a b c",
             "model.merges[1] is \"a b c\", not two pieces with one "
             "space between"},
            {"/model/merges/1",
             {"q", "q"},
             "model.merges[1] needs the piece \"qq\", which model.vocab lacks"},
            {"/model/merges/1",
             {"qqq", "q"},
             "model.merges[1] needs the piece \"qqq\", which model.vocab lacks"},
        });
}

TEST(TokenizerFile, WhatIsWrongWithItsPreTokenizer) {
    const std::string not_regex =
        "pre_tokenizer.pretokenizers[0].pattern.Regex is not a regular expression: ";
    const std::string all =
        "ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, "
        "BertPreTokenizer, CharDelimiterSplit, and a Sequence of them";
    expect_refused(
        byte_level(),
        {
            {"/pre_tokenizer/type", "UnicodeScripts",
             "pre_tokenizer.type is \"UnicodeScripts\"; supported: " + all},
            {"/pre_tokenizer", "ByteLevel", "pre_tokenizer is \"ByteLevel\", not an object"},
            {"/pre_tokenizer/type", removed, "pre_tokenizer.type is missing"},
            {"/pre_tokenizer",
             {{"type", "ByteLevel"}},
             "pre_tokenizer.add_prefix_space is missing"},
            {"/pre_tokenizer/pretokenizers", removed, "pre_tokenizer.pretokenizers is missing"},
            {"/pre_tokenizer/pretokenizers/0/type", "FixedLength",
             "pre_tokenizer.pretokenizers[0].type is \"FixedLength\"; supported: " + all},
            {"/pre_tokenizer/pretokenizers/0/behavior", "Kept",
             "pre_tokenizer.pretokenizers[0].behavior is \"Kept\"; supported: Removed, Isolated, "
             "Contiguous, MergedWithPrevious, MergedWithNext"},
            {"/pre_tokenizer/pretokenizers/0/behavior", removed,
             "pre_tokenizer.pretokenizers[0].behavior is missing"},
            {"/pre_tokenizer/pretokenizers/0/pattern",
             {{"String", ""}},
             "pre_tokenizer.pretokenizers[0].pattern.String is empty"},
            {"/pre_tokenizer/pretokenizers/0/pattern", json::object(),
             "pre_tokenizer.pretokenizers[0].pattern has neither a String nor a Regex"},
            {"/pre_tokenizer/pretokenizers/0",
             {{"type", "CharDelimiterSplit"}, {"delimiter", ""}},
             "pre_tokenizer.pretokenizers[0].delimiter is empty"},
            {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "(",
             not_regex + "missing closing parenthesis"},
            {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\\p{Nonsense}",
             not_regex + "unknown property after \\P or \\p"},
        });
    // What Hugging Face's engine reads in another way, or what nobody needs to split a text.
    for (const char* part : {"[\\W]", "\\b", "\\h", "\\K", "\\1", "\\x", "\\u12", "(?i)", "(?m",
                             "(*", "}+", "{,", "[]", "[^]"}) {
        json file = byte_level();
        const std::string regex = std::string("x") + (part == std::string("}+") ? "{2" : "") + part;
        file["/pre_tokenizer/pretokenizers/0/pattern/Regex"_json_pointer] = regex + "y";
        const std::string said = complaint(file.dump());
        EXPECT_NE(said.find("pattern.Regex has "), said.npos) << regex << ": " << said;
    }
    for (const char* part : {"[a[b]]", "[a&&b]", "x\\"}) {
        json file = byte_level();
        file["/pre_tokenizer/pretokenizers/0/pattern/Regex"_json_pointer] = part;
        const std::string said = complaint(file.dump());
        EXPECT_NE(said.find("pattern.Regex has "), said.npos) << part << ": " << said;
    }
}

TEST(TokenizerFile, WhatIsWrongWithTheRestOfIt) {
    const std::string decoders =
        "; supported: ByteLevel, Metaspace, Replace, Strip, ByteFallback, Fuse and a Sequence of "
        "them, of which only Fuse follows ByteFallback or ByteLevel, and only Strip follows Fuse";
    expect_refused(
        byte_level(),
        {
            {"/decoder/type", "WordPiece", "decoder.type is \"WordPiece\"" + decoders},
            {"/added_tokens", json::object(), "added_tokens is an object, not a list"},
            {"/added_tokens/0", 5, "added_tokens[0] is 5, not an object"},
            {"/added_tokens/0/id", removed, "added_tokens[0].id is missing"},
            {"/added_tokens/0/id", -2,
             "added_tokens[0].id is -2, not a whole number from 0 to 1048575"},
            {"/added_tokens/0/id", 3000000000,
             "added_tokens[0].id is 3000000000, not a whole number from 0 to 1048575"},
            {"/added_tokens/0/id", 256,
             "added_tokens[0] gives \"<end>\" the id 256, which is that of \"ab\" in model.vocab"},
            {"/added_tokens/0/content", "ab",
             "added_tokens[0] gives \"ab\" the id 258, which has the id 256 in model.vocab"},
            {"/added_tokens/0/content", "", "added_tokens[0].content is empty"},
            {"/added_tokens/0/special", 1, "added_tokens[0].special is 1, not true or false"},
            {"/added_tokens/1",
             {{"id", 258}, {"content", "<x>"}},
             "added_tokens[1] uses the id 258 again"},
            {"/post_processor/type", "PairProcessing",
             "post_processor.type is \"PairProcessing\"; supported: TemplateProcessing, ByteLevel, "
             "RobertaProcessing, BertProcessing, and a Sequence of them"},
            {"/post_processor",
             {{"type", "BertProcessing"}, {"cls", {"<end>", 258}}, {"sep", {"<end>"}}},
             "post_processor.sep is not a token and its id"},
            {"/post_processor/single", removed, "post_processor.single is missing"},
            {"/post_processor/single/1",
             {{"Sequence", {{"id", "B"}}}},
             "post_processor.single[1].Sequence.id is \"B\"; supported: A, once"},
            {"/post_processor/single/2",
             {{"Sequence", {{"id", "A"}}}},
             "post_processor.single[2].Sequence.id is \"A\"; supported: A, once"},
            {"/post_processor/single/1",
             {{"SpecialToken", {{"id", "<end>"}}}},
             "post_processor.single has no Sequence, so the text would be lost"},
            {"/post_processor/single/0",
             {{"SpecialToken", {{"id", "<begin>"}}}},
             "post_processor.special_tokens[\"<begin>\"] is missing"},
            {"/post_processor/special_tokens/<end>/ids",
             {259},
             "post_processor adds the id 259, which no token has"},
        });
    const std::string normalizers =
        "NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, ByteLevel, and a "
        "Sequence of them";
    expect_refused(
        byte_fallback(),
        {
            {"/normalizer/type", "Precompiled",
             "normalizer.type is \"Precompiled\"; supported: " + normalizers},
            {"/normalizer/normalizers/0/type", "Nmt",
             "normalizer.normalizers[0].type is \"Nmt\"; supported: " + normalizers},
            {"/normalizer/normalizers/1/pattern",
             {{"Regex", "["}},
             "normalizer.normalizers[1].pattern.Regex is not a regular expression: missing "
             "terminating ] for character class"},
            {"/normalizer/normalizers/1/pattern/String", "",
             "normalizer.normalizers[1].pattern.String is empty"},
            {"/pre_tokenizer",
             {{"type", "Metaspace"}, {"replacement", "__"}},
             "pre_tokenizer.replacement is not one character"},
            {"/pre_tokenizer",
             {{"type", "Metaspace"}, {"replacement", "_"}, {"prepend_scheme", "last"}},
             "pre_tokenizer.prepend_scheme is \"last\"; supported: always, first, never"},
            {"/pre_tokenizer",
             {{"type", "Metaspace"},
              {"replacement", "_"},
              {"prepend_scheme", "first"},
              {"add_prefix_space", false}},
             "pre_tokenizer.prepend_scheme contradicts add_prefix_space"},
            {"/model/byte_fallback", 1, "model.byte_fallback is 1, not true or false"},
            {"/decoder/decoders/0/pattern/String", "",
             "decoder.decoders[0].pattern.String is empty"},
            {"/decoder/decoders/3/stop", 1, "decoder.decoders[3].stop is 1; supported: 0"},
            {"/decoder/decoders/3/start", -1,
             "decoder.decoders[3].start is -1, not a whole number from 0 to 1000"},
            {"/decoder/decoders/3/content", "▁",
             "decoder.decoders[3].content is \"\\u2581\"; supported: one ASCII character"},
            {"/decoder/decoders/2/type", "ByteLevel",
             "decoder.decoders[2].type is \"ByteLevel\"" + decoders},
            {"/decoder/decoders/1/type", "CTC", "decoder.decoders[1].type is \"CTC\"" + decoders},
            {"/decoder/decoders/4",
             {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", "b"}},
             "decoder.decoders[4].type is \"Replace\"" + decoders},
            {"/decoder/decoders/2",
             {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}},
             "decoder.decoders[2].type is \"Strip\"" + decoders},
        });
}

/// The ids of `text` after `change` to a file.
std::vector<std::int32_t> encoded(json file, const json& change, const std::string& text) {
    file.merge_patch(change);
    return Tokenizer::from_json(file.dump(), "tokenizer.json")->encode(text, false);
}

TEST(TokenizerFile, WhatOnlyABatchOrATrainingNeedsIsPassedOver) {
    const auto expected = encoded(byte_level(), json::object(), "abc abc");
    EXPECT_EQ(expected.size(), 3u);
    for (const json& change :
         {json{{"truncation", {{"max_length", 1}, {"stride", 0}}}},
          json{{"padding", {{"strategy", {{"Fixed", 9}}}, {"pad_id", 0}}}},
          json{{"model", {{"dropout", 0.0}}}}, json{{"model", {{"dropout", 0}}}},
          json{{"normalizer", {{"type", "Sequence"}, {"normalizers", json::array()}}}}}) {
        EXPECT_EQ(encoded(byte_level(), change, "abc abc"), expected) << change;
    }
}

TEST(TokenizerFile, AnUnknownTokenThatIsNoPieceIsMissedOnlyWhenNeeded) {
    json file = byte_level();
    file["model"]["unk_token"] = "<unk>";
    EXPECT_EQ(encoded(file, json::object(), "abc"), std::vector<std::int32_t>{257});
    json& vocabulary = file["model"]["vocab"];
    vocabulary["xx"] = vocabulary["x"];
    vocabulary.erase("x");
    try {
        encoded(file, json::object(), "ax");
        FAIL() << "an unknown character was encoded";
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(),
                     "the tokenizer has no token for \"x\", and none for unknown characters: its "
                     "unk_token is not in its vocabulary");
    }
}

TEST(TokenizerFile, WhatIsNoTokenizerAtAll) {
    for (const std::string& text :
         {std::string(), std::string("{"), std::string("[]"), std::string("{}"),
          std::string("null"), std::string("{\"model\": \xFF}"), std::string(1'000'000, '['),
          std::string("{\"model\": {\"type\": \"BPE\", \"type\": \"BPE\"}}"), std::string("\0", 1),
          std::string("{\"version\": 1e999}")}) {
        const std::string said = complaint(text);
        EXPECT_TRUE(said.starts_with("tokenizer.json: ")) << text.substr(0, 50) << ": " << said;
        EXPECT_EQ(said.find('\n'), said.npos);
        EXPECT_LT(said.size(), 300u);
    }
    std::string nested = "{\"a\":";
    for (int i = 0; i < 100'000; ++i) nested += "{\"a\":";
    EXPECT_NE(complaint(nested).find("nested"), std::string::npos);
}

TEST(TokenizerFile, EveryBeginningOfAFileIsRefused) {
    const std::string text = byte_fallback().dump();
    for (std::size_t length = 0; length < text.size(); length += 7) {
        EXPECT_NE(complaint(text.substr(0, length)), "");
    }
}

TEST(TokenizerFile, IsReadFromDisk) {
    const std::filesystem::path folder =
        std::filesystem::path(testing::TempDir()) / "t2t_tokenizer_file_test";
    std::filesystem::create_directories(folder);
    const std::filesystem::path file = folder / "tokenizer.json";
    std::filesystem::remove(file);
    EXPECT_THROW(Tokenizer::from_file(folder), FileError);  // not a file
    const std::string name = "\"" + folder.string() + "\"";
    const auto advice = [&](const std::string& other, const std::string& packages) {
        return file.string() + ": there is no such file, only " + other +
               " beside it; with Python's packages " + packages +
               " this writes it: python3 -c 'from transformers import AutoTokenizer as T; "
               "T.from_pretrained(" +
               name + ").save_pretrained(" + name + ")'";
    };
    const auto said = [&] {
        try {
            Tokenizer::from_file(file);
            return std::string("a file that is not there was read");
        } catch (const FileError& error) {
            return std::string(error.what());
        }
    };
    EXPECT_EQ(said(), file.string() +
                          ": there is no such file; a model's folder needs config.json, "
                          "tokenizer.json and model.safetensors, so fetch it from where "
                          "the others are from");
    std::ofstream(folder / "vocab.json") << "{}";
    EXPECT_EQ(said(), advice("vocab.json", "transformers"));
    std::ofstream(folder / "tokenizer.model") << "SentencePiece's";
    EXPECT_EQ(said(), advice("tokenizer.model", "transformers, sentencepiece and protobuf"));
    std::ofstream(file) << byte_fallback().dump();
    EXPECT_EQ(Tokenizer::from_file(file)->encode("a"), std::vector<std::int32_t>{259});
    std::ofstream(file) << "{";
    try {
        Tokenizer::from_file(file);
        FAIL() << "half a file was accepted";
    } catch (const FileError& error) {
        EXPECT_TRUE(std::string(error.what()).starts_with(file.string() + ": "));
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace t2t::model

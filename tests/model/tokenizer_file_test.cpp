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
            {"/model/type", "WordPiece", "model.type is \"WordPiece\"; supported: BPE"},
            {"/model/type", json::array(), "model.type is a list, not a string"},
            {"/model/dropout", 0.1, "model.dropout is 0.1; supported: null"},
            {"/model/continuing_subword_prefix", "##",
             "model.continuing_subword_prefix is \"##\"; supported: null"},
            {"/model/end_of_word_suffix", "</w>",
             "model.end_of_word_suffix is \"</w>\"; supported: null"},
            {"/model/ignore_merges", "yes", "model.ignore_merges is \"yes\", not true or false"},
            {"/model/byte_fallback", true,
             "model.byte_fallback is not supported with the pre-tokenizer ByteLevel"},
            {"/model/unk_token", "<unk>", "model.unk_token is not in model.vocab"},
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
            {"/model/vocab/x", removed, "model lacks \"x\", one of the 256 byte-level characters"},
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
    expect_refused(
        byte_level(),
        {
            {"/normalizer",
             {{"type", "NFC"}},
             "normalizer is not supported with the pre-tokenizer ByteLevel"},
            {"/pre_tokenizer/type", "Whitespace",
             "pre_tokenizer.type is \"Whitespace\"; supported: ByteLevel, Metaspace, a Sequence of "
             "Split and ByteLevel, or none"},
            {"/pre_tokenizer", "ByteLevel", "pre_tokenizer is \"ByteLevel\", not an object"},
            {"/pre_tokenizer/type", removed, "pre_tokenizer.type is missing"},
            {"/pre_tokenizer",
             {{"type", "ByteLevel"}},
             "pre_tokenizer.add_prefix_space is missing"},
            {"/pre_tokenizer/pretokenizers", removed, "pre_tokenizer.pretokenizers is missing"},
            {"/pre_tokenizer/pretokenizers", json::array(), "pre_tokenizer.pretokenizers is empty"},
            {"/pre_tokenizer/pretokenizers/0/type", "Digits",
             "pre_tokenizer.pretokenizers[0].type is \"Digits\"; supported: Split with a Regex, "
             "before ByteLevel"},
            {"/pre_tokenizer/pretokenizers/1/type", "Split",
             "pre_tokenizer.pretokenizers[1].type is \"Split\"; supported: ByteLevel at the end"},
            {"/pre_tokenizer/pretokenizers/1/add_prefix_space", true,
             "pre_tokenizer.pretokenizers[1].add_prefix_space is true; supported: false after a "
             "Split"},
            {"/pre_tokenizer/pretokenizers/0/behavior", "Removed",
             "pre_tokenizer.pretokenizers[0].behavior is \"Removed\"; supported: Isolated"},
            {"/pre_tokenizer/pretokenizers/0/invert", true,
             "pre_tokenizer.pretokenizers[0].invert is true; supported: false"},
            {"/pre_tokenizer/pretokenizers/0/pattern",
             {{"String", " "}},
             "pre_tokenizer.pretokenizers[0].pattern.Regex is missing"},
            {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "(",
             not_regex + "missing closing parenthesis"},
            {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "\\p{Nonsense}",
             not_regex + "unknown property after \\P or \\p"},
            {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "a*",
             "pre_tokenizer.pretokenizers[0].pattern.Regex matches nothing at all, so it splits "
             "nowhere"},
        });
    // What Hugging Face's engine reads in another way, or what nobody needs to split a text.
    for (const char* part : {"\\w", "\\b", "\\h", "\\K", "\\1", "\\x", "^", "$", ".", "(?i)", "(?m",
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
        "; supported: ByteLevel; Metaspace; a Sequence of Replace, ByteFallback, Fuse and Strip in "
        "this order";
    expect_refused(
        byte_level(),
        {
            {"/truncation", {{"max_length", 512}}, "truncation is an object; supported: null"},
            {"/padding", {{"pad_id", 0}}, "padding is an object; supported: null"},
            {"/decoder", removed, "decoder is missing"},
            {"/decoder", nullptr, "decoder is missing"},
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
            {"/added_tokens/0/single_word", true,
             "added_tokens[0].single_word is true; supported: false"},
            {"/added_tokens/0/special", 1, "added_tokens[0].special is 1, not true or false"},
            {"/added_tokens/1",
             {{"id", 258}, {"content", "<x>"}},
             "added_tokens[1] uses the id 258 again"},
            {"/added_tokens/1",
             {{"id", 259}, {"content", "<end>"}},
             "added_tokens[1] adds \"<end>\" again"},
            {"/post_processor/type", "BertProcessing",
             "post_processor.type is \"BertProcessing\"; supported: TemplateProcessing, ByteLevel, "
             "and a Sequence of them"},
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
            {"/post_processor",
             {{"type", "Sequence"}, {"processors", {{{"type", "Sequence"}}}}},
             "post_processor.processors[0].type is \"Sequence\"; supported: TemplateProcessing, "
             "ByteLevel"},
        });
    expect_refused(
        byte_fallback(),
        {
            {"/normalizer/type", "NFKC",
             "normalizer.type is \"NFKC\"; supported: Prepend, Replace, and a Sequence of them"},
            {"/normalizer/normalizers/0/type", "Sequence",
             "normalizer.normalizers[0].type is \"Sequence\"; supported: Prepend, Replace"},
            {"/normalizer/normalizers/1/pattern",
             {{"Regex", " +"}},
             "normalizer.normalizers[1].pattern.String is missing"},
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
            {"/model/vocab/<0xE2>", removed, "model has byte_fallback and no piece <0xE2>"},
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
            {"/decoder/decoders/2/type", "Strip",
             "decoder.decoders[2].type is \"Strip\"" + decoders},
        });
    json lossy = byte_fallback();
    lossy["model"].erase("unk_token");
    lossy["model"]["byte_fallback"] = false;
    EXPECT_EQ(
        complaint(lossy.dump()),
        "tokenizer.json: model has neither byte_fallback nor unk_token: characters outside it "
        "would be lost");
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
    EXPECT_THROW(Tokenizer::from_file(file), FileError);    // not there
    EXPECT_THROW(Tokenizer::from_file(folder), FileError);  // not a file
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

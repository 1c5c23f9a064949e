// What comes out of a tokenizer: decode(), the stream decoder, pieces.
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

using Ids = std::vector<std::int32_t>;

std::unique_ptr<Tokenizer> shipped(const std::string& model) {
    return Tokenizer::from_file("model/pretrained/" + model + "/tokenizer.json");
}

bool is_utf8(const std::string& text) {
    try {
        nlohmann::json(text).dump();  // insists on UTF-8
        return true;
    } catch (const nlohmann::json::type_error&) {
        return false;
    }
}

TEST(TokenizerStream, GivesCharactersWhenTheyAreWhole) {
    const auto tokenizer = shipped("tales-mistral");
    const auto byte = [](int value) { return 3 + value; };  // <0x00> has the id 3
    StreamDecoder decoder(*tokenizer);
    EXPECT_EQ(decoder.push(1), "");  // <s>
    EXPECT_EQ(decoder.push(byte('\n')), "\n");
    for (const int value : {0xF0, 0x9F, 0x98}) EXPECT_EQ(decoder.push(byte(value)), "");
    EXPECT_EQ(decoder.push(byte(0x80)), "😀");
    EXPECT_EQ(decoder.push(byte(0xC3)), "");
    EXPECT_EQ(decoder.push(byte('a')), "\uFFFDa");  // no character begins C3 61
    EXPECT_EQ(decoder.push(byte(0xFF)), "\uFFFD");
    EXPECT_EQ(decoder.push(byte(0xE2)), "");
    EXPECT_EQ(decoder.push(byte(0x82)), "");
    EXPECT_EQ(decoder.push(2), "");  // </s>
    EXPECT_EQ(decoder.finish(), "\uFFFD");
    EXPECT_EQ(decoder.finish(), "");
}

TEST(TokenizerStream, LeavesTheFirstSpaceOutAndNoOther) {
    const auto tokenizer = shipped("tales-mistral");
    const Ids ids = tokenizer->encode(" upon  a time");
    StreamDecoder decoder(*tokenizer);
    std::string text;
    for (const std::int32_t id : ids) text += decoder.push(id);
    EXPECT_EQ(text, " upon  a time");
    EXPECT_EQ(tokenizer->decode(ids), " upon  a time");
    EXPECT_EQ(tokenizer->decode(std::vector(ids.begin() + 2, ids.end())), "upon  a time");
}

TEST(TokenizerStream, NeverGivesHalfACharacter) {
    std::mt19937 draw(7);
    for (const char* model : {"tales-gpt2", "tales-mistral"}) {
        const auto tokenizer = shipped(model);
        for (int round = 0; round < 300; ++round) {
            Ids ids(1 + draw() % 40);
            // The first 259 ids are the special tokens and the bytes.
            const std::uint32_t below =
                round % 2 == 0 ? 259 : static_cast<std::uint32_t>(tokenizer->vocabulary());
            for (std::int32_t& id : ids) id = static_cast<std::int32_t>(draw() % below);
            StreamDecoder decoder(*tokenizer);
            std::string text;
            for (const std::int32_t id : ids) {
                const std::string part = decoder.push(id);
                ASSERT_TRUE(is_utf8(part)) << testing::PrintToString(ids);
                text += part;
            }
            text += decoder.finish();
            ASSERT_TRUE(is_utf8(text));
            // Where all is UTF-8, nothing has been replaced.
            const std::string decoded = tokenizer->decode(ids);
            if (is_utf8(decoded)) {
                EXPECT_EQ(text, decoded);
            }
        }
    }
}

TEST(TokenizerStream, DecodesEveryByteThatWasEncoded) {
    std::mt19937 draw(8);
    for (const char* model : {"tales-gpt2", "tales-mistral"}) {
        const auto tokenizer = shipped(model);
        const std::string text =
            "Grüße, 世界! \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x9A\x80  \n\t नि ";
        for (std::size_t cut = 0; cut <= text.size(); ++cut) {
            const std::string part = text.substr(cut);
            if (!is_utf8(part)) continue;
            EXPECT_EQ(tokenizer->decode(tokenizer->encode(part)), part) << model;
        }
    }
}

TEST(TokenizerStream, RefusesIdsThatNoTokenHas) {
    for (const char* model : {"tales-gpt2", "tales-mistral"}) {
        const auto tokenizer = shipped(model);
        const auto past_end = static_cast<std::int32_t>(tokenizer->vocabulary());
        for (const std::int32_t id : {-1, past_end, INT32_MAX, INT32_MIN}) {
            EXPECT_THROW(tokenizer->decode(Ids{5, id}), std::out_of_range);
            EXPECT_THROW(tokenizer->piece(id), std::out_of_range);
            EXPECT_THROW(StreamDecoder(*tokenizer).push(id), std::out_of_range);
            EXPECT_FALSE(tokenizer->is_special(id));
        }
        EXPECT_NO_THROW(tokenizer->decode(Ids{past_end - 1}));
        EXPECT_EQ(tokenizer->decode(Ids{}), "");
    }
}

TEST(TokenizerStream, ShowsPiecesAsTheVocabularySpellsThem) {
    const auto mistral = shipped("tales-mistral");
    EXPECT_EQ(mistral->vocabulary(), 4096);
    EXPECT_EQ(mistral->piece(1), "<s>");
    EXPECT_EQ(mistral->piece(3 + '\n'), "<0x0A>");
    EXPECT_EQ(mistral->piece(mistral->encode("the").at(1)), "▁the");
    EXPECT_TRUE(mistral->is_special(0) && mistral->is_special(1) && mistral->is_special(2));
    EXPECT_FALSE(mistral->is_special(3));

    const auto gpt2 = shipped("tales-gpt2");
    EXPECT_EQ(gpt2->vocabulary(), 2048);
    EXPECT_EQ(gpt2->piece(0), "<|endoftext|>");
    EXPECT_EQ(gpt2->piece(gpt2->encode(" the").at(0)), "Ġthe");
    EXPECT_TRUE(gpt2->is_special(0));
    EXPECT_FALSE(gpt2->is_special(1));
    EXPECT_EQ(gpt2->decode(Ids{0}), "");
}

TEST(TokenizerStream, IdsMayHaveGaps) {
    const nlohmann::json file = {
        {"model",
         {{"vocab", {{"a", 3}, {"?", 1}}},
          {"merges", nlohmann::json::array()},
          {"unk_token", "?"}}},
        {"added_tokens", {{{"id", 6}, {"content", "<end>"}, {"special", true}}}},
        {"decoder", {{"type", "Metaspace"}, {"replacement", "▁"}}}};
    const auto tokenizer = Tokenizer::from_json(file.dump(), "gaps.json");
    // `tokenizers` numbers added tokens itself, from the number of pieces on.
    EXPECT_EQ(tokenizer->vocabulary(), 4);
    EXPECT_EQ(tokenizer->encode("a<end>b"), (Ids{3, 2, 1}));
    for (const std::int32_t id : {0, 4, 6}) {
        EXPECT_THROW(tokenizer->decode(Ids{id}), std::out_of_range);
        EXPECT_THROW(tokenizer->piece(id), std::out_of_range);
    }
}

}  // namespace
}  // namespace t2t::model

// The merge loop against the definition of BPE, written out in plain loops.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

/// A vocabulary and its merges, as pieces of text.
struct Pieces {
    std::vector<std::string> vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;

    /// A tokenizer without any pre-tokenizer: the whole text is one word.
    std::unique_ptr<Tokenizer> tokenizer() const {
        json model = {{"type", "BPE"}, {"unk_token", "?"}, {"merges", merges}};
        for (std::size_t id = 0; id < vocabulary.size(); ++id) model["vocab"][vocabulary[id]] = id;
        const json file = {{"model", model},
                           {"decoder", {{"type", "Sequence"}, {"decoders", json::array()}}}};
        return Tokenizer::from_json(file.dump(), "pieces.json");
    }

    bool contains(const std::string& piece) const {
        return std::find(vocabulary.begin(), vocabulary.end(), piece) != vocabulary.end();
    }

    std::int32_t id(const std::string& piece) const {
        return static_cast<std::int32_t>(std::find(vocabulary.begin(), vocabulary.end(), piece) -
                                         vocabulary.begin());
    }
};

/// As long as two neighbours join: of the pairs that do, join the one that stands first in the
/// list, and of several such places the leftmost.
std::vector<std::int32_t> by_definition(const Pieces& pieces, std::vector<std::string> tokens) {
    for (;;) {
        std::size_t best_rank = pieces.merges.size(), place = 0;
        for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
            const auto found = std::find(pieces.merges.begin(), pieces.merges.end(),
                                         std::pair(tokens[i], tokens[i + 1]));
            const auto rank = static_cast<std::size_t>(found - pieces.merges.begin());
            if (rank < best_rank) {
                best_rank = rank;
                place = i;
            }
        }
        if (best_rank == pieces.merges.size()) break;
        tokens[place] += tokens[place + 1];
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(place) + 1);
    }
    std::vector<std::int32_t> ids;
    for (const std::string& token : tokens) ids.push_back(pieces.id(token));
    return ids;
}

/// Any pieces and merges, in an order that no training would give: later merges may make what
/// earlier ones need.
Pieces random_pieces(std::mt19937& draw, const std::vector<std::string>& characters) {
    Pieces pieces{characters, {}};
    pieces.vocabulary.push_back("?");
    const std::size_t merges = draw() % 30;
    for (std::size_t i = 0; i < merges; ++i) {
        const auto any = [&] { return pieces.vocabulary[draw() % pieces.vocabulary.size()]; };
        const std::pair merge(any(), any());
        const std::string result = merge.first + merge.second;
        if (result.find('?') != result.npos || result.size() > 24) continue;
        if (!pieces.contains(result)) pieces.vocabulary.push_back(result);
        const auto found = std::find(pieces.merges.begin(), pieces.merges.end(), merge);
        if (found == pieces.merges.end()) pieces.merges.push_back(merge);
    }
    std::shuffle(pieces.merges.begin(), pieces.merges.end(), draw);
    return pieces;
}

TEST(TokenizerMerges, FollowTheDefinition) {
    std::mt19937 draw(2026);
    const std::vector<std::string> characters = {"a", "b", "c", " ", "é", "▁", "😀"};
    for (int round = 0; round < 400; ++round) {
        const Pieces pieces = random_pieces(draw, characters);
        const auto tokenizer = pieces.tokenizer();
        for (int k = 0; k < 5; ++k) {
            std::vector<std::string> tokens;
            std::string text;
            const std::size_t used = 1 + draw() % characters.size();
            for (std::size_t n = draw() % 120; n > 0; --n) {
                tokens.push_back(characters[draw() % used]);
                text += tokens.back();
            }
            ASSERT_EQ(tokenizer->encode(text), by_definition(pieces, tokens))
                << "round " << round << ", text " << text;
        }
    }
}

TEST(TokenizerMerges, OfBytesAndOfTheUnknownAreMade) {
    // Merges of tokens that are no characters: the text must not be cut between them.
    const Pieces pieces{{"a", "?", "??", "a?", "??a"}, {{"?", "?"}, {"??", "a"}, {"a", "?"}}};
    const auto tokenizer = pieces.tokenizer();
    EXPECT_EQ(tokenizer->encode("xyz"), by_definition(pieces, {"?", "?", "?"}));
    EXPECT_EQ(tokenizer->encode("axyaaz"), by_definition(pieces, {"a", "?", "?", "a", "a", "?"}));

    json model = {{"type", "BPE"}, {"byte_fallback", true}};
    std::int32_t next = 0;
    for (int byte = 0; byte < 256; ++byte) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", byte);
        model["vocab"][name] = next++;
    }
    model["vocab"]["<0xC3><0xA9>"] = next;
    model["merges"] = json::array({json::array({"<0xC3>", "<0xA9>"})});
    const json file = {{"model", model},
                       {"decoder", {{"type", "Sequence"}, {"decoders", json::array()}}}};
    const auto of_bytes = Tokenizer::from_json(file.dump(), "bytes.json");
    EXPECT_EQ(of_bytes->encode("aéb"), (std::vector<std::int32_t>{0x61, next, 0x62}));
}

TEST(TokenizerMerges, TakeLongTextsWithoutASeam) {
    const Pieces pieces{{"a", "?", "aa", "aaaa", "aaaaaaaa"},
                        {{"a", "a"}, {"aa", "aa"}, {"aaaa", "aaaa"}}};
    const auto tokenizer = pieces.tokenizer();
    const std::size_t length = 200'000;  // quadratic time would be minutes
    EXPECT_EQ(tokenizer->encode(std::string(8 * length, 'a')),
              std::vector<std::int32_t>(length, pieces.id("aaaaaaaa")));
}

TEST(TokenizerMerges, LoseNothingOfALongWordlessText) {
    for (const char* model : {"tales-gpt2", "tales-mistral"}) {
        const auto tokenizer =
            Tokenizer::from_file(std::string("model/pretrained/") + model + "/tokenizer.json");
        for (const std::string& text : {std::string(500'000, ' '), std::string(300'000, 'e'),
                                        std::string(200'000, '\n') + "x"}) {
            // Not EXPECT_EQ, which would look for hours for the difference.
            EXPECT_TRUE(tokenizer->decode(tokenizer->encode(text)) == text) << model;
        }
    }
}

}  // namespace
}  // namespace t2t::model

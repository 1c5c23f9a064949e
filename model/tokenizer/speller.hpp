/// @file
/// The ids of the smallest parts of words, from which merging starts. For the tokenizers' own
/// sources only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/tokenizer/bpe.hpp"

namespace t2t::model {

/// Spells words in the characters of a vocabulary, and has them merged.
class Speller {
 public:
    /// @param bpe   must outlive this object
    /// @param bytes whether words are bytes, each of which stands for a character (GPT-2, Llama 3);
    ///              else they are UTF-8 (Llama 2, Mistral)
    Speller(const Bpe& bpe, bool bytes);

    /// Has the tokens of one word appended.
    /// @param word    not empty
    /// @param symbols room for its characters' ids
    /// @throws std::runtime_error a character is unknown, and so is the token for such characters
    void encode(std::string_view word, std::vector<std::int32_t>& symbols,
                WordEncoder& encoder) const;

 private:
    class Spelling;

    void read_bytes();
    void read_characters();
    void find_seams();
    std::optional<std::int32_t> whole(std::string_view word) const;
    std::int32_t id_of(std::string_view character) const;

    const Bpe& bpe_;
    bool words_are_bytes_;
    std::array<std::int32_t, 256> bytes_;  // the ids of single bytes' characters, or -1
    std::unordered_map<std::string, std::int32_t> pieces_;  // by the bytes they stand for
    std::array<std::int32_t, 128> ascii_;                   // the ids of ASCII characters, or -1
    std::unordered_map<std::uint32_t, std::int32_t>
        beyond_ascii_;                         // those of others, by the character's UTF-8 bytes
    std::array<std::int32_t, 256> fallbacks_;  // the ids of <0x00> … <0xFF>, or -1
    bool has_seams_ = false;
    std::unordered_set<std::uint64_t> joints_;  // pairs of characters that a merge may join across
};

}  // namespace t2t::model

/// @file
/// The tokenizers of Llama 2, Mistral and Mixtral, SentencePiece's form of BPE: a space is written
/// as `▁`, words are not split apart before merging, and a character outside the vocabulary is
/// spelled in bytes, `<0xE2>`. For the tokenizers' own sources only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/tokenizer/bpe.hpp"

namespace t2t::model {

/// Text to tokens with a SentencePiece-like BPE.
class ByteFallbackBpe : public TextEncoder {
 public:
    /// @param bpe       must outlive this object
    /// @param tokenizer the whole tokenizer.json
    /// @throws FileError
    ByteFallbackBpe(const Bpe& bpe, const JsonField& tokenizer);

    std::string_view normalize(std::string_view text, std::string& room) const override;
    void encode(std::string_view text, bool at_start,
                std::vector<std::int32_t>& ids) const override;

 private:
    /// One step of the normalizer.
    struct Rewriting {
        std::string from;  ///< empty: put `to` in front of the text
        std::string to;
    };
    /// The pre-tokenizer Metaspace.
    struct Metaspace {
        enum class Prefix { never, first, always };
        std::string space;  ///< what a space becomes, `▁`; empty: there is no pre-tokenizer
        Prefix prefix;      ///< which parts get one in front
        bool splits;        ///< whether every `▁` begins a word of its own
    };

    void read_normalizer(const JsonField& normalizer);
    void read_metaspace(const JsonField& pre_tokenizer);
    void read_characters(const JsonField& tokenizer);
    void find_seams();
    void append_symbols(std::string_view text, std::vector<std::int32_t>& symbols) const;
    void encode_word(std::string_view word, std::vector<std::int32_t>& symbols,
                     WordEncoder& encoder, std::vector<std::int32_t>& ids) const;

    const Bpe& bpe_;
    std::vector<Rewriting> rewritings_;
    Metaspace metaspace_;
    std::array<std::int32_t, 128> ascii_;  // ids of characters, or -1
    std::unordered_map<std::uint32_t, std::int32_t>
        beyond_ascii_;                     // by the character's UTF-8 bytes
    std::array<std::int32_t, 256> bytes_;  // ids of <0x00> … <0xFF>
    bool has_seams_;
    std::unordered_set<std::uint64_t> joints_;  // pairs of characters that a merge may join across
};

}  // namespace t2t::model

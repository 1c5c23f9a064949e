/// @file
/// The tokenizers of GPT-2 and Llama 3: a regular expression splits the text into words, and a
/// word's bytes are merged, each written as a character that can be seen: `Ġ` for a space, `Ċ` for
/// a newline. For the tokenizers' own sources only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/tokenizer/bpe.hpp"

namespace t2t::model {

/// The bytes that a byte-level piece stands for; nothing where a character of it stands for no
/// byte.
std::optional<std::string> bytes_of_piece(std::string_view piece);

/// Text to tokens with a byte-level BPE.
class ByteLevelBpe : public TextEncoder {
 public:
    /// @param bpe       must outlive this object
    /// @param tokenizer the whole tokenizer.json
    /// @throws FileError
    ByteLevelBpe(const Bpe& bpe, const JsonField& tokenizer);
    ~ByteLevelBpe() override;

    /// This family has no normalizer: `text` as it is.
    std::string_view normalize(std::string_view text, std::string& room) const override;
    void encode(std::string_view text, bool at_start,
                std::vector<std::int32_t>& ids) const override;

 private:
    class Pattern;
    struct Words;

    void read_pre_tokenizer(const JsonField& pre_tokenizer);
    void read_split(const JsonField& split);
    void split(std::string_view text, std::size_t pattern, Words& words) const;
    void encode_word(std::string_view word, Words& words) const;

    const Bpe& bpe_;
    bool add_prefix_space_ = false;
    std::vector<std::unique_ptr<const Pattern>> patterns_;  // each splits what the one before left
    std::array<std::int32_t, 256> symbols_;                 // the ids of single bytes
    std::unordered_map<std::string, std::int32_t> pieces_;  // by the bytes they stand for
};

}  // namespace t2t::model

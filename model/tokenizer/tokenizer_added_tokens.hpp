/// @file
/// Tokens that are looked for in the text before anything else, such as `<s>` and `<|endoftext|>`.
/// For the tokenizers' own sources only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer/bpe.hpp"
#include "model/tokenizer/normalizer.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {

/// One entry of `added_tokens`.
struct AddedToken {
    std::int32_t id;      ///< the token's
    std::string content;  ///< as the file spells it
    std::string pattern;  ///< what is looked for: the content, normalized if `normalized`
    bool single_word;     ///< found only where no letter or digit touches it
    bool takes_left;      ///< `lstrip`: takes the white space on its left with it
    bool takes_right;     ///< `rstrip`: and that on its right
    bool normalized;      ///< looked for in the normalized text, not in the text as it is
    bool special;         ///< left out when decoding, unless normalizing changes it
};

/// Reads `added_tokens`. Those that the vocabulary lacks are numbered as `tokenizers` does it: in
/// the file's order, from the number of pieces on, whatever ids the file gives.
/// @param tokenizer  the whole tokenizer.json
/// @param bpe        its vocabulary, with which the tokens must agree
/// @param normalizer normalizes patterns
/// @throws FileError
std::vector<AddedToken> read_added_tokens(const JsonField& tokenizer, const Bpe& bpe,
                                          const Normalizer& normalizer);

/// A set of added tokens to be found in a text.
class AddedTokenFinder {
 public:
    /// One occurrence in a text.
    struct Match {
        std::size_t begin;        ///< without white space on the left
        std::size_t end;          ///< one past its last byte
        const AddedToken* token;  ///< null: there is none
    };

    /// @param tokens     must outlive this object
    /// @param normalized which of them to look for: those with this value of AddedToken::normalized
    AddedTokenFinder(const std::vector<AddedToken>& tokens, bool normalized);

    /// The first occurrence at or after `from`; of several at one place, the longest.
    Match find(std::string_view text, std::size_t from) const;

    /// Cuts a text at its added tokens, from left to right.
    /// @param text  UTF-8
    /// @param plain called with each part between them that is not empty, and where it begins
    /// @param added called with the id of each
    template <class Plain, class Added>
    void split(std::string_view text, Plain plain, Added added) const {
        std::size_t done = 0;
        for (Match match = find(text, 0); match.token != nullptr; match = find(text, match.end)) {
            std::size_t begin = match.begin, end = match.end;
            if (match.token->single_word && touches_word(text, match)) continue;
            if (match.token->takes_left) begin = without_space_at_end(text.substr(0, begin));
            if (match.token->takes_right) end += space_at_start(text.substr(end));
            if (begin > done) plain(text.substr(done, begin - done), done);
            added(match.token->id);
            done = end;
        }
        if (done < text.size()) plain(text.substr(done), done);
    }

 private:
    static bool touches_word(std::string_view text, const Match& match);

    std::array<std::vector<const AddedToken*>, 256> by_first_byte_;  // the longest first
};

}  // namespace t2t::model

/// @file
/// What a token's piece looks like in the text: the field `decoder`. For the tokenizers' own
/// sources only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace t2t::model {

class JsonField;

/// The way from pieces back to text.
class PieceDecoder {
 public:
    /// @param tokenizer the whole tokenizer.json
    /// @throws FileError
    explicit PieceDecoder(const JsonField& tokenizer);

    /// The bytes that a piece adds to a text in which others came before it.
    std::string bytes(std::string_view piece) const;
    /// The bytes that a piece adds at the beginning of a text.
    std::string first_bytes(std::string_view piece) const;

    /// A character that is taken away where it stands at the beginning of the text …
    char stripped() const { return stripped_; }
    /// … at most so many times.
    std::size_t most_stripped() const { return most_stripped_; }

 private:
    enum class Kind { byte_level, metaspace, steps };

    void read_step(const JsonField& step);

    Kind kind_ = Kind::steps;
    std::vector<std::pair<std::string, std::string>> replacements_;  // from, to
    bool has_bytes_ = false;           // ByteFallback: <0xE2> is a byte
    bool is_fused_ = false;            // Fuse: from here on, one text
    std::string space_;                // Metaspace's: `▁`
    bool drops_first_spaces_ = false;  // Metaspace's, of the first token
    char stripped_ = ' ';
    std::size_t most_stripped_ = 0;
};

}  // namespace t2t::model

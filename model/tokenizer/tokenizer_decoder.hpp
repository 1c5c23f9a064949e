/// @file
/// What a token's piece looks like in the text: the field `decoder`. For the tokenizers' own
/// sources only.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
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
    std::string bytes(std::string_view piece) const { return decoded(piece, false); }
    /// The bytes that a piece adds at the beginning of a text.
    std::string first_bytes(std::string_view piece) const { return decoded(piece, true); }

    /// A character that is taken away where it stands at the beginning of the text …
    char stripped() const { return stripped_; }
    /// … at most so many times.
    std::size_t most_stripped() const { return most_stripped_; }

 private:
    /// Changes one piece.
    /// @param is_first whether it is the first of the text
    using Step = std::function<std::string(std::string_view piece, bool is_first)>;

    void read(const JsonField& decoder);
    void read_strip(const JsonField& decoder);
    std::string decoded(std::string_view piece, bool is_first) const;

    std::vector<Step> steps_;
    bool gives_bytes_ = false;  // after ByteFallback or ByteLevel, pieces are bytes
    bool is_fused_ = false;     // after Fuse, the pieces are one text
    char stripped_ = ' ';
    std::size_t most_stripped_ = 0;
};

}  // namespace t2t::model

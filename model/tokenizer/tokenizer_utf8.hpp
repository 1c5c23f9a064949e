/// @file
/// UTF-8: where characters begin and end, and what is none. For the tokenizers' own sources only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace t2t::model {

/// U+FFFD, which stands in the place of what is not UTF-8.
inline constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

/// What a text starts with.
struct Utf8Start {
    /// The three things that a text can start with.
    enum Kind {
        character,   ///< a whole character
        unfinished,  ///< the beginning of a character, and then the text ends
        broken,      ///< bytes that no continuation makes a character
    };
    Kind kind;          ///< which of them it is
    std::size_t bytes;  ///< ≥ 1. Of what is broken, as many as could have begun a character
};

/// What `text` starts with, by table 3-7 of the Unicode standard: no surrogates, no overlong forms,
/// nothing above U+10FFFF.
/// @param text not empty
Utf8Start utf8_start(std::string_view text);

/// Bytes of the character that `text` starts with.
/// @param text UTF-8, not empty
std::size_t character_bytes(std::string_view text);

/// `text` with U+FFFD in place of what is not UTF-8, as Python's errors="replace" and Rust's
/// from_utf8_lossy do: one for each longest beginning of a character.
/// @param room holds the result where it differs from `text`
std::string_view as_utf8(std::string_view text, std::string& room);

/// Moves what is certain from the front of `pending` to the end of `out`: whole characters, and
/// U+FFFD for what is broken. An unfinished character at the end stays.
void move_characters(std::string& pending, std::string& out);

}  // namespace t2t::model

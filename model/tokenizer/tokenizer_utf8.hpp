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

/// Where the last character of `text` begins.
/// @param text UTF-8, not empty
std::size_t last_character(std::string_view text);

/// Bytes of the white space (Unicode's White_Space) that `text` starts with: 0 to 3.
std::size_t white_space_bytes(std::string_view text);
/// Bytes of all the white space at the start of `text`.
std::size_t space_at_start(std::string_view text);
/// Bytes of `text` without the white space at its end.
std::size_t without_space_at_end(std::string_view text);

/// Appends a character in UTF-8.
void append_character(std::string& text, char32_t character);

/// Appends `text` with `to` in place of every `from`, from left to right.
/// @param from not empty
void append_replaced(std::string& result, std::string_view text, std::string_view from,
                     std::string_view to);

/// `text` with U+FFFD in place of what is not UTF-8, as Python's errors="replace" and Rust's
/// from_utf8_lossy do: one for each longest beginning of a character.
/// @param room holds the result where it differs from `text`
std::string_view as_utf8(std::string_view text, std::string& room);

/// Moves what is certain from the front of `pending` to the end of `out`: whole characters, and
/// U+FFFD for what is broken. An unfinished character at the end stays.
void move_characters(std::string& pending, std::string& out);

}  // namespace t2t::model

/// @file
/// GPT-2's way to write any bytes as text that can be seen: each byte has a character, `Ġ` for a
/// space, `Ċ` for a newline. For the tokenizers' own sources only.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace t2t::model {

/// [256] the character that stands for each byte, in UTF-8: one or two bytes.
const std::array<std::string, 256>& byte_characters();

/// `text` with each of its bytes written as a character.
std::string in_byte_characters(std::string_view text);

/// The bytes that a piece stands for; nothing where a character of it stands for no byte.
std::optional<std::string> bytes_of_piece(std::string_view piece);

}  // namespace t2t::model

#include "model/tokenizer/byte_characters.hpp"

#include <cstddef>
#include <unordered_map>

#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {

/// Printable characters of Latin-1 stand for themselves; the 68 others are, in order, U+0100,
/// U+0101 …
const std::array<std::string, 256>& byte_characters() {
    static const auto characters = [] {
        std::array<std::string, 256> table;
        char32_t next = 0x100;
        for (char32_t byte = 0; byte < 256; ++byte) {
            const bool printable =
                (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
            append_character(table[byte], printable ? byte : next++);
        }
        return table;
    }();
    return characters;
}

std::string in_byte_characters(std::string_view text) {
    std::string result;
    result.reserve(2 * text.size());
    for (const unsigned char byte : text) result += byte_characters()[byte];
    return result;
}

std::optional<std::string> bytes_of_piece(std::string_view piece) {
    static const auto bytes = [] {
        std::unordered_map<std::string_view, char> by_character;
        for (int byte = 0; byte < 256; ++byte) by_character[byte_characters()[byte]] = char(byte);
        return by_character;
    }();
    std::string result;
    while (!piece.empty()) {
        const std::size_t length = character_bytes(piece);
        const auto found = bytes.find(piece.substr(0, length));
        if (found == bytes.end()) return std::nullopt;
        result += found->second;
        piece.remove_prefix(length);
    }
    return result;
}

}  // namespace t2t::model

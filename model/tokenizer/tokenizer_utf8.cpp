#include "model/tokenizer/tokenizer_utf8.hpp"

#include <cstdint>
#include <cstring>

namespace t2t::model {
namespace {

/// What a first byte says: the character's bytes, and what its second byte may be.
struct Lead {
    std::size_t bytes;  ///< 0: not a first byte
    unsigned char second_low, second_high;
};

Lead lead_of(unsigned char first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xC2) return {0, 0, 0};
    if (first < 0xE0) return {2, 0x80, 0xBF};
    if (first == 0xE0) return {3, 0xA0, 0xBF};
    if (first == 0xED) return {3, 0x80, 0x9F};
    if (first < 0xF0) return {3, 0x80, 0xBF};
    if (first == 0xF0) return {4, 0x90, 0xBF};
    if (first < 0xF4) return {4, 0x80, 0xBF};
    if (first == 0xF4) return {4, 0x80, 0x8F};
    return {0, 0, 0};
}

/// Bytes at the front of `text` that are ASCII, in steps of eight.
std::size_t ascii_bytes(std::string_view text) {
    std::size_t count = 0;
    for (; count + 8 <= text.size(); count += 8) {
        std::uint64_t eight;
        std::memcpy(&eight, text.data() + count, 8);
        if (eight & 0x8080808080808080u) break;
    }
    return count;
}

/// Bytes at the front of `text` that are UTF-8.
std::size_t utf8_bytes(std::string_view text) {
    std::size_t count = ascii_bytes(text);
    while (count < text.size()) {
        const Utf8Start start = utf8_start(text.substr(count));
        if (start.kind != Utf8Start::character) break;
        count += start.bytes;
        if (start.bytes == 1) count += ascii_bytes(text.substr(count));
    }
    return count;
}

}  // namespace

Utf8Start utf8_start(std::string_view text) {
    const Lead lead = lead_of(static_cast<unsigned char>(text[0]));
    if (lead.bytes == 0) return {Utf8Start::broken, 1};
    unsigned char low = lead.second_low, high = lead.second_high;
    for (std::size_t i = 1; i < lead.bytes; ++i, low = 0x80, high = 0xBF) {
        if (i == text.size()) return {Utf8Start::unfinished, i};
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < low || byte > high) return {Utf8Start::broken, i};
    }
    return {Utf8Start::character, lead.bytes};
}

std::size_t character_bytes(std::string_view text) {
    return lead_of(static_cast<unsigned char>(text[0])).bytes;
}

std::size_t last_character(std::string_view text) {
    std::size_t begin = text.size() - 1;
    while ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    return begin;
}

std::size_t white_space_bytes(std::string_view text) {
    if (text.empty()) return 0;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return 1;
    for (const std::string_view space : {"\u0085", "\u00A0"}) {
        if (text.starts_with(space)) return 2;
    }
    for (const std::string_view space :
         {"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
          "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
        if (text.starts_with(space)) return 3;
    }
    return 0;
}

std::size_t space_at_start(std::string_view text) {
    std::size_t count = 0;
    while (const std::size_t bytes = white_space_bytes(text.substr(count))) count += bytes;
    return count;
}

std::size_t without_space_at_end(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0) {
        const std::size_t begin = last_character(text.substr(0, end));
        if (white_space_bytes(text.substr(begin, end - begin)) == 0) break;
        end = begin;
    }
    return end;
}

void append_character(std::string& text, char32_t character) {
    if (character < 0x80) {
        text += char(character);
        return;
    }
    const int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;  // bytes after the first
    text += char(0xFF00u >> (more + 1) | character >> 6 * more);
    for (int i = more - 1; i >= 0; --i) text += char(0x80 | (character >> 6 * i & 0x3F));
}

void append_replaced(std::string& result, std::string_view text, std::string_view from,
                     std::string_view to) {
    for (;;) {
        const std::size_t found = text.find(from);
        result += text.substr(0, found);
        if (found == text.npos) return;
        result += to;
        text.remove_prefix(found + from.size());
    }
}

std::string_view as_utf8(std::string_view text, std::string& room) {
    std::size_t good = utf8_bytes(text);
    if (good == text.size()) return text;
    room.clear();
    while (!text.empty()) {
        room.append(text, 0, good);
        text.remove_prefix(good);
        if (text.empty()) break;
        room += replacement_character;
        text.remove_prefix(utf8_start(text).bytes);
        good = utf8_bytes(text);
    }
    return room;
}

void move_characters(std::string& pending, std::string& out) {
    std::string_view rest = pending;
    while (!rest.empty()) {
        const Utf8Start start = utf8_start(rest);
        if (start.kind == Utf8Start::unfinished) break;
        out += start.kind == Utf8Start::character ? rest.substr(0, start.bytes)
                                                  : replacement_character;
        rest.remove_prefix(start.bytes);
    }
    pending.erase(0, pending.size() - rest.size());
}

}  // namespace t2t::model

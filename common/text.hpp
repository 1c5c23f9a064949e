/// @file
/// Text for a terminal: what printf would print, and columns.
#pragma once

#include <algorithm>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string>

namespace t2t {

/// What printf would print, however long; the compiler checks the values against `pattern`.
[[gnu::format(printf, 1, 2)]] inline std::string formatted(const char* pattern, ...) {
    std::va_list values;
    va_start(values, pattern);
    std::va_list values_again;  // printing uses up a list, and the first print only counts
    va_copy(values_again, values);
    std::string text(static_cast<std::size_t>(std::vsnprintf(nullptr, 0, pattern, values)), '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, values_again);
    va_end(values_again);
    va_end(values);
    return text;
}

/// Whether a character of UTF-8 starts with `byte`; else it belongs to the one before.
inline bool starts_character(char byte) {
    return (byte & 0xc0) != 0x80;
}

/// Columns that `text` takes on a terminal: a character of UTF-8 takes one.
inline std::size_t width(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

/// `text` in `columns`, filled up with blanks before it (`right`) or behind it; longer text stays whole.
inline std::string padded(const std::string& text, std::size_t columns, bool right = false) {
    const std::string space(columns > width(text) ? columns - width(text) : 0, ' ');
    return right ? space + text : text + space;
}

}  // namespace t2t

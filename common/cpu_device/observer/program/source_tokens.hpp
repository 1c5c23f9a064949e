/// @file
/// The sources of the course as tokens: enough C++ to find functions and their parameters.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace t2t::observer {

/// A name, a number, `::`, or one character of other punctuation.
struct Token {
    std::string_view text;
    int line = 0;
};

/// A token of a list, or the end of it.
using Position = std::vector<Token>::const_iterator;

/// A file's text; empty when it cannot be read.
/// @param file absolute, or relative to the project's root
std::string text_of(const std::string& file);

/// The tokens of `text`, without comments, strings and characters. They point into `text`.
std::vector<Token> tokens_of(std::string_view text);

/// Whether a token is `(`, `[`, `{` or `<`.
bool opens(const Token& token);

/// The bracket that closes the one at `open`, or `end`. Only brackets of its kind are counted: `<`
/// also compares.
Position closing_bracket(Position open, Position end);

/// The bracket that opens the one that closes at `close`, or `begin`.
Position opening_bracket(Position begin, Position close);

}  // namespace t2t::observer

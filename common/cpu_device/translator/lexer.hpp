/// @file
/// Splits CUDA source into tokens, as the C++ standard does ([lex]), with `<<<` as one more token, also where it is written `<< <`.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace t2t::cpu_device {

/// What a token is.
enum class TokenKind {
    name,       ///< identifiers and keywords
    number,     ///< `1'000`, `0x1p-3f`
    literal,    ///< strings, raw strings and characters, with their prefix
    symbol,     ///< operators and punctuation; `>` stands alone: it also closes templates
    directive,  ///< a whole preprocessor line; its text is the directive's name only
};

/// One token. `text` points into the source.
struct Token {
    TokenKind kind;
    std::string_view text;
};

/// Tokens that belong together: all code outside of preprocessor lines, or the body of one macro.
///
/// White space, comments and what `#if 0` takes out are left out.
struct TokenStream {
    std::string_view source;  ///< the whole file, which the tokens point into
    bool macro = false;       ///< whether this is the body of a macro
    std::vector<Token> tokens;

    /// Where token `index` begins, in bytes from the start of the source.
    std::size_t begin(std::size_t index) const { return tokens[index].text.data() - source.data(); }
    /// Where token `index` ends, in bytes from the start of the source.
    std::size_t end(std::size_t index) const { return begin(index) + tokens[index].text.size(); }
};

/// Splits `source` into tokens. Never fails: what is not C++ becomes tokens nevertheless.
/// @returns the code first, then the body of each `#define`
std::vector<TokenStream> lex(std::string_view source);

}  // namespace t2t::cpu_device

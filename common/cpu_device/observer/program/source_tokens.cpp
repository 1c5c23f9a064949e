#include "common/cpu_device/observer/program/source_tokens.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <sstream>

#include "common/cpu_device/observer/program/name_parts.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"

namespace t2t::observer {
namespace {

/// Length of the comment, string or character that `text` starts with; 0 when it starts with code.
std::size_t length_without_code(std::string_view text) {
    const auto behind = [&](std::size_t end, std::size_t length) {
        return end == std::string_view::npos ? text.size() : end + length;
    };
    if (text.starts_with("//")) return behind(text.find('\n'), 0);
    if (text.starts_with("/*")) return behind(text.find("*/", 2), 2);
    if (text[0] != '"' && text[0] != '\'') return 0;
    std::size_t end = 1;
    while (end < text.size() && text[end] != text[0] && text[end] != '\n') {
        end += text[end] == '\\' ? 2 : 1;
    }
    return std::min(end + 1, text.size());
}

/// Length of the token that `text` starts with. In a number, `'` separates digits.
std::size_t token_length(std::string_view text) {
    if (text.starts_with("::")) return 2;
    const bool number = std::isdigit(static_cast<unsigned char>(text[0]));
    const auto end = std::find_if_not(text.begin(), text.end(), [&](char c) {
        return in_name(c) || (number && (c == '\'' || c == '.'));
    });
    return std::max<std::size_t>(1, end - text.begin());
}

constexpr std::string_view brackets = "([{<)]}>";

/// The bracket that goes with one: `)` with `(`.
std::string_view partner(std::string_view bracket) {
    return brackets.substr((brackets.find(bracket) + 4) % 8, 1);
}

}  // namespace

std::string text_of(const std::string& file) {
    std::ifstream stream(path_of(file));
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

std::vector<Token> tokens_of(std::string_view text) {
    std::vector<Token> tokens;
    int line = 1;
    for (std::size_t at = 0; at < text.size();) {
        const std::string_view rest = text.substr(at);
        std::size_t length = length_without_code(rest);
        if (length == 0) {
            length = token_length(rest);
            if (!std::isspace(static_cast<unsigned char>(rest[0]))) {
                tokens.push_back({rest.substr(0, length), line});
            }
        }
        line += static_cast<int>(std::count(rest.begin(), rest.begin() + length, '\n'));
        at += length;
    }
    return tokens;
}

bool opens(const Token& token) {
    return brackets.substr(0, 4).find(token.text) != std::string_view::npos;
}

Position closing_bracket(Position open, Position end) {
    const std::string_view close = partner(open->text);
    int depth = 0;
    return std::find_if(open, end, [&](const Token& token) {
        depth += token.text == open->text ? 1 : token.text == close ? -1 : 0;
        return depth == 0;
    });
}

Position opening_bracket(Position begin, Position close) {
    const std::string_view open = partner(close->text);
    int depth = 1;
    for (Position at = close; at > begin;) {
        --at;
        depth += at->text == close->text ? 1 : at->text == open ? -1 : 0;
        if (depth == 0) return at;
    }
    return begin;
}

}  // namespace t2t::observer

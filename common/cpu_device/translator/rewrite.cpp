#include "common/cpu_device/translator/rewrite.hpp"

#include <algorithm>

#include "common/cpu_device/translator/translate.hpp"

namespace t2t::cpu_device {
namespace {

constexpr std::string_view opening = "([{";
constexpr std::string_view closing = ")]}";

// Where `text` stands among `brackets`, or npos.
std::size_t which(std::string_view text, std::string_view brackets) {
    return text.size() == 1 ? brackets.find(text) : std::string_view::npos;
}

}  // namespace

bool opens_launch(const TokenStream& stream, std::size_t index) {
    const std::string_view text = text_at(stream, index);
    return text.starts_with("<<") && text.ends_with("<") && text.size() > 2;
}

std::string_view text_at(const TokenStream& stream, std::size_t index) {
    return kind_at(stream, index) == TokenKind::directive ? "" : stream.tokens[index].text;
}

TokenKind kind_at(const TokenStream& stream, std::size_t index) {
    return index < stream.tokens.size() ? stream.tokens[index].kind : TokenKind::directive;
}

std::size_t closing_bracket(const TokenStream& stream, std::size_t open) {
    std::vector<std::size_t> expected;
    for (std::size_t i = open; i < stream.tokens.size(); i = next_token(stream, i)) {
        if (const std::size_t kind = which(text_at(stream, i), opening); kind != npos) {
            expected.push_back(kind);
        } else if (const std::size_t kind = which(text_at(stream, i), closing); kind != npos) {
            if (kind != expected.back()) return npos;
            expected.pop_back();
            if (expected.empty()) return i;
        }
    }
    return npos;
}

std::size_t opening_bracket(const TokenStream& stream, std::size_t close) {
    std::vector<std::size_t> expected;
    for (std::size_t i = close; kind_at(stream, i) != TokenKind::directive; --i) {
        if (const std::size_t kind = which(text_at(stream, i), closing); kind != npos) {
            expected.push_back(kind);
        } else if (const std::size_t kind = which(text_at(stream, i), opening); kind != npos) {
            if (kind != expected.back()) return npos;
            expected.pop_back();
            if (expected.empty()) return i;
        }
    }
    return npos;
}

std::size_t next_token(const TokenStream& stream, std::size_t index) {
    std::size_t depth = 0;  // conditions that began after an #else that ended ours
    for (++index; index < stream.tokens.size(); ++index) {
        const Token& token = stream.tokens[index];
        const bool passing = depth > 0;
        if (token.kind != TokenKind::directive) {
            if (!passing) return index;
        } else if (token.text.starts_with("if")) {
            if (passing) ++depth;
        } else if (token.text == "endif") {
            if (passing) --depth;
        } else if (token.text.starts_with("el")) {
            if (!passing) depth = 1;
        }
    }
    return stream.tokens.size();
}

std::string one_line(const TokenStream& stream, std::size_t begin, std::size_t end) {
    std::string line;
    for (std::size_t i = begin; i < end; ++i) {
        const std::string_view text = stream.tokens[i].text;
        if (text.find('\n') != std::string_view::npos) {
            fail(stream, i,
                 "this string spans lines; name it before the statement that uses it here");
        }
        if (i > begin && stream.end(i - 1) != stream.begin(i)) line += ' ';
        line += text;
    }
    return line;
}

std::string line_ends(const TokenStream& stream, std::size_t begin, std::size_t end) {
    const std::string_view bytes = stream.source.substr(begin, end - begin);
    std::string ends;
    for (auto n = std::count(bytes.begin(), bytes.end(), '\n'); n > 0; --n) {
        ends += stream.macro ? "\\\n" : "\n";
    }
    return ends;
}

std::string escaped(std::string_view text) {
    std::string result;
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

void fail(const TokenStream& stream, std::size_t index, const std::string& message) {
    const std::string_view before = stream.source.substr(0, stream.begin(index));
    const auto line_ends_before = std::count(before.begin(), before.end(), '\n');
    throw TranslationError(static_cast<std::size_t>(line_ends_before) + 1, message);
}

}  // namespace t2t::cpu_device

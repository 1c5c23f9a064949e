#include "common/cpu_device/translator/lexer.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace t2t::cpu_device {
namespace {

// The symbols of more than one character that mean something else when taken apart, longest first.
constexpr std::array<std::string_view, 8> long_symbols{
    "<<<", "<=>", "<<", "<=", "->", ">=", "::", "##"};

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Letters, `_`, `$`, and every byte of a UTF-8 sequence.
constexpr bool starts_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool continues_name(char c) {
    return starts_name(c) || is_digit(c);
}

class Lexer {
 public:
    explicit Lexer(std::string_view source) : source_(source) {}

    std::vector<TokenStream> run() {
        streams_.push_back({source_, false, {}});
        for (skip_space(false); at_ < source_.size(); skip_space(false)) {
            if (line_start_ && peek() == '#') {
                read_directive();
            } else {
                line_start_ = false;
                const Token token = read_token();
                if (skipped_ == 0) streams_.front().tokens.push_back(token);
            }
        }
        return std::move(streams_);
    }

 private:
    char peek(std::size_t ahead = 0) const {
        return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0';
    }

    bool starts_with(std::string_view text) const { return source_.substr(at_).starts_with(text); }

    // Bytes of a backslash and the end of line that it joins, or 0. Compilers allow blanks between
    // the two.
    std::size_t joined_line_end() const {
        if (peek() != '\\') return 0;
        const std::size_t end = source_.find_first_not_of(" \t\r", at_ + 1);
        return end < source_.size() && source_[end] == '\n' ? end + 1 - at_ : 0;
    }

    // Passes blanks and comments, up to the end of the line or beyond it.
    void skip_space(bool stop_at_line_end) {
        while (at_ < source_.size()) {
            if (const std::size_t joined = joined_line_end()) {
                at_ += joined;
            } else if (peek() == '\n') {
                if (stop_at_line_end) return;
                line_start_ = true;
                ++at_;
            } else if (std::string_view(" \t\r\v\f").find(peek()) != std::string_view::npos) {
                ++at_;
            } else if (starts_with("//")) {
                while (at_ < source_.size() && peek() != '\n') {
                    at_ += std::max<std::size_t>(1, joined_line_end());
                }
            } else if (starts_with("/*")) {
                pass("*/", at_ + 2);
            } else {
                return;
            }
        }
    }

    // Moves behind the next `text` at or after `from`, or to the end of the source.
    void pass(std::string_view text, std::size_t from) {
        const std::size_t found = source_.find(text, from);
        at_ = found == std::string_view::npos ? source_.size() : found + text.size();
    }

    // A preprocessor line: tells the code's stream where it is, and keeps the body of a macro.
    void read_directive() {
        ++at_;  // #
        skip_space(true);
        const std::string_view name = read_name();
        if (name == "define") {
            skip_space(true);
            read_name();
            if (peek() == '(') {
                while (!at_line_end() && read_token().text != ")") skip_space(true);
            }
        }
        TokenStream body{source_, true, {}};
        for (skip_space(true); !at_line_end(); skip_space(true))
            body.tokens.push_back(read_token());

        const bool was_skipping = skipped_ > 0;
        follow_condition(name, body.tokens.size() == 1 && body.tokens[0].text == "0");
        if (was_skipping && skipped_ > 0) return;
        streams_.front().tokens.push_back({TokenKind::directive, name});
        if (name == "define") streams_.push_back(std::move(body));
    }

    bool at_line_end() const { return at_ >= source_.size() || peek() == '\n'; }

    // Counts how deep inside a branch that `#if 0` takes out the source is now.
    void follow_condition(std::string_view name, bool is_zero) {
        if (skipped_ == 0) {
            if (name == "if" && is_zero) skipped_ = 1;
        } else if (name.starts_with("if")) {
            ++skipped_;
        } else if (name == "endif") {
            --skipped_;
        } else if (name.starts_with("el") && skipped_ == 1) {
            skipped_ = 0;
        }
    }

    Token read_token() {
        const std::size_t begin = at_;
        const TokenKind kind = pass_token();
        return {kind, source_.substr(begin, at_ - begin)};
    }

    TokenKind pass_token() {
        if (starts_name(peek())) {
            const std::string_view name = read_name();
            const bool prefix = name == "u8" || name == "u" || name == "U" || name == "L";
            if (prefix && (peek() == '"' || peek() == '\'')) return pass_quoted();
            const bool raw =
                name == "R" || name == "u8R" || name == "uR" || name == "UR" || name == "LR";
            if (raw && peek() == '"') return pass_raw_string();
            return TokenKind::name;
        }
        if (is_digit(peek()) || (peek() == '.' && is_digit(peek(1)))) return pass_number();
        if (peek() == '"' || peek() == '\'') return pass_quoted();
        const auto* symbol = std::find_if(long_symbols.begin(), long_symbols.end(),
                                          [&](std::string_view text) { return starts_with(text); });
        at_ += symbol == long_symbols.end() ? 1 : symbol->size();
        if (symbol != long_symbols.end() && *symbol == "<<") {
            const std::size_t next = source_.find_first_not_of(" \t", at_);
            if (next < source_.size() && source_[next] == '<')
                at_ = next + 1;  // k << <1, 32>> >(p)
        }
        return TokenKind::symbol;
    }

    std::string_view read_name() {
        const std::size_t begin = at_;
        while (continues_name(peek())) ++at_;
        return source_.substr(begin, at_ - begin);
    }

    // A preprocessing number ([lex.ppnumber]): digit separators, exponents and suffixes belong to
    // it.
    TokenKind pass_number() {
        while (continues_name(peek()) || peek() == '.' ||
               (peek() == '\'' && continues_name(peek(1)))) {
            const char c = peek();
            const bool exponent = c == 'e' || c == 'E' || c == 'p' || c == 'P';
            at_ += exponent && (peek(1) == '+' || peek(1) == '-') ? 2 : 1;
        }
        return TokenKind::number;
    }

    // A quote that nothing closes ends with its line: text that `#if` takes out may hold
    // apostrophes.
    TokenKind pass_quoted() {
        const char quote = peek();
        for (++at_; !at_line_end(); ++at_) {
            if (const std::size_t joined = joined_line_end()) {
                at_ += joined - 1;
            } else if (peek() == '\\' && peek(1) != '\n') {
                ++at_;
            } else if (peek() == quote) {
                ++at_;
                break;
            }
        }
        at_ = std::min(at_, source_.size());
        return TokenKind::literal;
    }

    // R"delimiter( … )delimiter"
    TokenKind pass_raw_string() {
        const std::size_t open = source_.find_first_of("(\n", at_ + 1);
        if (open == std::string_view::npos || source_[open] == '\n') return pass_quoted();
        std::string close(1, ')');
        close.append(source_.substr(at_ + 1, open - at_ - 1)).append(1, '"');
        pass(close, open + 1);
        return TokenKind::literal;
    }

    std::string_view source_;
    std::size_t at_ = 0;      // bytes read so far
    bool line_start_ = true;  // only blanks and comments since the line began
    int skipped_ = 0;         // how many open conditions lie inside an `#if 0`, itself included
    std::vector<TokenStream> streams_;
};

}  // namespace

std::vector<TokenStream> lex(std::string_view source) {
    return Lexer(source).run();
}

}  // namespace t2t::cpu_device

// Shifts in device code: a << b, a >> b, a <<= b, a >>= b.
//
// A GPU shifts everything out where b is the width of a or more; C++ leaves that open, and x86 takes b modulo 32.
// So `a << b` becomes `a <<::t2t::cpu_device::shift<< b`, which has the same precedence and groups the same way
// (runtime/arithmetic.hpp). Shifts by a number below 32 stay as they are. `>>` may also close templates: blanks
// around it make it a shift, as do an operand on either side with no `<` before them in the statement.
#include <charconv>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

constexpr int narrowest_shifted = 32;  // bits; what is narrower is widened to an int first

// Whether the operand that begins at `index` is a number below 32, and no more than that number.
bool is_small_number(const TokenStream& stream, std::size_t index) {
    if (kind_at(stream, index) != TokenKind::number) return false;
    std::string_view text = text_at(stream, index);
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    int value = narrowest_shifted;
    std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    const std::string_view next = text_at(stream, index + 1);
    const bool goes_on = next.size() == 1 && std::string_view("+-*/%").find(next) != npos;
    return value < narrowest_shifted && !goes_on;
}

bool touch(const TokenStream& stream, std::size_t index) {
    return stream.end(index) == stream.begin(index + 1);
}

bool ends_left_operand(const TokenStream& stream, std::size_t index) {
    const TokenKind kind = kind_at(stream, index);
    return kind == TokenKind::name || kind == TokenKind::number || text_at(stream, index) == ")" ||
           text_at(stream, index) == "]";
}

bool begins_operand(const TokenStream& stream, std::size_t index) {
    const TokenKind kind = kind_at(stream, index);
    return kind == TokenKind::name || kind == TokenKind::number || text_at(stream, index) == "(";
}

// Whether a `<` stands before token `index` in its statement or bracket.
bool follows_angle(const TokenStream& stream, std::size_t index) {
    for (std::size_t i = index; kind_at(stream, i - 1) != TokenKind::directive;) {
        const std::string_view text = text_at(stream, --i);
        if (text == "<") return true;
        if (text == ")" || text == "]") {
            i = opening_bracket(stream, i);
            if (i == npos) return true;
        }
        if (text == ";" || text == "{" || text == "}" || text == "(" || text == "[") return false;
    }
    return false;
}

// Whether the two `>`, or `>` and `>=`, from `index` on are one operator.
bool is_right_shift(const TokenStream& stream, std::size_t index) {
    const std::string_view second = text_at(stream, index + 1);
    if (text_at(stream, index) != ">" || (second != ">" && second != ">=")) return false;
    if (!touch(stream, index) || !ends_left_operand(stream, index - 1)) return false;
    const bool blanks =
        !touch(stream, index - 1) && index + 2 < stream.tokens.size() && !touch(stream, index + 1);
    return blanks || (begins_operand(stream, index + 2) && !follows_angle(stream, index));
}

}  // namespace

void rewrite_shifts(const TokenStream& stream, const std::vector<bool>& device_code,
                    std::vector<Edit>& edits) {
    const std::string shift = "::t2t::cpu_device::shift";
    for (std::size_t i = 1; i + 2 < stream.tokens.size(); ++i) {
        if (!device_code[i]) continue;
        const bool left = text_at(stream, i) == "<<" && ends_left_operand(stream, i - 1);
        if (!left && !is_right_shift(stream, i)) continue;
        if (text_at(stream, i - 1) == "operator") continue;
        const bool assigns = left ? text_at(stream, i + 1) == "=" && touch(stream, i)
                                  : text_at(stream, i + 1) == ">=";
        const std::size_t last = left && !assigns ? i : i + 1;
        const std::size_t operand = last + 1;
        if (text_at(stream, operand) == "." || is_small_number(stream, operand)) continue;
        const std::string_view before = text_at(stream, i - 2);
        if (assigns && (before == "." || before == "->")) continue;  // it may be a bit-field
        const std::string symbol = std::string(left ? "<<" : ">>") + (assigns ? "=" : "");
        edits.push_back({stream.begin(i), stream.end(last), symbol + shift + symbol});
        i = last;
    }
}

}  // namespace t2t::cpu_device

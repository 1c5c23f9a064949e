// Casts to integers and to pointers in device code: (int)x, int(x) and static_cast<int>(x);
// (float4*)x and reinterpret_cast<float4*>(x).
//
// Where x is a floating-point value that does not fit, a GPU saturates and C++ leaves the result open, so the
// cast becomes a function that does what a GPU does (runtime/arithmetic.hpp). Without types the translator
// sees integers by their names alone; which type x has, the function finds out. What is not certainly a cast
// stays as it is.
//
// Where x is an array, the compiler knows how it is aligned. A pointer to a float4 that is no multiple of 16 would
// make it load four floats, where a GPU faults. So a check build hides from it where such a pointer comes from.
#include <algorithm>
#include <array>
#include <set>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

constexpr std::array<std::string_view, 6> integer_words{"signed", "unsigned", "char",
                                                        "short",  "int",      "long"};
constexpr std::array<std::string_view, 15> integer_names{
    "int8_t", "uint8_t",  "int16_t", "uint16_t",  "int32_t", "uint32_t",  "int64_t", "uint64_t",
    "size_t", "intptr_t", "uint",    "uintptr_t", "ushort",  "ptrdiff_t", "uchar"};
constexpr std::array<std::string_view, 6> other_type_words{"float", "double", "void",
                                                           "bool",  "const",  "volatile"};
// Keywords that an expression follows.
constexpr std::array<std::string_view, 6> before_expression{"return", "case",  "else",
                                                            "do",     "throw", "co_return"};

template <std::size_t size>
bool contains(const std::array<std::string_view, size>& words, std::string_view text) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_keyword_before_expression(const TokenStream& stream, std::size_t index) {
    return contains(before_expression, text_at(stream, index));
}

// The token behind the integer type that begins at `begin`: `unsigned long`, `std::uint32_t`. `begin` itself
// if none does.
std::size_t after_integer_type(const TokenStream& stream, std::size_t begin) {
    std::size_t i = begin;
    while (contains(integer_words, text_at(stream, i))) ++i;
    if (i != begin) return i;
    if (text_at(stream, i) == "std" && text_at(stream, i + 1) == "::") i += 2;
    return contains(integer_names, text_at(stream, i)) ? i + 1 : begin;
}

// Whether a type begins at `index`, and not `int(x)`.
bool begins_type(const TokenStream& stream, std::size_t index) {
    std::size_t after = after_integer_type(stream, index);
    if (after == index && contains(other_type_words, text_at(stream, index))) ++after;
    return after != index && text_at(stream, after) != "(";
}

bool is_prefix_operator(std::string_view text) {
    return text.size() == 1 && std::string_view("-+!~*&").find(text) != npos;
}

bool begins_plain_operand(const TokenStream& stream, std::size_t index) {
    const TokenKind kind = kind_at(stream, index);
    return kind == TokenKind::name || kind == TokenKind::number || kind == TokenKind::literal;
}

// The token behind the `>` that closes the `<` at `open`, if a call, a scope or braces follow it; else npos.
std::size_t after_template_arguments(const TokenStream& stream, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t i = open; kind_at(stream, i) != TokenKind::directive; ++i) {
        const std::string_view text = text_at(stream, i);
        if (text == "<") ++depth;
        if (text == ";" || text == "{" || text == ")" || text == "]") return npos;
        if (text == "(" || text == "[") {
            i = closing_bracket(stream, i);
            if (i == npos) return npos;
        }
        if (text == ">" && --depth == 0) {
            const std::string_view next = text_at(stream, i + 1);
            return next == "(" || next == "::" || next == "{" ? i + 1 : npos;
        }
    }
    return npos;
}

// The token behind the operand of a cast ([expr.cast]) that begins with token `i`; npos if that is not certain.
std::size_t after_operand(const TokenStream& stream, std::size_t i) {
    bool in_parentheses = false;
    while (!in_parentheses) {  // prefix operators and further casts
        if (is_prefix_operator(text_at(stream, i))) {
            ++i;
        } else if (text_at(stream, i) == "(") {
            const std::size_t close = closing_bracket(stream, i);
            if (close == npos) return npos;
            const bool is_cast = begins_type(stream, i + 1);
            const std::string_view next = text_at(stream, close + 1);
            in_parentheses =
                !is_cast && !begins_plain_operand(stream, close + 1) && next != "!" && next != "~";
            i = close + 1;
        } else {
            break;
        }
    }
    if (!in_parentheses) {
        if (text_at(stream, i) == "::") ++i;
        if (!begins_plain_operand(stream, i)) return npos;
        ++i;
    }
    while (true) {  // qualifiers, template arguments, calls, subscripts, members
        const std::string_view text = text_at(stream, i);
        if (text == "(" || text == "[" || (text == "{" && stream.begin(i) == stream.end(i - 1))) {
            const std::size_t close = closing_bracket(stream, i);
            if (close == npos) return npos;
            i = close + 1;
        } else if (text == "." || text == "->" || text == "::") {
            if (kind_at(stream, i + 1) != TokenKind::name) return npos;
            i += 2;
        } else if (text == "<" && stream.begin(i) == stream.end(i - 1) &&
                   kind_at(stream, i - 1) == TokenKind::name) {
            const std::size_t after = after_template_arguments(stream, i);
            if (after == npos) return i;  // a comparison
            i = after;
        } else if ((text == "+" || text == "-") && text_at(stream, i + 1) == text &&
                   stream.end(i) == stream.begin(i + 1) && !begins_plain_operand(stream, i + 2) &&
                   text_at(stream, i + 2) != "(") {
            i += 2;  // x++
        } else {
            return begins_plain_operand(stream, i) ? npos : i;  // sizeof x, new T
        }
    }
}

// A name of ours behind a colon would make another `::` of it.
std::string ours(const TokenStream& stream, std::size_t index, const char* name) {
    const std::size_t at = stream.begin(index);
    const bool behind_colon = at > 0 && stream.source[at - 1] == ':';
    return std::string(behind_colon ? " " : "") + "::t2t::cpu_device::" + name;
}

// The `)` or `>` behind a pointer's type that begins at `begin`: `const float4*`, `lab::Vector*`. npos if none
// does. Bytes are aligned anywhere, and nothing is loaded through void*.
std::size_t after_pointer_type(const TokenStream& stream, std::size_t begin) {
    std::size_t i = begin;
    if (text_at(stream, i) == "const") ++i;
    if (contains(other_type_words, text_at(stream, i)) && text_at(stream, i) != "float" &&
        text_at(stream, i) != "double") {
        return npos;
    }
    if (text_at(stream, i) == "char" || kind_at(stream, i) != TokenKind::name) return npos;
    while (text_at(stream, i + 1) == "::" && kind_at(stream, i + 2) == TokenKind::name) i += 2;
    if (text_at(stream, i + 1) != "*") return npos;
    const std::string_view end = text_at(stream, i + 2);
    return end == ")" || end == ">" ? i + 2 : npos;
}

// (int)x, (float4*)x
void rewrite_c_cast(const TokenStream& stream, std::size_t open, std::vector<Edit>& edits) {
    const std::size_t pointer = after_pointer_type(stream, open + 1);
    const bool is_pointer = pointer != npos;
    const std::size_t close = is_pointer ? pointer : after_integer_type(stream, open + 1);
    if (close == open + 1 || text_at(stream, close) != ")") return;
    if (is_pointer && kind_at(stream, close + 1) == TokenKind::number) return;  // (T*)0
    const TokenKind before = kind_at(stream, open - 1);
    const std::string_view next = text_at(stream, close + 1);
    const bool behind_operand =
        before == TokenKind::number || before == TokenKind::literal ||
        text_at(stream, open - 1) == "]" ||
        (before == TokenKind::name && !is_keyword_before_expression(stream, open - 1));
    if (behind_operand) return;  // sizeof(int), f(int)
    const bool after_parameters = next == "const" || next == "volatile" || next == "noexcept" ||
                                  (next == "&" && text_at(stream, open - 1) == ")");
    if (after_parameters) return;  // void (*)(int) noexcept
    const std::size_t after = after_operand(stream, close + 1);
    if (after == npos) return;
    const std::size_t first = stream.begin(open);
    const std::size_t last = stream.end(close);
    edits.push_back({first, last,
                     ours(stream, open, is_pointer ? "pointer_cast<" : "cast<") +
                         one_line(stream, open + 1, close) + ">(" +
                         line_ends(stream, first, last)});
    edits.push_back({stream.end(after - 1), stream.end(after - 1), ")"});
}

// int(x)
void rewrite_call_like_cast(const TokenStream& stream, std::size_t begin,
                            std::vector<Edit>& edits) {
    const std::size_t open = after_integer_type(stream, begin);
    if (open == begin || text_at(stream, open) != "(") return;
    if (open > begin + 1 && text_at(stream, begin) != "std") return;  // C++ wants one word here
    const std::string_view before = text_at(stream, begin - 1);
    const bool in_declaration = (kind_at(stream, begin - 1) == TokenKind::name &&
                                 !is_keyword_before_expression(stream, begin - 1)) ||
                                before == "" || before == ";" || before == "{" || before == "}" ||
                                before == "::" || before == "." || before == "->";
    if (in_declaration) return;
    const std::size_t content = open + 1;
    if (text_at(stream, content) == ")") return;
    if (begins_type(stream, content)) return;  // int(float) is a type, int(float(x)) is not
    const std::size_t close = closing_bracket(stream, open);
    if (close == npos || text_at(stream, close + 1) == "(" || text_at(stream, close + 1) == "[")
        return;  // int(*f)(float)
    const std::size_t first = stream.begin(begin);
    const std::size_t last = stream.end(open - 1);
    edits.push_back({first, last,
                     ours(stream, begin, "cast<") + one_line(stream, begin, open) + ">" +
                         line_ends(stream, first, last)});
}

// static_cast<int>(x), and static_cast<T>(x) of a template's T
void rewrite_static_cast(const TokenStream& stream, std::size_t index,
                         const std::set<std::string_view>& template_types,
                         std::vector<Edit>& edits) {
    if (text_at(stream, index + 1) != "<") return;
    const std::size_t type = index + 2;
    const std::size_t after = template_types.contains(text_at(stream, type))
                                  ? type + 1
                                  : after_integer_type(stream, type);
    if (after == type || text_at(stream, after) != ">") return;
    edits.push_back({stream.begin(index), stream.end(index), ours(stream, index, "to")});
}

// reinterpret_cast<float4*>(x)
void rewrite_reinterpret_cast(const TokenStream& stream, std::size_t index,
                              std::vector<Edit>& edits) {
    if (text_at(stream, index + 1) != "<") return;
    const std::size_t end = after_pointer_type(stream, index + 2);
    if (end == npos || text_at(stream, end) != ">" || text_at(stream, end + 1) != "(") return;
    edits.push_back({stream.begin(index), stream.end(index), ours(stream, index, "reinterpret")});
}

// T of `typename T` and `class T`.
std::set<std::string_view> template_types(const TokenStream& stream) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        const std::string_view text = text_at(stream, i);
        const std::string_view after = text_at(stream, i + 2);
        if ((text == "typename" || text == "class") &&
            (after == "," || after == ">" || after == "=")) {
            names.insert(text_at(stream, i + 1));
        }
    }
    return names;
}

}  // namespace

void rewrite_casts(const TokenStream& stream, const std::vector<bool>& device_code,
                   std::vector<Edit>& edits) {
    const std::set<std::string_view> types = template_types(stream);
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        if (!device_code[i]) continue;
        if (text_at(stream, i) == "static_cast") {
            rewrite_static_cast(stream, i, types, edits);
        } else if (text_at(stream, i) == "reinterpret_cast") {
            rewrite_reinterpret_cast(stream, i, edits);
        } else if (text_at(stream, i) == "(") {
            rewrite_c_cast(stream, i, edits);
        } else if (kind_at(stream, i) == TokenKind::name) {
            rewrite_call_like_cast(stream, i, edits);
        }
    }
}

}  // namespace t2t::cpu_device

// What is cast to void*: (void*)kernel, reinterpret_cast<const void*>(&kernel).
//
// A kernel behind a void* can no longer be called, since its parameter types are lost. So what is cast goes
// through ::t2t::cpu_device::untyped(), which keeps them when it is a kernel, and returns everything as it is.
// Only whole operands are touched that may name a kernel: names, with their qualifiers and template arguments,
// and `&` before them.
#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

bool is_void_pointer(const TokenStream& stream, std::size_t first, std::size_t end) {
    bool is_void = false;
    for (std::size_t i = first; i + 1 < end; ++i) {
        const std::string_view text = text_at(stream, i);
        if (text == "void") {
            is_void = true;
        } else if (text != "const") {
            return false;
        }
    }
    return is_void && text_at(stream, end - 1) == "*";
}

// Words that may follow `(void*)` where it is the parameters of a function.
bool follows_parameters(std::string_view text) {
    return text == "const" || text == "noexcept" || text == "override" || text == "final" ||
           text == "volatile" || text == "mutable" || text == "throw";
}

// Words that begin an expression, and name nothing.
bool begins_expression(std::string_view text) {
    return text == "this" || text == "nullptr" || text == "sizeof" || text == "new" ||
           text == "true" || text == "false" || text == "static_cast" || text == "const_cast" ||
           text == "reinterpret_cast" || text == "dynamic_cast" || text == "alignof";
}

bool may_stand_before_cast(const TokenStream& stream, std::size_t open) {
    const std::string_view before = text_at(stream, open - 1);
    if (before == "return") return true;
    if (before == ")" || before == "]" || before == ">") return false;
    return kind_at(stream, open - 1) != TokenKind::name;
}

// The token behind the name that begins at `i`: `&ns::kernel<int, 4>`; `i` when none begins there.
std::size_t after_name(const TokenStream& stream, std::size_t i) {
    const std::size_t begin = i;
    if (text_at(stream, i) == "&") ++i;
    if (text_at(stream, i) == "::") ++i;
    while (true) {
        if (kind_at(stream, i) != TokenKind::name || follows_parameters(text_at(stream, i)) ||
            begins_expression(text_at(stream, i))) {
            return begin;
        }
        ++i;
        if (text_at(stream, i) == "<") {
            std::size_t depth = 0;
            for (;; ++i) {
                const std::string_view text = text_at(stream, i);
                if (text == "" || text == ";" || text == "{") return begin;
                if (text == "<") ++depth;
                if (text == ">" && --depth == 0) break;
            }
            ++i;
        }
        if (text_at(stream, i) != "::") return i;
        ++i;
    }
}

void wrap(const TokenStream& stream, std::size_t begin, std::size_t end, std::vector<Edit>& edits) {
    edits.push_back({stream.begin(begin), stream.begin(begin), "::t2t::cpu_device::untyped("});
    edits.push_back({stream.end(end - 1), stream.end(end - 1), ")"});
}

}  // namespace

void rewrite_kernel_pointers(const TokenStream& stream, std::vector<Edit>& edits) {
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        std::size_t operand = npos;
        if (text_at(stream, i) == "(" && may_stand_before_cast(stream, i)) {
            const std::size_t close = closing_bracket(stream, i);
            if (close != npos && is_void_pointer(stream, i + 1, close)) operand = close + 1;
        } else if (text_at(stream, i) == "reinterpret_cast" && text_at(stream, i + 1) == "<") {
            std::size_t close = i + 2;
            while (text_at(stream, close) != ">" && text_at(stream, close) != "") ++close;
            const bool opens = text_at(stream, close + 1) == "(";
            if (opens && is_void_pointer(stream, i + 2, close)) operand = close + 2;
        }
        if (operand == npos) continue;
        const std::size_t end = after_name(stream, operand);
        const std::string_view after = text_at(stream, end);
        const bool whole = after == "," || after == ")" || after == ";" || after == "}";
        if (end != operand && whole) wrap(stream, operand, end, edits);
    }
}

}  // namespace t2t::cpu_device

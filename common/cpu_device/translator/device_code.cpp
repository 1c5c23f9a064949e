// Which tokens are device code: the bodies of functions and lambdas that are marked __global__ or __device__.
#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

// Whether the `=` at `index` belongs to a function's name: operator=, operator==, operator+=.
bool names_operator(const TokenStream& stream, std::size_t index) {
    return text_at(stream, index - 1) == "operator" ||
           (kind_at(stream, index - 1) == TokenKind::symbol &&
            text_at(stream, index - 2) == "operator");
}

}  // namespace

std::size_t device_function_body(const TokenStream& stream, std::size_t keyword) {
    bool has_parameters = false;
    bool initialises_members = false;  // F() : a(1), b{2} {
    for (std::size_t i = next_token(stream, keyword); i < stream.tokens.size();
         i = next_token(stream, i)) {
        const std::string_view text = text_at(stream, i);
        if (text == ";" || text == "}" || (text == "=" && !names_operator(stream, i))) return npos;
        if (text == ":" && has_parameters) initialises_members = true;
        const bool is_member = initialises_members && (kind_at(stream, i - 1) == TokenKind::name ||
                                                       text_at(stream, i - 1) == ">");
        if (text == "{" && !is_member) return has_parameters ? i : npos;
        if (text == "(" || text == "[" || text == "{") {
            has_parameters = has_parameters || text == "(";
            i = closing_bracket(stream, i);
            if (i == npos) return npos;
        }
    }
    return npos;
}

std::vector<bool> device_code(const TokenStream& stream) {
    std::vector<bool> result(stream.tokens.size(), false);
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        const std::string_view text = text_at(stream, i);
        if (text != "__global__" && text != "__device__") continue;
        const std::size_t open = device_function_body(stream, i);
        const std::size_t close = open == npos ? npos : closing_bracket(stream, open);
        if (close == npos) continue;
        for (std::size_t inside = open; inside < close; ++inside) result[inside] = true;
    }
    return result;
}

}  // namespace t2t::cpu_device

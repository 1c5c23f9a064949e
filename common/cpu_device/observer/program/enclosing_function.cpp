#include "common/cpu_device/observer/program/enclosing_function.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "common/cpu_device/observer/program/name_parts.hpp"
#include "common/cpu_device/observer/program/source_tokens.hpp"

namespace t2t::observer {
namespace {

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& texts, const Token& token) {
    return std::find(texts.begin(), texts.end(), token.text) != texts.end();
}

/// The name before the parameters of the function whose body opens at `brace`; `brace` itself when
/// something else opens there: a namespace, a class, a statement, a list of values.
Position function_name(Position begin, Position brace) {
    constexpr std::array<std::string_view, 5> qualifiers{"const", "noexcept", "override", "final",
                                                         "&"};
    constexpr std::array<std::string_view, 4> statements{"if", "for", "while", "switch"};
    constexpr std::array<std::string_view, 2> initialises{":", ","};  // a constructor's member
    if (brace - begin < 4) return brace;                              // too little for `void f()`
    Position at = std::prev(brace);
    while (at > begin + 3 && is_one_of(qualifiers, *at)) --at;
    if (at->text != ")") return brace;
    const Position name = std::prev(opening_bracket(begin + 2, at));
    const bool other = is_one_of(statements, *name) || is_one_of(initialises, *std::prev(name));
    return in_name(name->text[0]) && !other ? name : brace;
}

}  // namespace

std::string enclosing_function(const std::string& file, int line) {
    const std::string text = text_of(file);
    const std::vector<Token> tokens = tokens_of(text);
    for (Position at = tokens.begin(); at != tokens.end(); ++at) {
        if (at->text != "{") continue;
        const Position name = function_name(tokens.begin(), at);
        if (name == at) continue;  // go on inside
        at = closing_bracket(at, tokens.end());
        if (at == tokens.end() || line < name->line) break;
        if (line <= at->line) return std::string(name->text);
    }
    return "";
}

}  // namespace t2t::observer

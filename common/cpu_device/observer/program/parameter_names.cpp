#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "common/cpu_device/observer/program/name_parts.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/cpu_device/observer/program/source_tokens.hpp"

namespace t2t::observer {
namespace {

/// The token after the one at `at`, or after the bracket that closes it.
Position step(Position at, Position end) {
    const Position last = opens(*at) ? closing_bracket(at, end) : at;
    return last == end ? end : std::next(last);
}

/// The name that a parameter's declaration ends with, before its default; empty when it has none.
std::string declared_name(Position begin, Position end) {
    constexpr std::array<std::string_view, 11> types{"bool",     "char",  "short",       "int",
                                                     "long",     "float", "double",      "signed",
                                                     "unsigned", "auto",  "__restrict__"};
    std::vector<std::string_view> words;  // outside of brackets
    for (Position at = begin; at != end && at->text != "="; at = step(at, end)) {
        const bool qualifier = at->text == "const" || at->text == "volatile";
        if (!opens(*at) && !qualifier) words.push_back(at->text);
    }
    if (words.size() < 2) return "";  // a type
    const std::string_view last = words.back();
    const bool type = std::find(types.begin(), types.end(), last) != types.end() ||
                      words[words.size() - 2] == "::";  // std::int64_t
    return in_name(last[0]) && !type ? std::string(last) : "";
}

std::vector<std::string> declared_names(Position open, Position close) {
    std::vector<std::string> names;
    for (Position begin = std::next(open); begin < close;) {
        Position comma = begin;
        while (comma != close && comma->text != ",") comma = step(comma, close);
        names.push_back(declared_name(begin, comma));
        begin = comma == close ? close : std::next(comma);
    }
    return names;
}

}  // namespace

std::vector<std::string> parameter_names(const SourceLine& definition) {
    const std::string text = text_of(definition.file);
    const std::vector<Token> tokens = tokens_of(text);
    const Position end = tokens.end();
    for (Position at = tokens.begin(); at != end && at->line <= definition.line; ++at) {
        if (at->text != definition.function) continue;
        Position open = std::next(at);
        if (open != end && open->text == "<") open = step(open, end);  // a specialisation
        if (open == end || open->text != "(") continue;
        const Position close = closing_bracket(open, end);
        const Position body = close == end ? end : std::next(close);
        // The compiler puts a function's first instruction somewhere from its name to its body.
        if (body != end && body->line >= definition.line) return declared_names(open, close);
    }
    return {};
}

}  // namespace t2t::observer

#include "common/cpu_device/observer/program/name_parts.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "common/cpu_device/observer/program/source_lines.hpp"

namespace t2t::observer {
namespace {

std::string demangled(const std::string& symbol) {
    const std::string name = symbol.substr(0, symbol.find('@'));  // a library's version follows
    if (!name.starts_with("_Z")) return name.substr(0, name.find('.', 1));  // f.constprop.0
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 ? text.get() : name;
}

/// Position behind the bracket that closes the one at `open`. Inside other brackets, `<` opens
/// template arguments only behind a name or `::`; else it compares.
std::size_t behind_brackets(std::string_view text, std::size_t open) {
    const char close = text[open] == '('   ? ')'
                       : text[open] == '<' ? '>'
                       : text[open] == '[' ? ']'
                                           : '}';
    for (std::size_t i = open + 1; i < text.size();) {
        if (text[i] == close) return i + 1;
        const bool arguments = text[i] == '<' && (in_name(text[i - 1]) || text[i - 1] == ':');
        if (arguments || text[i] == '(' || text[i] == '[' || text[i] == '{') {
            i = behind_brackets(text, i);
        } else {
            i += text.substr(i).starts_with("->") ? 2 : 1;
        }
    }
    return text.size();
}

/// Length of the operator's name, such as `operator()` or `operator<<`, at the start of `text`; 0
/// when there is none.
std::size_t operator_name(std::string_view text) {
    constexpr std::string_view keyword = "operator";
    if (!text.starts_with(keyword)) return 0;
    const std::string_view rest = text.substr(keyword.size());
    if (rest.starts_with("()") || rest.starts_with("[]")) return keyword.size() + 2;
    const std::size_t symbols = std::min(rest.find_first_not_of("+-*/%^&|~!=<>,"), rest.size());
    const bool conversion = rest.starts_with(' ');
    return symbols > 0 || conversion ? keyword.size() + symbols : 0;
}

/// `text` without everything in brackets; a lambda, which is in braces, leaves an empty pair.
std::string without_brackets(std::string_view text) {
    std::string rest;
    for (std::size_t i = 0; i < text.size();) {
        const bool word_starts = rest.empty() || !in_name(rest.back());
        if (const std::size_t length = word_starts ? operator_name(text.substr(i)) : 0) {
            rest += text.substr(i, length);
            i += length;
        } else if (std::string_view("(<[{").find(text[i]) != std::string_view::npos) {
            if (text[i] == '{') rest += "{}";
            i = behind_brackets(text, i);
        } else {
            rest += text[i++];
        }
    }
    return rest;
}

/// One part without the return type before it and the qualifiers behind it.
std::string_view stripped(std::string_view part) {
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view end : {" ", " const", " volatile", " &", " &&"}) {
            if (!part.ends_with(end)) continue;
            part.remove_suffix(end.size());
            again = true;
        }
    }
    const std::size_t name = part.find("operator");
    if (name != std::string_view::npos && operator_name(part.substr(name)) > 0) {
        return part.substr(name);
    }
    return part.substr(part.rfind(' ') + 1);
}

}  // namespace

std::vector<std::string> name_parts(const std::string& symbol) {
    std::string text = without_brackets(demangled(symbol));
    std::string description;  // "guard variable for "
    if (const std::size_t end = text.find(" for "); end != std::string::npos) {
        description = text.substr(0, end + 5);
        text.erase(0, description.size());
    }
    std::vector<std::string> parts;
    bool in_lambda = false;
    for (std::size_t begin = 0, end; begin <= text.size(); begin = end + 2) {
        end = std::min(text.find("::", begin), text.size());
        const std::string_view part = stripped(std::string_view(text).substr(begin, end - begin));
        const bool call = part == "operator()" || part == "_FUN";
        if (!part.empty() && part != "{}" && !(in_lambda && call)) parts.emplace_back(part);
        in_lambda = part == "{}";
    }
    if (!parts.empty()) parts.back().insert(0, description);
    return parts;
}

std::string plain_name(const std::string& symbol) {
    const std::vector<std::string> parts = name_parts(symbol);
    return parts.empty() ? std::string() : parts.back();
}

}  // namespace t2t::observer

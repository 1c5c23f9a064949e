#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

// The position after the bracket that closes the one at `open`.
std::size_t after_match(std::string_view code, std::size_t open, char opening, char closing) {
    int depth = 0;
    for (std::size_t i = open; i < code.size(); ++i) {
        if (code[i] == opening) ++depth;
        if (code[i] == closing && --depth == 0) return i + 1;
    }
    return code.size();
}

// Preprocessor lines blanked, with the lines they continue on.
std::string without_directives(std::string code) {
    bool in_directive = false;
    for (std::size_t begin = 0; begin < code.size();) {
        const std::size_t end = std::min(code.find('\n', begin), code.size());
        const std::string_view line = std::string_view(code).substr(begin, end - begin);
        in_directive = in_directive || trimmed(line).starts_with('#');
        const bool continues = in_directive && trimmed(line).ends_with('\\');
        if (in_directive) std::fill(code.begin() + begin, code.begin() + end, ' ');
        in_directive = continues;
        begin = end + 1;
    }
    return code;
}

// The name of the function whose declaration is code[begin, end); nothing when it declares none.
// The name is the first word before a parenthesis that is not a specifier with arguments of its own.
std::optional<std::size_t> name_offset(std::string_view code, std::size_t begin, std::size_t end) {
    constexpr std::array specifiers{"__launch_bounds__", "__cluster_dims__", "__attribute__",
                                    "alignas",           "decltype",         "requires",
                                    "noexcept",          "explicit"};
    for (std::size_t i = begin; i < end; ++i) {
        if (code[i] == '=') return std::nullopt;
        if (code[i] == '<') {  // template parameters, or arguments of the return type
            i = after_match(code, i, '<', '>') - 1;
            continue;
        }
        if (code[i] != '(') continue;
        std::size_t last = i;
        while (last > begin && std::isspace(static_cast<unsigned char>(code[last - 1]))) --last;
        std::size_t first = last;
        while (first > begin && (std::isalnum(static_cast<unsigned char>(code[first - 1])) ||
                                 code[first - 1] == '_')) {
            --first;
        }
        const std::string_view word = code.substr(first, last - first);
        if (word.empty()) return std::nullopt;
        if (std::ranges::find(specifiers, word) == specifiers.end()) return first;
        i = after_match(code, i, '(', ')') - 1;
    }
    return std::nullopt;
}

}  // namespace

std::vector<Function> functions_of(std::string_view text) {
    const std::string blanked = without_directives(without_comments(text));
    const std::string_view code = blanked;

    std::vector<Function> functions;
    std::vector<bool> scopes;  // the namespaces around this point; true for an unnamed one
    std::size_t begin = 0;     // where the declaration that is being read starts
    for (std::size_t i = 0; i < code.size(); ++i) {
        if (code[i] == ';') {
            begin = i + 1;
        } else if (code[i] == '}') {
            if (!scopes.empty()) scopes.pop_back();
            begin = i + 1;
        } else if (code[i] == '{') {
            const std::string_view head = code.substr(begin, i - begin);
            if (find_word(head, "namespace") != npos) {
                scopes.push_back(trimmed(head) == "namespace");
                begin = i + 1;
                continue;
            }
            if (const auto name = name_offset(code, begin, i)) {
                const std::size_t name_end = code.find_first_of(" \t\r\n(", *name);
                const bool unnamed = std::ranges::find(scopes, true) != scopes.end();
                functions.push_back({std::string(code.substr(*name, name_end - *name)),
                                     line_at(code, *name), find_word(head, "__global__") != npos,
                                     unnamed || find_word(head, "static") != npos});
                begin = after_match(code, i, '{', '}');
            }
            i = after_match(code, i, '{', '}') - 1;
        }
    }
    return functions;
}

}  // namespace t2t::dev_check

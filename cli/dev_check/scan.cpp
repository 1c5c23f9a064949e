#include "cli/dev_check/scan.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace t2t::dev_check {
namespace {

bool is_word_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    return 1 + std::ranges::count(text.substr(0, offset), '\n');
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const std::size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::size_t find_word(std::string_view text, std::string_view word, std::size_t from) {
    for (std::size_t at = text.find(word, from); at != std::string_view::npos;
         at = text.find(word, at + 1)) {
        const std::size_t after = at + word.size();
        const bool begins = at == 0 || !is_word_character(text[at - 1]);
        const bool ends = after == text.size() || !is_word_character(text[after]);
        if (begins && ends) return at;
    }
    return std::string_view::npos;
}

bool has_digit(std::string_view text) {
    return text.find_first_of("0123456789") != std::string_view::npos;
}

std::string_view name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: no folder, the whole path
}

std::string_view folder_of(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view stem_of(std::string_view path) {
    const std::string_view name = name_of(path);
    return name.substr(0, name.find('.'));
}

bool is_cpp(std::string_view path) {
    constexpr std::array endings{".cpp", ".hpp", ".cu", ".cuh", ".h"};
    return std::ranges::any_of(endings, [&](const char* ending) { return path.ends_with(ending); });
}

std::string without_comments(std::string_view text) {
    std::string code(text);
    const auto blank = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < std::min(end, code.size()); ++i) {
            if (code[i] != '\n') code[i] = ' ';
        }
        return end;
    };
    const auto end_of = [&](std::string_view mark, std::size_t from) {
        const std::size_t at = text.find(mark, from);
        return at == std::string_view::npos ? text.size() : at + mark.size();
    };

    for (std::size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        const bool in_word = i > 0 && is_word_character(text[i - 1]);
        if (rest.starts_with("//")) {
            i = blank(i, end_of("\n", i));
        } else if (rest.starts_with("/*")) {
            i = blank(i, end_of("*/", i + 2));
        } else if (rest.starts_with("R\"") && !in_word) {
            const std::size_t open = text.find('(', i);
            if (open == std::string_view::npos) break;
            const std::string close = ")" + std::string(text.substr(i + 2, open - i - 2)) + "\"";
            i = blank(i, end_of(close, open));
        } else if (text[i] == '"' || (text[i] == '\'' && !in_word)) {  // not the ' of 1'000
            std::size_t end = i + 1;
            while (end < text.size() && text[end] != text[i] && text[end] != '\n') {
                end += text[end] == '\\' ? 2 : 1;
            }
            blank(i + 1, end);
            i = end + 1;
        } else {
            ++i;
        }
    }
    return code;
}

}  // namespace t2t::dev_check

/// @file
/// Plain scanning of text: lines, words, paths, and C++ reduced to what the rules need to see.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace t2t::dev_check {

/// No place: what find() returns when there is none.
inline constexpr auto npos = std::string_view::npos;

/// The lines of `text`, without their ends. A last line without an end counts.
std::vector<std::string_view> lines_of(std::string_view text);

/// The line, counted from 1, in which `offset` lies.
std::size_t line_at(std::string_view text, std::size_t offset);

/// `text` without blanks at both ends.
std::string_view trimmed(std::string_view text);

/// Where `word` stands in `text` on its own, from `from` on; npos when it does not.
/// A letter, a digit or `_` beside it makes it part of another word.
std::size_t find_word(std::string_view text, std::string_view word, std::size_t from = 0);

/// Does `text` hold a digit?
bool has_digit(std::string_view text);

/// `chapters/03_shared_memory/README.md` → `README.md`
std::string_view name_of(std::string_view path);
/// `chapters/03_shared_memory/README.md` → `chapters/03_shared_memory`; empty at the root
std::string_view folder_of(std::string_view path);
/// `v1_naive.cu` → `v1_naive`
std::string_view stem_of(std::string_view path);

/// Is it C++ or CUDA, by its ending?
bool is_cpp(std::string_view path);

/// C++ with comments and the insides of literals blanked: same length, same lines.
std::string without_comments(std::string_view text);

/// A function that is defined at namespace scope.
struct Function {
    std::string name;
    std::size_t line = 1;     ///< of the name
    bool is_kernel = false;   ///< `__global__`
    bool is_private = false;  ///< in an unnamed namespace, or static
};

/// The functions that C++ text defines at namespace scope, in order.
std::vector<Function> functions_of(std::string_view text);

}  // namespace t2t::dev_check

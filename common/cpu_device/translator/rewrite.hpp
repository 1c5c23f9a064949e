/// @file
/// What the rewriting passes of the launch translator share: edits, and walks over tokens.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/cpu_device/translator/lexer.hpp"

namespace t2t::cpu_device {

/// The bytes [begin, end) of the source become `text`.
struct Edit {
    std::size_t begin;
    std::size_t end;
    std::string text;
};

/// Adds the edits that turn each `kernel<<<…>>>(…)` of `stream` into a call.
/// @throws TranslationError when a launch is incomplete
void rewrite_launches(const TokenStream& stream, std::vector<Edit>& edits);

/// Adds the edits that turn each `extern __shared__ TYPE NAME[];` of `stream` into a pointer.
/// @throws TranslationError when it stands outside a function or declares no array
void rewrite_dynamic_shared(const TokenStream& stream, std::vector<Edit>& edits);

/// Adds the edits that put CUDA's keywords into places where the C++ compiler takes them.
void rewrite_keywords(const TokenStream& stream, std::vector<Edit>& edits);

/// Adds the edits that turn each `asm` of PTX into a call that no program may make.
void rewrite_inline_ptx(const TokenStream& stream, std::vector<Edit>& edits);

/// For each token, whether it stands in the body of a function or lambda that is marked `__global__` or
/// `__device__`.
std::vector<bool> device_code(const TokenStream& stream);

/// Adds the edits that make casts to integers saturate in device code.
void rewrite_casts(const TokenStream& stream, const std::vector<bool>& device_code,
                   std::vector<Edit>& edits);

/// Adds the edits that make shifts in device code clamp what they shift by.
void rewrite_shifts(const TokenStream& stream, const std::vector<bool>& device_code,
                    std::vector<Edit>& edits);

/// Adds the edits that turn what nvcc refuses, and C++ would take, into calls that no program may make.
void refuse_misuse(const TokenStream& stream, const std::vector<bool>& device_code,
                   std::vector<Edit>& edits);

/// Adds assertions that no function declares more static shared memory than a GPU's block has.
void limit_static_shared(const TokenStream& stream, std::vector<Edit>& edits);

/// Adds the edits that keep the type of a kernel that is cast to `void*`.
void rewrite_kernel_pointers(const TokenStream& stream, std::vector<Edit>& edits);

/// No token.
inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// The `{` of the function's or lambda's body that `__global__` or `__device__`, token `keyword`, marks. npos if it
/// marks a declaration.
std::size_t device_function_body(const TokenStream& stream, std::size_t keyword);

/// Whether token `index` opens a launch: `<<<`, or `<< <` as some formatters write it.
bool opens_launch(const TokenStream& stream, std::size_t index);

/// The text of token `index`; empty outside of the stream and for a directive.
std::string_view text_at(const TokenStream& stream, std::size_t index);

/// The kind of token `index`; `directive` outside of the stream, because nothing goes on there
/// either.
TokenKind kind_at(const TokenStream& stream, std::size_t index);

/// The index of the bracket that closes the `(`, `[` or `{` at `open`, or npos. Of an `#if` that
/// begins in between only the first branch is counted.
std::size_t closing_bracket(const TokenStream& stream, std::size_t open);

/// The index of the bracket that opens the `)`, `]` or `}` at `close`, or npos. A directive ends
/// the walk.
std::size_t opening_bracket(const TokenStream& stream, std::size_t close);

/// The index of the next code token after `index`, or the stream's size. At an `#else` or `#elif`
/// it passes on to the end of the condition: what was read before belongs to the branch before.
std::size_t next_token(const TokenStream& stream, std::size_t index);

/// The tokens [begin, end) on one line, each run of blanks and comments in between as one space.
/// @throws TranslationError for a string that spans lines
std::string one_line(const TokenStream& stream, std::size_t begin, std::size_t end);

/// As many ends of line as the bytes [begin, end) have, escaped in a macro.
std::string line_ends(const TokenStream& stream, std::size_t begin, std::size_t end);

/// `text` as it stands between the quotes of a string literal.
std::string escaped(std::string_view text);

/// @throws TranslationError with `message`, always, at the line of token `index`
[[noreturn]] void fail(const TokenStream& stream, std::size_t index, const std::string& message);

}  // namespace t2t::cpu_device

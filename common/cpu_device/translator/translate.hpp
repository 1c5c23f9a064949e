/// @file
/// The launch translator: turns CUDA source into C++ that any compiler takes, line for line.
///
/// A C++ compiler knows `__global__`, `__shared__` and `threadIdx` once a header declares them, but
/// it cannot read `kernel<<<grid, block>>>(…)`, nor an array without a size in a function. The
/// translator rewrites these, and what else the compiler would not take. A few more things compile, but do not what
/// a GPU does, and are rewritten in device code. Every other byte passes:
///
/// - `kernel<<<configuration>>>(arguments)` becomes the expression
///   `::t2t::cpu_device::launch("kernel", ::t2t::cpu_device::configure(configuration),
///   T2T_KERNEL_ADDRESS(kernel), [=](auto&... t2t_arguments) { kernel(t2t_arguments...); },
///   arguments)`;
/// - `extern __shared__ float values[];` in a kernel becomes
///   `float* const values = ::t2t::cpu_device::dynamic_shared<float>();`;
/// - a cast to an integer, `(int)x`, becomes `::t2t::cpu_device::cast<int>(x)`, which saturates;
/// - a shift, `a << b`, becomes `a <<::t2t::cpu_device::shift<< b`, which shifts everything out where b is too large;
/// - behind `__shared__ float tile[32];` follows `static_assert(sizeof(tile) <= 49152, …);`, because a GPU has no more
///   for a block.
/// - `(void*)kernel` becomes `(void*)::t2t::cpu_device::untyped(kernel)`, which keeps what is
///   needed to launch it.
///
/// Smaller changes are in keywords.cpp and inline_ptx.cpp.
///
/// It reads tokens, not lines, so launches may stand in macros, spread over lines and nest; it
/// knows no types, so where C++ itself needs them to tell `<` from `<` it goes by spelling (see
/// launch.cpp).
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace t2t::cpu_device {

/// The source cannot be translated; what() says what to change.
class TranslationError : public std::runtime_error {
 public:
    TranslationError(std::size_t line, const std::string& message)
        : std::runtime_error(message), line_(line) {}

    /// The line of the mistake, counted from 1.
    std::size_t line() const { return line_; }

 private:
    std::size_t line_;
};

/// Translates one file.
///
/// @param source the file's text
/// @param path   the file's absolute path, which compilers and debuggers will show in its place
/// @returns      `#line 1 "path"` on a line of its own, then the translation, whose line k comes
///               from the source's line k
/// @throws TranslationError at the first launch or declaration that cannot be translated
std::string translate(std::string_view source, std::string_view path);

/// Where in the source a place of its translation comes from: compilers name columns of what they read.
///
/// @param line   of the source, counted from 1: the translation has the same lines
/// @param column of the translation's line, in bytes from 1
/// @returns      the column of the source's line, in bytes from 1; of what the translator wrote, the
///               first that it replaced
/// @throws TranslationError as translate()
std::size_t source_column(std::string_view source, std::size_t line, std::size_t column);

}  // namespace t2t::cpu_device

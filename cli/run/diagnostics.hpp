/// @file
/// From what the C++ compiler and the linker print to what is wrong with the user's own files, at their own
/// lines and columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/run/sources.hpp"

namespace t2t::own {

/// One error, where the user would look for it.
struct Diagnostic {
    std::string file;      ///< as shown; empty when no file of the program's is to blame
    std::size_t line = 0;  ///< from 1; 0: none
    std::size_t column =
        0;                ///< as the compiler counts, in the translation, in bytes from 1; 0: none
    std::string message;  ///< one sentence
};

/// The errors among `output`, in the compiler's order. What is not served, and what the compiler says in
/// words that lead nowhere, becomes a sentence that says what to do.
/// @param output what g++ or clang printed, in English
std::vector<Diagnostic> compiler_errors(const std::string& output, const Sources& sources);

/// The same for what the linker printed.
std::vector<Diagnostic> linker_errors(const std::string& output, const Sources& sources);

/// `file:line:column: error: message`, with the line and a mark below the column, which is the user's own.
std::string text_of(const Diagnostic& error, const Sources& sources);

}  // namespace t2t::own

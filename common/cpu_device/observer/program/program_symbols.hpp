/// @file
/// The running program's symbol table: its static arrays, for names and bounds.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace t2t::observer {

/// A variable of the running program with a fixed place.
struct StaticVariable {
    std::string name;      ///< stripped, for example `tile`
    std::string function;  ///< the function it is declared in, stripped; empty at namespace scope
    std::uint64_t begin =
        0;  ///< address in memory; of a thread-local variable, the offset from the
            ///< start of a thread's block of thread-local variables
    std::uint64_t bytes = 0;
    bool is_constant = false;  ///< `__constant__` memory
    bool is_reserved = false;  ///< the C++ library's or the compiler's, by its name
};

/// What the program's ELF symbol table says.
struct ProgramSymbols {
    std::vector<StaticVariable>
        thread_local_variables;             ///< by address; `__shared__` arrays are here
    std::vector<StaticVariable> variables;  ///< by address; the program's own, not libraries'
    std::uint64_t thread_local_bytes =
        0;  ///< size of a thread's block, rounded up to its alignment
    std::uint64_t code_begin = 0, code_end = 0;  ///< the program's machine code in memory
    /// Begin and end of what can only be read: literals, tables that the compiler has made.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> read_only;
    std::uint64_t load_bias = 0;  ///< address in memory minus address in the file
};

/// Reads the running program (/proc/self/exe) once. @throws std::runtime_error when it cannot
const ProgramSymbols& program_symbols();

/// Start of the calling thread's block of the program's own thread-local variables.
std::uint64_t thread_local_begin();

}  // namespace t2t::observer

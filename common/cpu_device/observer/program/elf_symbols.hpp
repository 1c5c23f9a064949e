/// @file
/// The symbol table of an ELF file: what `nm` and `readelf --symbols` print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace t2t::observer {

/// What a symbol names.
enum class SymbolKind { function, variable, thread_local_variable };

/// A function or variable that the file defines.
struct ElfSymbol {
    SymbolKind kind{};
    std::string name;         ///< as the linker knows it: mangled
    std::uint64_t value = 0;  ///< address in the file; of a thread-local variable, the offset from
                              ///< the start of a thread's block
    std::uint64_t bytes = 0;
    std::string section = {};  ///< that it lies in
};

/// The functions and variables in the symbol table of a 64-bit ELF file, by value; none when it has
/// been stripped. @throws std::runtime_error when `path` is no such file
std::vector<ElfSymbol> elf_symbols(const std::string& path);

}  // namespace t2t::observer

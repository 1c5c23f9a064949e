#include "common/cpu_device/observer/program/program_symbols.hpp"

#include <link.h>

#include <algorithm>

#include "common/cpu_device/observer/program/elf_symbols.hpp"
#include "common/cpu_device/observer/program/name_parts.hpp"

namespace t2t::observer {
namespace {

/// What the dynamic loader knows about the program itself, the first of the files it has loaded.
dl_phdr_info loaded_program() {
    dl_phdr_info program{};
    const auto keep_first = [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<dl_phdr_info*>(result) = *info;
        return 1;  // no more, please
    };
    dl_iterate_phdr(keep_first, &program);
    return program;
}

/// Whether a mangled name is that of a variable inside a function: Z marks what is local, GV the
/// guard of its initialisation.
bool is_local(const std::string& symbol) {
    return symbol.starts_with("_ZZ") || symbol.starts_with("_ZGVZ");
}

/// Whether no program declares a variable of this name: std::__ioinit, __dso_handle.
bool is_reserved(const std::string& name) {
    return name.starts_with("__") || name.starts_with("_IO_");
}

StaticVariable static_variable(const ElfSymbol& symbol, std::uint64_t load_bias) {
    const std::vector<std::string> parts = name_parts(symbol.name);
    StaticVariable variable;
    if (!parts.empty()) variable.name = parts.back();
    if (is_local(symbol.name) && parts.size() > 1) variable.function = parts[parts.size() - 2];
    variable.begin = symbol.value + load_bias;
    variable.bytes = symbol.bytes;
    variable.is_constant = symbol.section.starts_with(".t2t_constant");
    variable.is_reserved = is_reserved(variable.name);
    return variable;
}

ProgramSymbols read_program() {
    const dl_phdr_info program = loaded_program();
    ProgramSymbols symbols;
    symbols.load_bias = program.dlpi_addr;
    for (int i = 0; i < program.dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = program.dlpi_phdr[i];
        const std::uint64_t begin = symbols.load_bias + segment.p_vaddr;
        const std::uint64_t end = begin + segment.p_memsz;
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0) {
            symbols.code_begin =
                symbols.code_end == 0 ? begin : std::min(symbols.code_begin, begin);
            symbols.code_end = std::max(symbols.code_end, end);
        } else if (segment.p_type == PT_LOAD && segment.p_flags == PF_R) {
            symbols.read_only.emplace_back(begin, end);
        } else if (segment.p_type == PT_TLS) {
            const std::uint64_t align = std::max<std::uint64_t>(segment.p_align, 1);
            symbols.thread_local_bytes = (segment.p_memsz + align - 1) / align * align;
        }
    }
    for (const ElfSymbol& symbol : elf_symbols("/proc/self/exe")) {
        if (symbol.bytes == 0) continue;  // a mark of the linker's
        if (symbol.kind == SymbolKind::variable) {
            symbols.variables.push_back(static_variable(symbol, symbols.load_bias));
        } else if (symbol.kind == SymbolKind::thread_local_variable) {
            symbols.thread_local_variables.push_back(static_variable(symbol, 0));
        }
    }
    return symbols;
}

}  // namespace

const ProgramSymbols& program_symbols() {
    // Outlives the program: a report is its last act.
    static const auto* const symbols = new ProgramSymbols(read_program());
    return *symbols;
}

std::uint64_t thread_local_begin() {
    return reinterpret_cast<std::uint64_t>(loaded_program().dlpi_tls_data);
}

}  // namespace t2t::observer

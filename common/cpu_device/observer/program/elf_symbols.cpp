#include "common/cpu_device/observer/program/elf_symbols.hpp"

#include <elf.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace t2t::observer {
namespace {

/// An ELF file's header says where the table of its sections is; the table says where the sections
/// are. One of them holds the symbols, another their names.
class ElfFile {
 public:
    explicit ElfFile(const std::string& path) : path_(path), file_(path, std::ios::binary) {
        const auto header = read<Elf64_Ehdr>(0, 1)[0];
        const std::string_view magic(reinterpret_cast<const char*>(header.e_ident), SELFMAG);
        if (magic != ELFMAG || header.e_ident[EI_CLASS] != ELFCLASS64) fail();
        sections_ = read<Elf64_Shdr>(header.e_shoff, header.e_shnum);
        section_names_ = contents<char>(section(header.e_shstrndx));
        section_names_.push_back('\0');
    }

    /// The sections of a type (SHT_…).
    std::vector<Elf64_Shdr> sections(Elf64_Word type) const {
        std::vector<Elf64_Shdr> found;
        std::copy_if(sections_.begin(), sections_.end(), std::back_inserter(found),
                     [&](const Elf64_Shdr& section) { return section.sh_type == type; });
        return found;
    }

    const Elf64_Shdr& section(std::size_t number) const { return sections_.at(number); }

    /// The name of a symbol's section; empty when it lies in none.
    std::string section_name(std::size_t number) const {
        if (number >= sections_.size() || sections_[number].sh_name >= section_names_.size())
            return {};
        return section_names_.data() + sections_[number].sh_name;
    }

    /// What a section holds.
    template <typename T>
    std::vector<T> contents(const Elf64_Shdr& section) {
        return read<T>(section.sh_offset, section.sh_size / sizeof(T));
    }

 private:
    template <typename T>
    std::vector<T> read(std::uint64_t offset, std::size_t count) {
        std::vector<T> values(count);
        file_.seekg(static_cast<std::streamoff>(offset));
        file_.read(reinterpret_cast<char*>(values.data()),
                   static_cast<std::streamsize>(count * sizeof(T)));
        if (!file_) fail();
        return values;
    }

    [[noreturn]] void fail() const {
        throw std::runtime_error("'" + path_ +
                                 "' cannot be read as a 64-bit ELF program; build it for Linux");
    }

    std::string path_;
    std::ifstream file_;
    std::vector<Elf64_Shdr> sections_;
    std::vector<char> section_names_;
};

std::optional<SymbolKind> kind_of(const Elf64_Sym& symbol) {
    if (symbol.st_shndx == SHN_UNDEF) return std::nullopt;  // a library defines it
    switch (ELF64_ST_TYPE(symbol.st_info)) {
        case STT_FUNC:
            return SymbolKind::function;
        case STT_OBJECT:
            return SymbolKind::variable;
        case STT_TLS:
            return SymbolKind::thread_local_variable;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::vector<ElfSymbol> elf_symbols(const std::string& path) {
    ElfFile file(path);
    std::vector<ElfSymbol> symbols;
    for (const Elf64_Shdr& table : file.sections(SHT_SYMTAB)) {
        const auto names = file.contents<char>(file.section(table.sh_link));
        for (const Elf64_Sym& symbol : file.contents<Elf64_Sym>(table)) {
            const auto kind = kind_of(symbol);
            if (!kind || symbol.st_name >= names.size()) continue;
            symbols.push_back({*kind, names.data() + symbol.st_name, symbol.st_value,
                               symbol.st_size, file.section_name(symbol.st_shndx)});
        }
    }
    std::stable_sort(symbols.begin(), symbols.end(),
                     [](const ElfSymbol& a, const ElfSymbol& b) { return a.value < b.value; });
    return symbols;
}

}  // namespace t2t::observer

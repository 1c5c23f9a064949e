#include "common/cpu_device/observer/program/source_lines.hpp"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "common/cpu_device/observer/program/debug_information.hpp"
#include "common/cpu_device/observer/program/elf_symbols.hpp"
#include "common/cpu_device/observer/program/enclosing_function.hpp"
#include "common/cpu_device/observer/program/inlined_frames.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"

namespace t2t::observer {
namespace {

/// The functions of the running program, by address in its file.
const std::vector<ElfSymbol>& functions() {
    static const auto* const found = [] {
        auto* const symbols = new std::vector<ElfSymbol>(elf_symbols("/proc/self/exe"));
        std::erase_if(*symbols, [](const ElfSymbol& s) { return s.kind != SymbolKind::function; });
        return symbols;
    }();
    return *found;
}

/// The last function that begins at or before an address; nullptr when there is none.
const ElfSymbol* function_at(std::uint64_t file_address) {
    const auto next = std::upper_bound(
        functions().begin(), functions().end(), file_address,
        [](std::uint64_t address, const ElfSymbol& symbol) { return address < symbol.value; });
    return next == functions().begin() ? nullptr : &*std::prev(next);
}

/// Where to look an address up. A return address belongs to the call before it, which may be another
/// line. To a function's first address no call returns.
std::uint64_t instruction_at(std::uint64_t file_address) {
    const ElfSymbol* function = function_at(file_address);
    return function != nullptr && function->value == file_address ? file_address : file_address - 1;
}

/// With a slash at its end; empty: the project's root.
std::string& own_folder() {
    static auto* const folder = new std::string;
    return *folder;
}

std::string relative_to_root(const std::string& file) {
    const std::string& own = own_folder();
    if (!own.empty() && file.starts_with(own)) return file.substr(own.size());
    const std::string& root = debug_information().root;
    return file.starts_with(root) ? file.substr(root.size()) : file;
}

/// The name of the function that the innermost frame belongs to. addr2line knows it only when the
/// linker does; else it gives the name of the function that all was inlined into.
std::string innermost_name(const std::vector<Frame>& frames, std::uint64_t file_address) {
    const std::string& name = frames.front().function;
    const ElfSymbol* outermost = function_at(file_address);
    const bool wrong = frames.size() > 1 && outermost != nullptr && name == outermost->name;
    return wrong ? std::string() : name;
}

SourceLine source_line(std::vector<Frame> frames, std::uint64_t file_address) {
    frames.front().function = innermost_name(frames, file_address);
    for (Frame& frame : frames) frame.file = relative_to_root(frame.file);

    auto chosen = std::find_if(frames.begin(), frames.end(), [](const Frame& frame) {
        return is_of_the_course(frame.file) && frame.line > 0;
    });
    if (chosen == frames.end()) chosen = std::prev(frames.end());
    if (chosen->file.empty() || chosen->line == 0) return {};

    // Of an inlined function addr2line may give the wrong name. Debug information calls a lambda's
    // body `operator()`; one with `auto` parameters keeps its mangled name, because libstdc++ cannot
    // read it.
    const std::string name = plain_name(chosen->function);
    const bool known = chosen == frames.begin() && !name.empty() && name != "operator()" &&
                       !name.starts_with("_Z");
    std::string function = known ? name : enclosing_function(chosen->file, chosen->line);
    const ElfSymbol* symbol = function_at(file_address);
    if (function.empty() && symbol != nullptr) function = plain_name(symbol->name);
    return {chosen->file, chosen->line, function};
}

}  // namespace

bool is_of_the_course(const std::string& file) {
    if (file.starts_with("common/device/")) return false;
    if (!file.starts_with('/')) return !file.empty() && !file.starts_with("common/cpu_device/");
    return !file.starts_with("/usr/") && file.find("/include/") == std::string::npos;
}

std::vector<SourceLine> source_lines(std::span<const std::uint64_t> addresses) {
    std::vector<SourceLine> lines(addresses.size());
    if (addresses.empty() || !debug_information().missing.empty()) return lines;

    const ProgramSymbols& program = program_symbols();
    std::vector<std::uint64_t> instructions;
    for (const std::uint64_t address : addresses) {
        instructions.push_back(instruction_at(address - program.load_bias));
    }
    const std::vector<std::vector<Frame>> frames = inlined_frames(instructions);
    for (std::size_t i = 0; i < addresses.size(); ++i) {
        lines[i] = source_line(frames[i], instructions[i]);
    }
    return lines;
}

void name_files_from(const std::string& folder) {
    own_folder() = folder.ends_with('/') ? folder : folder + '/';
}

std::string path_of(const std::string& file) {
    if (file.starts_with('/')) return file;
    const std::string own = own_folder() + file;
    const bool is_own = !own_folder().empty() && std::filesystem::exists(own);
    return is_own ? own : debug_information().root + file;
}

std::string function_name_at(const void* function) {
    const ElfSymbol* symbol =
        function_at(reinterpret_cast<std::uint64_t>(function) - program_symbols().load_bias);
    return symbol == nullptr ? std::string() : plain_name(symbol->name);
}

std::string why_no_source_lines() {
    return debug_information().missing;
}

}  // namespace t2t::observer

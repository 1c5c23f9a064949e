#include "cli/profile/sass.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <sstream>
#include <vector>

#include <cxxabi.h>

namespace t2t::profile {
namespace {

/// The operation in a line of SASS and its modifiers: {"LDG", "E", "128"} for
/// `/*0690*/  @!P0 LDG.E.128 R4, desc[UR6][R20.64] ;  /* 0x… */`. Empty for other lines.
std::vector<std::string> operation(const std::string& line) {
    const std::size_t address = line.find("/*");
    const std::size_t end = line.find("*/");
    // A line without an address holds the second half of an encoding: `/* 0x000fe200… */`.
    if (address == std::string::npos || end == std::string::npos || line[address + 2] == ' ') {
        return {};
    }
    std::istringstream words(line.substr(end + 2));
    std::string word;
    words >> word;
    if (word.starts_with('@')) words >> word;  // a predicate
    std::istringstream parts(word.substr(0, word.find(';')));
    std::vector<std::string> operation;
    for (std::string part; std::getline(parts, part, '.');) operation.push_back(part);
    return operation;
}

/// Bytes per lane of a load or store with these modifiers.
int access_bytes(const std::vector<std::string>& operation) {
    const auto has = [&](std::string_view modifier) {
        return std::ranges::find(operation, modifier) != operation.end();
    };
    // Matrices of 8 × 8 halves, 4 bytes per lane each.
    if (operation[0] == "LDSM" || operation[0] == "STSM") return has("4") ? 16 : has("2") ? 8 : 4;
    if (has("128")) return 16;
    if (has("64")) return 8;
    if (has("U16") || has("S16")) return 2;
    if (has("U8") || has("S8")) return 1;
    return 4;
}

void count(MachineCode& code, const std::vector<std::string>& operation) {
    const std::string& name = operation[0];
    const int bytes = access_bytes(operation);
    ++code.instructions;
    // LDGSTS copies from global to shared memory: it is a load of the one and a store of the other.
    if (name == "LDG" || name == "LDGSTS") {
        ++code.global_loads;
        code.wide_global_loads += bytes == 16;
        code.widest_global_load = std::max(code.widest_global_load, bytes);
    }
    if (name == "STG") {
        ++code.global_stores;
        code.widest_global_store = std::max(code.widest_global_store, bytes);
    }
    if (name == "LDS" || name == "LDSM") {
        ++code.shared_loads;
        code.widest_shared_load = std::max(code.widest_shared_load, bytes);
    }
    if (name == "STS" || name == "STSM" || name == "LDGSTS") {
        ++code.shared_stores;
        code.widest_shared_store = std::max(code.widest_shared_store, bytes);
    }
    code.local += name == "LDL" || name == "STL";
    code.tensor += name.ends_with("MMA");
    code.multiply_adds += name == "FFMA" || name == "FFMA32I";
    code.special += name == "MUFU";
    code.barriers += name == "BAR";
}

}  // namespace

std::optional<MachineCode> machine_code(std::string_view text, std::string_view symbol) {
    std::istringstream lines{std::string(text)};
    MachineCode code;
    bool inside = false;
    for (std::string line; std::getline(lines, line);) {
        constexpr std::string_view heading = "Function : ";
        if (const std::size_t found = line.find(heading); found != std::string::npos) {
            if (inside) break;
            inside = line.substr(found + heading.size()) == symbol;
        } else if (inside) {
            const std::vector<std::string> words = operation(line);
            if (!words.empty() && words[0] != "NOP") count(code, words);
        }
    }
    return code.instructions > 0 ? std::optional(code) : std::nullopt;
}

std::string plain_kernel_name(const std::string& symbol) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status), &std::free);
    const std::string name = status == 0 ? demangled.get() : symbol;

    // The last name outside of brackets, before the bracket that holds the parameters.
    int depth = 0;
    std::string plain;
    for (const char letter : name) {
        if (letter == '(' && depth == 0 && !plain.empty()) break;
        if (letter == '<' || letter == '(') ++depth;
        if (depth == 0 && (letter == ' ' || letter == ':')) plain.clear();
        if (depth == 0 && letter != ' ' && letter != ':') plain += letter;
        if (letter == '>' || letter == ')') depth = std::max(0, depth - 1);
    }
    return plain;
}

}  // namespace t2t::profile

#include "common/cpu_device/observer/program/disassembly.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace t2t::observer {
namespace {

/// Takes what stands before `end` off the front of `text`, and `end` with it.
std::string_view take_until(char end, std::string_view& text) {
    const std::string_view taken = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
}

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

std::string_view take_word(std::string_view& text) {
    text = trimmed(text);
    return take_until(' ', text);
}

/// Takes a hexadecimal number off the front of `text`; nothing when there is none.
std::optional<std::uint64_t> take_address(std::string_view& text) {
    std::uint64_t address = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), address, 16);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return address;
}

// objdump writes prefixes as words of their own: `lock cmpxchg …`, `data16 cs nopw …`.
bool is_prefix(std::string_view word) {
    constexpr std::array<std::string_view, 14> prefixes{
        "rep", "repz", "repnz", "lock", "bnd", "notrack", "data16",
        "cs",  "ds",   "es",    "fs",   "gs",  "ss",      "addr32"};
    for (const std::string_view prefix : prefixes) {
        if (word == prefix) return true;
    }
    return word.starts_with("rex") || word.starts_with('{');
}

/// `expf` of `<expf@plt>`, wherever it stands in the line; empty when there is none.
std::string_view symbol_in(std::string_view text) {
    const std::size_t begin = text.find('<');
    if (begin == text.npos) return {};
    text.remove_prefix(begin + 1);
    text = take_until('>', text);
    return take_until('@', text);
}

/// Whether `line` is a heading such as `0000000000001040 <copy_kernel>:`. The heading of a range
/// that begins inside a function, `<copy_kernel+0x18>:`, is none.
bool starts_function(std::string_view line) {
    return line.ends_with(">:") && line.find("+0x") == line.npos;
}

}  // namespace

Instruction parse_instruction(std::string_view text) {
    Instruction instruction;
    instruction.symbol = symbol_in(text);
    text = trimmed(take_until('#', text));  // a comment names the address of an operand
    do {
        instruction.mnemonic = take_word(text);
    } while (is_prefix(instruction.mnemonic) && !text.empty());
    instruction.operands = text = trimmed(text);
    if (instruction.mnemonic.starts_with('j') || instruction.mnemonic.starts_with("call")) {
        instruction.target = take_address(text).value_or(0);
    }
    return instruction;
}

void Disassembly::add(std::string objdump_output) {
    std::string_view output = outputs_.emplace_back(std::move(objdump_output));
    std::optional<std::pair<std::uint64_t, std::string_view>> above;
    const auto keep_above = [&](std::uint64_t next) {
        if (above) lines_.emplace(above->first, Line{above->second, next});
        above.reset();
    };
    while (!output.empty()) {
        std::string_view line = trimmed(take_until('\n', output));
        if (starts_function(line)) keep_above(0);
        const std::optional<std::uint64_t> address = take_address(line);
        if (!address || !line.starts_with(":\t")) continue;
        keep_above(*address);
        above.emplace(*address, line.substr(2));
    }
}

std::optional<Instruction> Disassembly::find(std::uint64_t address) const {
    const auto line = lines_.find(address);
    if (line == lines_.end()) return std::nullopt;
    Instruction instruction = parse_instruction(line->second.text);
    instruction.next = line->second.next;
    return instruction;
}

}  // namespace t2t::observer

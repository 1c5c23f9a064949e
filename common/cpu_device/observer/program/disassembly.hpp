/// @file
/// Machine code as binutils' objdump prints it: one line per instruction, in AT&T syntax.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace t2t::observer {

/// One instruction. Its texts live as long as the Disassembly that it comes from.
struct Instruction {
    std::string_view mnemonic;  ///< without prefixes such as `lock` and `data16`: `vfmadd231ss`
    std::string_view operands;  ///< sources first, destination last: `%xmm3,%xmm4,%xmm0`
    std::string_view symbol;    ///< the place that it names: `expf`, `copy_kernel+0x18`, or empty
    std::uint64_t target = 0;   ///< of a direct jump or call: where it goes; else 0
    std::uint64_t next = 0;     ///< address of the instruction below; 0 for a function's last one
};

/// Reads the text of one instruction, for example `vaddss 0x4(%r13),%xmm3,%xmm2`.
Instruction parse_instruction(std::string_view text);

/// Instructions by address.
class Disassembly {
 public:
    /// Adds what `objdump -d --no-show-raw-insn` printed of a range of addresses. The last
    /// instruction of a range is left out, because the range may end in its middle.
    void add(std::string objdump_output);

    /// The instruction at `address`; nothing when it has not been added.
    std::optional<Instruction> find(std::uint64_t address) const;

 private:
    struct Line {
        std::string_view text;  // mnemonic and operands
        std::uint64_t next = 0;
    };
    std::deque<std::string> outputs_;  // a deque's elements stay where they are
    std::map<std::uint64_t, Line> lines_;
};

}  // namespace t2t::observer

#include "common/cpu_device/observer/program/block_cost.hpp"

#include <set>
#include <string_view>

namespace t2t::observer {
namespace {

/// Whether the next block begins. A function may end with a jump there, instead of a call and a ret.
bool is_marker(const Instruction& instruction) {
    return instruction.symbol == "__sanitizer_cov_trace_pc";
}

/// Whether it calls what the check build has added. An atomic hook does what the kernel asks for.
bool is_hook(const Instruction& instruction) {
    const std::string_view symbol = instruction.symbol;
    return symbol.starts_with("__ubsan_") ||
           (symbol.starts_with("__tsan_") && !symbol.starts_with("__tsan_atomic"));
}

bool is_padding(const Instruction& instruction) {
    return instruction.mnemonic.starts_with("nop") || instruction.mnemonic == "endbr64" ||
           (instruction.mnemonic == "xchg" && instruction.operands == "%ax,%ax");
}

/// The registers of a hook's two arguments: whether a mov or lea was the last to write them.
class HookArguments {
 public:
    void see(const Instruction& instruction) {
        const std::string_view operands = instruction.operands;
        const std::string_view destination = operands.substr(operands.rfind(',') + 1);
        const bool prepares =
            instruction.mnemonic.starts_with("mov") || instruction.mnemonic.starts_with("lea");
        if (destination == "%rdi" || destination == "%edi") first_ = prepares;
        if (destination == "%rsi" || destination == "%esi") second_ = prepares;
    }

    /// How many instructions prepared the arguments of the hook that is called now.
    unsigned prepared_for(const Instruction& hook) const {
        // __tsan_func_exit(), __tsan_read4(address), __tsan_read_range(address, bytes) and
        // __ubsan_handle_out_of_bounds(place, index)
        const bool takes_none = hook.symbol == "__tsan_func_exit";
        const bool takes_two =
            hook.symbol.starts_with("__ubsan_") || hook.symbol.ends_with("_range");
        return (!takes_none && first_) + (takes_two && second_);
    }

 private:
    bool first_ = false, second_ = false;
};

/// Where the thread goes after `instruction`; 0 when the block ends there.
std::uint64_t way_on(const Instruction& instruction) {
    const std::string_view mnemonic = instruction.mnemonic;
    if (mnemonic.starts_with("ret") || mnemonic == "ud2" || mnemonic == "hlt") return 0;
    if (!mnemonic.starts_with("jmp")) return instruction.next;
    // A jump to the start of a function is its last call; the rarely used part of a function is a
    // symbol of its own.
    const bool inside = instruction.symbol.find("+0x") != std::string_view::npos ||
                        instruction.symbol.find(".cold") != std::string_view::npos;
    return inside ? instruction.target : 0;
}

}  // namespace

// A conditional jump is passed by: what it jumps over or to is another block with a marker of its
// own, or a few moves, or the call that reports an index out of bounds and jumps back.
BlockCost block_cost(const Disassembly& code, std::uint64_t marker,
                     std::vector<std::uint64_t>& unread) {
    BlockCost cost;
    HookArguments arguments;
    std::set<std::uint64_t> seen;
    for (std::uint64_t at = marker; at != 0 && seen.insert(at).second;) {
        const std::optional<Instruction> instruction = code.find(at);
        if (!instruction) {
            unread.push_back(at);
            break;
        }
        if (is_marker(*instruction)) break;
        at = way_on(*instruction);
        if (is_hook(*instruction)) {
            cost.instructions -= arguments.prepared_for(*instruction);
        } else if (!is_padding(*instruction)) {
            ++cost.instructions;
            count_operations(*instruction, cost);
        }
        if (instruction->mnemonic.starts_with("call")) {
            arguments = {};  // a call leaves nothing in them
        } else {
            arguments.see(*instruction);
        }
    }
    return cost;
}

}  // namespace t2t::observer

#include "common/cpu_device/observer/program/machine_code.hpp"

#include <algorithm>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>

#include "common/cpu_device/observer/program/block_cost.hpp"
#include "common/cpu_device/observer/program/disassembly.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"
#include "common/process/child_process.hpp"

namespace t2t::observer {
namespace {

// count_operations() reads x86-64's.
#if defined(__x86_64__)
constexpr bool knows_mnemonics = true;
#else
constexpr bool knows_mnemonics = false;
#endif

/// Addresses of the program's file, from `begin` up to but not including `end`.
struct Range {
    std::uint64_t begin = 0, end = 0;
};

/// Ranges that hold the code behind each of `addresses`. To start objdump costs as much as to let
/// it go through some 40 KB of code, so what is closer together becomes one range.
std::vector<Range> ranges_around(std::vector<std::uint64_t> addresses) {
    constexpr std::uint64_t longest_gap = 64 * 1024;
    constexpr std::uint64_t block = 4 * 1024;  // few basic blocks are longer, in bytes
    std::ranges::sort(addresses);
    std::vector<Range> ranges;
    for (const std::uint64_t address : addresses) {
        if (ranges.empty() || address > ranges.back().end + longest_gap)
            ranges.push_back({address});
        ranges.back().end = address + block;
    }
    return ranges;
}

std::string disassemble(const std::string& program, Range range) {
    return process::output_of({"objdump", "--disassemble", "--section=.text", "--no-show-raw-insn",
                               "--start-address=" + std::to_string(range.begin),
                               "--stop-address=" + std::to_string(range.end), program},
                              "");
}

// A block may go on far away: behind a jump, in the part of its function that is rarely used. So
// the blocks are followed again until none leaves what has been read.
void read_blocks(std::span<const std::uint64_t> markers, std::vector<BlockCost>& costs) {
    const std::string program = std::filesystem::read_symlink("/proc/self/exe");
    const std::uint64_t load_bias = program_symbols().load_bias;
    Disassembly code;
    std::set<std::uint64_t> asked_for;  // what is missing although it was read is no code
    for (;;) {
        std::vector<std::uint64_t> unread;
        for (std::size_t i = 0; i < markers.size(); ++i) {
            costs[i] = block_cost(code, markers[i] - load_bias, unread);
        }
        std::erase_if(unread, [&](std::uint64_t at) { return !asked_for.insert(at).second; });
        if (unread.empty()) return;
        for (const Range range : ranges_around(unread)) code.add(disassemble(program, range));
    }
}

}  // namespace

std::vector<BlockCost> block_costs(std::span<const std::uint64_t> markers) {
    std::vector<BlockCost> costs(markers.size());
    if (!knows_mnemonics) return costs;
    try {
        read_blocks(markers, costs);
    } catch (const std::runtime_error&) {
        costs.assign(markers.size(), {});  // no objdump: what else is seen is worth having without
    }
    return costs;
}

}  // namespace t2t::observer

/// @file
/// Asks binutils' addr2line which lines of source an instruction comes from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace t2t::observer {

/// A function that an instruction belongs to, and the line in it.
struct Frame {
    std::string function;  ///< mangled, or as the source has it; empty when unknown
    std::string file;      ///< as the compiler was told, usually absolute; empty when unknown
    int line = 0;
};

/// For each address the functions that were inlined there, from the innermost to the one that holds
/// the machine code. At least one frame each; without debug information it is an empty one.
/// @param file_addresses addresses in the running program's file, not in memory
/// @throws std::runtime_error when addr2line cannot be run
std::vector<std::vector<Frame>> inlined_frames(std::span<const std::uint64_t> file_addresses);

}  // namespace t2t::observer

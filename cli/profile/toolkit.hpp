/// @file
/// Programs of the CUDA Toolkit, wherever it is installed.
#pragma once

#include <optional>
#include <string>

#include "cli/profile/sass.hpp"

namespace t2t::profile {

/// `command` for the shell, with the toolkit's own folder ($CUDA_HOME/bin, else /usr/local/cuda/bin)
/// behind the others of the PATH.
std::string with_toolkit(const std::string& command);

/// What cuobjdump says about the machine code of a kernel.
struct CodeAnswer {
    std::optional<MachineCode> code;  ///< what was counted
    std::string why_not = {};         ///< when there is none: the reason, and what to do about it
};

/// Disassembles the kernel `symbol` of the program `file`.
CodeAnswer ask_cuobjdump(const std::string& file, const std::string& symbol);

}  // namespace t2t::profile

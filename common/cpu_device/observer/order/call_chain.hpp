/// @file
/// Who called.
#pragma once

#include <cstdint>
#include <vector>

namespace t2t::observer {

/// Return addresses of the functions that led somewhere, innermost first.
using CallChain = std::vector<std::uint64_t>;
CallChain this_call_chain();

}  // namespace t2t::observer

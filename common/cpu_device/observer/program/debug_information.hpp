/// @file
/// Whether the running program knows its sources, and where they are.
#pragma once

#include <string>

namespace t2t::observer {

/// What addr2line says about a function of the observer itself.
struct DebugInformation {
    std::string root;  ///< the project's folder with a slash at its end, as the compiler knew it
    std::string
        missing;  ///< one sentence on what is missing and what to do; empty when all is there
};

/// Asks addr2line at the first call.
const DebugInformation& debug_information();

}  // namespace t2t::observer

/// @file
/// The best profile that this build can make. Each build has one definition: gpu.cpp or cpu.cpp.
#pragma once

#include "cli/profile/subject.hpp"

namespace t2t::profile {

/// Runs the rung, looks at it, and says what was seen.
Profile profile_rung(const Subject& subject);

}  // namespace t2t::profile

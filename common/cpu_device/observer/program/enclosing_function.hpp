/// @file
/// Which function a line of source stands in.
#pragma once

#include <string>

namespace t2t::observer {

/// The name of the function whose definition, from its name to its last brace, covers a line; of a
/// lambda, the function around it. Empty when none does, or the source is not found.
/// @param file absolute, or relative to the project's root
std::string enclosing_function(const std::string& file, int line);

}  // namespace t2t::observer

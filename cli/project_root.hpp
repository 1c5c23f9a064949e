/// @file
/// Where the repository is.
#pragma once

#include <filesystem>

namespace t2t::cli {

/// The repository's root: T2T_ROOT when it is set, else the nearest folder from here upwards that holds
/// `chapters/` and `CMakeLists.txt`.
/// @throws std::runtime_error when there is none
std::filesystem::path project_root();

}  // namespace t2t::cli

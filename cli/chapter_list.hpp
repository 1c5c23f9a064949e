/// @file
/// Chapters by the names that people type.
#pragma once

#include <string>
#include <string_view>

#include "chapters/chapters.hpp"

namespace t2t::cli {

/// The chapter that `word` means: `3`, `03`, `shared_memory`, `03_shared_memory` and `chapters/03_shared_memory/`
/// are the same one.
/// @throws UsageError when that chapter is still to come, or when there is none of that name; the
///         message then lists those that stand
const Chapter& find_chapter(std::string_view word);

}  // namespace t2t::cli

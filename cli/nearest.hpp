/// @file
/// What a mistyped word was meant to be.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace t2t::cli {

/// The candidate that `word` is meant to be: one that it begins, or a slip or two away from it.
/// @returns empty when none is near
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace t2t::cli

/// @file
/// What programs use and the CPU device does not serve, with the sentence that each gets.
#pragma once

#include <string>
#include <string_view>

namespace t2t::own {

/// What stands behind `error ` in the place of a directive that includes what is not served; the header's name follows.
inline constexpr std::string_view unserved_header_mark = "not served: ";

/// The library that a header is of, such as `cuBLAS`; empty when it is served, or no header of CUDA's.
std::string library_of_header(std::string_view header);

/// The feature that a name which the compiler does not know belongs to, such as `textures` for
/// `tex2D`; empty when it is none of CUDA's.
std::string feature_of_name(std::string_view name);

}  // namespace t2t::own

/// @file
/// Takes the names of functions and variables apart.
#pragma once

#include <cctype>
#include <string>
#include <vector>

namespace t2t::observer {

/// Whether a character can be part of an identifier.
inline bool in_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// The names that a name consists of, from the outermost namespace to the function or variable
/// itself, without return types, template arguments and parameters. Unnamed namespaces and lambdas
/// have no part: what a lambda does, the function that contains it does.
///
/// `_ZZN3t2t12_GLOBAL__N_114padded_kernelEPKfE4tile` becomes t2t, padded_kernel, tile. What the
/// compiler adds to a variable keeps its description: `guard variable for tile`.
/// @param symbol as the linker knows it, or as debug information writes it: `scale<float, 4>`
std::vector<std::string> name_parts(const std::string& symbol);

}  // namespace t2t::observer

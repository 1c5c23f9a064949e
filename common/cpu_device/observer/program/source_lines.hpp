/// @file
/// From addresses of machine code to source lines, and from kernels to the names of their parameters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/cpu_device/observer/program/source_line.hpp"

namespace t2t::observer {

/// Where each of `addresses` comes from. Asks binutils' addr2line once for all of them.
///
/// Of the functions that were inlined there, the innermost that is written in a file of the course
/// counts: what the CPU device's and the device wrappers' headers (below common/cpu_device and
/// common/device) do on a kernel's behalf belongs to the kernel's line. Files below the project's root are named relative to it. Function
/// names have neither namespaces, template arguments nor parameters: `padded_kernel`.
/// @param addresses of instructions of the running program, as they are in memory; of a call, its
///        return address
/// @returns one for each address, in their order; empty ones where the program has no debug
///          information
std::vector<SourceLine> source_lines(std::span<const std::uint64_t> addresses);

/// Files below `folder` are named relative to it, in place of the project's root: for programs of one's own.
void name_files_from(const std::string& folder);

/// Where a file is that a SourceLine names: below that folder, or below the project's root.
std::string path_of(const std::string& file);

/// Whether a learner would look for code in this file: it is neither the CPU device's nor a library's.
bool is_of_the_course(const std::string& file);

/// The name of the function that begins at `function`, from the linker's table: quick.
std::string function_name_at(const void* function);

/// Whether the running program has debug information that source_lines() can read, and addr2line is
/// there. @returns empty when it is so, else one sentence about what is missing and what to do
std::string why_no_source_lines();

/// The names of a function's parameters, read from the source where it is defined.
/// @param definition the line that source_lines() gives for the function's own address
/// @returns in order; a parameter without a name is empty. Empty when the source is not found.
std::vector<std::string> parameter_names(const SourceLine& definition);

/// The name of a function or variable as the linker knows it, demangled and stripped to its last
/// part: `_ZZN3t2t12_GLOBAL__N_114padded_kernelEPKfE4tile` becomes `tile`.
std::string plain_name(const std::string& symbol);

}  // namespace t2t::observer

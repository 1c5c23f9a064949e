/// @file
/// What a kernel's machine code (SASS) is made of, counted in what cuobjdump prints.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace t2t::profile {

/// Instructions of one kernel, each counted once however often it runs.
struct MachineCode {
    int instructions = 0;         ///< all, without NOP
    int global_loads = 0;         ///< LDG, and LDGSTS, which copies to shared memory
    int global_stores = 0;        ///< STG
    int shared_loads = 0;         ///< LDS, LDSM
    int shared_stores = 0;        ///< STS, STSM, LDGSTS
    int widest_global_load = 0;   ///< bytes per lane of the widest: 1 to 16; 0 when there is none
    int widest_global_store = 0;  ///< likewise
    int widest_shared_load = 0;   ///< likewise
    int widest_shared_store = 0;  ///< likewise
    int wide_global_loads = 0;    ///< those of 16 bytes per lane
    int local = 0;                ///< LDL, STL: local memory, where registers did not suffice
    int tensor = 0;               ///< products of fragments: HMMA, IMMA, HGMMA …
    int multiply_adds = 0;        ///< FFMA
    int special = 0;              ///< MUFU: reciprocals, roots, ex2, sines
    int barriers = 0;             ///< BAR.SYNC
};

/// Counts the function `symbol` in the text that `cuobjdump --dump-sass` printed. Of several
/// architectures in one program the first counts.
/// @returns nothing when the text has no machine code of that function
std::optional<MachineCode> machine_code(std::string_view text, std::string_view symbol);

/// A kernel's name without namespaces, template arguments and parameters: `_ZN3t2t…13padded_kernel…`
/// and `void t2t::padded_kernel<4>(const float*)` are both `padded_kernel`.
std::string plain_kernel_name(const std::string& symbol);

}  // namespace t2t::profile

/// @file
/// Planted faults: kernels with one mistake each, and what the observer must say about it.
///
/// The lines of a kernel that a report has to name carry the comment `// fault`: the access or the
/// barrier; of a race both accesses, unless they stand on one line.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/observe.hpp"

namespace t2t::observer {

using At = const ThreadPlace&;

/// For Planted::guilty: every thread does it.
inline bool anyone(At, At) {
    return true;
}

/// Whether a race must name the other thread. Of several lanes that have a byte or two each of one
/// word, the observer does not know which lane has which.
enum class Partner { is_known, may_be_unknown };

/// A kernel with one fault.
struct Planted {
    const char* kernel;  ///< its name, as in the source
    FaultKind kind;
    void (*launch)();  ///< makes its memory and launches it
    /// Must stand in Fault::what: the place relative to an allocation, named by the parameter.
    const char* says;
    /// Whether such threads do it. Of a race: the threads at the first and at the second line
    /// marked, or at the same line, in either order. Else the second is meaningless.
    bool (*guilty)(At, At);
    /// Other kinds that follow from the same mistake and may be reported at the same lines.
    std::vector<FaultKind> also = {};
    Partner partner = Partner::is_known;

    friend void PrintTo(const Planted& planted, std::ostream* out) { *out << planted.kernel; }
};

/// The test's name: the kernel's without `_kernel`.
inline std::string planted_name(const testing::TestParamInfo<Planted>& info) {
    const std::string kernel = info.param.kernel;
    return kernel.substr(0, kernel.rfind("_kernel"));
}

/// Launches it and compares the report.
/// @param file where the kernel stands, from the project's root: the caller's __FILE__
void expect_found(const Planted& planted, const std::string& file);

}  // namespace t2t::observer

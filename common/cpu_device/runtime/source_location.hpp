/// @file
/// Where a function was called from.
#pragma once

namespace t2t {

/// File and line of a call. std::source_location is the standard's name for this; clang 14 does not
/// have it.
struct SourceLocation {
    const char* file = "";
    unsigned line = 0;

    /// As the default value of a parameter: where the function is called.
    static constexpr SourceLocation current(const char* file = __builtin_FILE(),
                                            unsigned line = __builtin_LINE()) {
        return {file, line};
    }
};

}  // namespace t2t

/// @file
/// A place in the source.
#pragma once

#include <string>

namespace t2t::observer {

/// A place in the source. `file` is relative to the project's root where it lies below it; it is
/// empty and `line` 0 when the place is unknown.
struct SourceLine {
    std::string file;
    int line = 0;
    std::string function;  ///< the function that the line belongs to, without its parameters

    friend bool operator==(const SourceLine& a, const SourceLine& b) {
        return a.file == b.file && a.line == b.line;
    }
    friend bool operator<(const SourceLine& a, const SourceLine& b) {
        return a.file != b.file ? a.file < b.file : a.line < b.line;
    }
};

}  // namespace t2t::observer

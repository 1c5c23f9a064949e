/// @file
/// The course as data: its chapters in order, and the ladders that each one declares.
///
/// The command line, the documentation and the tests walk this list; a chapter is entered once, in
/// chapters.cpp, and its rungs are read from its own header.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/lab/ladder.hpp"

namespace t2t {

/// One rung, without its function type.
struct RungEntry {
    std::string_view name;  ///< `v1_one_element`
    std::string_view idea;  ///< one line: what this rung does differently
    Needs needs;            ///< the least device it runs on
};

/// One ladder, without its function type.
struct LadderEntry {
    std::string_view operation;    ///< `vector_add`
    std::vector<RungEntry> rungs;  ///< in climbing order
};

/// One chapter of the course.
struct Chapter {
    int number;                        ///< 1 to 20
    std::string_view name;             ///< `vector_add`
    std::string_view title;            ///< `Vector add`
    std::vector<LadderEntry> ladders;  ///< none while the chapter is to come

    /// Is the chapter written, or still to come?
    bool stands() const { return !ladders.empty(); }
    /// `01_vector_add`: its folder in chapters/, exercises/ and solutions/.
    std::string folder() const;
};

/// All chapters, in order: those that stand and those to come.
const std::vector<Chapter>& chapters();

}  // namespace t2t

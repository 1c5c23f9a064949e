/// @file
/// The course as data: its chapters in order. Their ladders are in ladders.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace t2t {

/// One chapter of the course.
struct Chapter {
    int number;              ///< 1 to 20
    std::string_view name;   ///< `vector_add`
    std::string_view title;  ///< `Vector add`
    bool stands = true;      ///< is it written, or still to come?

    /// `01_vector_add`: its folder in chapters/, exercises/ and solutions/.
    std::string folder() const;
};

/// All chapters, in order: those that stand and those to come.
const std::vector<Chapter>& chapters();

}  // namespace t2t

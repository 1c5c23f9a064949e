#include "cli/check/drawn_line.hpp"

#include <charconv>

#include "cli/usage_error.hpp"

namespace t2t::rung_check {

DrawnLine parse_drawn_line(const std::string& words) {
    const std::size_t colon = words.rfind(':');
    DrawnLine drawn;
    if (colon != std::string::npos) drawn.file = words.substr(0, colon);
    const std::string number = colon == std::string::npos ? words : words.substr(colon + 1);
    const char* end = number.data() + number.size();
    const auto parsed = std::from_chars(number.data(), end, drawn.line);
    const bool has_file = colon == std::string::npos || colon > 0;
    if (parsed.ec != std::errc() || parsed.ptr != end || drawn.line < 1 || !has_file) {
        throw cli::UsageError("--draw takes a line of the file, such as 44, or FILE:LINE; '" +
                              words + "' is neither");
    }
    return drawn;
}

}  // namespace t2t::rung_check

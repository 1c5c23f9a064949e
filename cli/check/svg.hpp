/// @file
/// Writes SVG: rectangles and words on a background of its own, with nothing loaded from elsewhere.
#pragma once

#include <string>
#include <string_view>

namespace t2t::rung_check {

/// A picture that grows downwards. Lengths are in pixels, y points down.
class Svg {
 public:
    /// Where a word's x stands: at its start, middle or end.
    enum class Anchor { start, middle, end };

    /// @param width of the whole picture
    explicit Svg(double width) : width_(width) {}

    /// @param kind  what the rectangle stands for: its `class`, for tests and style sheets
    /// @param fill  a colour, `#rrggbb`
    void rectangle(std::string_view kind, double x, double y, double width, double height,
                   std::string_view fill);
    /// @param y    of the line that the letters stand on
    /// @param size of the letters
    void text(double x, double y, double size, std::string_view words,
              Anchor anchor = Anchor::start, std::string_view fill = "#1a1a1a");
    /// The whole file.
    std::string finish(double height) const;

 private:
    double width_;
    std::string body_;
};

/// `text` with what XML reserves replaced: `<` becomes `&lt;`. Control characters are left out.
std::string escaped(std::string_view text);

}  // namespace t2t::rung_check

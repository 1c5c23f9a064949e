#include "cli/check/svg.hpp"

#include "common/text.hpp"

namespace t2t::rung_check {
namespace {

std::string attribute(std::string_view name, std::string_view value) {
    return ' ' + std::string(name) + "=\"" + std::string(value) + '"';
}

std::string attribute(std::string_view name, double value) {
    return attribute(name, formatted("%g", value));
}

const char* anchor_name(Svg::Anchor anchor) {
    switch (anchor) {
        case Svg::Anchor::start:
            return "start";
        case Svg::Anchor::middle:
            return "middle";
        case Svg::Anchor::end:
            return "end";
    }
    return "";
}

}  // namespace

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) {
        switch (c) {
            case '&':
                safe += "&amp;";
                break;
            case '<':
                safe += "&lt;";
                break;
            case '>':
                safe += "&gt;";
                break;
            case '"':
                safe += "&quot;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= ' ') safe += c;
        }
    }
    return safe;
}

void Svg::rectangle(std::string_view kind, double x, double y, double width, double height,
                    std::string_view fill) {
    body_ += "<rect" + attribute("class", kind) + attribute("x", x) + attribute("y", y) +
             attribute("width", width) + attribute("height", height) + attribute("fill", fill) +
             attribute("stroke", "#8a8a8a") + attribute("stroke-width", 0.5) + "/>\n";
}

void Svg::text(double x, double y, double size, std::string_view words, Anchor anchor,
               std::string_view fill) {
    body_ += "<text" + attribute("x", x) + attribute("y", y) + attribute("font-size", size) +
             attribute("text-anchor", anchor_name(anchor)) + attribute("fill", fill) + '>' +
             escaped(words) + "</text>\n";
}

std::string Svg::finish(double height) const {
    return "<svg" + attribute("xmlns", "http://www.w3.org/2000/svg") + attribute("width", width_) +
           attribute("height", height) +
           attribute("viewBox", formatted("0 0 %g %g", width_, height)) +
           attribute("font-family", "sans-serif") + ">\n<rect" + attribute("width", width_) +
           attribute("height", height) + attribute("fill", "#ffffff") + "/>\n" + body_ + "</svg>\n";
}

}  // namespace t2t::rung_check

#include "cli/check/draw.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <filesystem>

#include "cli/check/columns.hpp"
#include "common/text.hpp"

namespace t2t::rung_check {
namespace {

/// Are the set bits of `lanes` neighbours?
bool are_neighbours(std::uint32_t lanes) {
    const int span = 32 - std::countl_zero(lanes) - std::countr_zero(lanes);
    return span == std::popcount(lanes);
}

std::string place(const uint3& index) {
    return formatted("(%u, %u, %u)", index.x, index.y, index.z);
}

void draw_legend(Svg& svg, double y) {
    double x = picture_left;
    for (int first = 0; first < 32; first += 8) {
        svg.rectangle("legend", x, y, 12, 12, lane_colour(first));
        svg.text(x + 17, y + 10, 11,
                 "lanes " + std::to_string(first) + "–" + std::to_string(first + 7));
        x += 110;
    }
}

}  // namespace

std::string lane_colour(int lane) {
    constexpr std::array colours{"#9ecae1", "#a1d99b", "#fdbf8a", "#cbc9e2"};
    return colours[static_cast<std::size_t>(lane) / 8];
}

std::string lane_numbers(std::uint32_t lanes) {
    if (!are_neighbours(lanes)) return "×" + std::to_string(std::popcount(lanes));
    const int first = std::countr_zero(lanes);
    const int last = 31 - std::countl_zero(lanes);
    return std::to_string(first) + (first == last ? "" : "–" + std::to_string(last));
}

std::string title(const observer::Request& request) {
    std::string text = std::filesystem::path(request.where.file).filename().string() + ':' +
                       std::to_string(request.where.line) + " · " +
                       (request.atomic  ? "atomic on "
                        : request.store ? "store to "
                                        : "load of ");
    if (request.memory.empty()) {
        text += request.shared ? "shared memory" : "global memory";
    } else {
        text += '`' + request.memory + '`';
    }
    const auto taking_part = static_cast<std::uint64_t>(std::popcount(request.lanes));
    const bool one = taking_part == 1;
    if (are_neighbours(request.lanes)) {
        text += (one ? ", lane " : ", lanes ") + lane_numbers(request.lanes);
    } else {
        text += ", " + counted(taking_part, "lane");
    }
    text += ", " + counted(request.bytes, "byte") + (one ? ": " : " each: ");
    return text + (request.shared ? counted(request.passes, "pass", "es")
                                  : counted(request.sectors, "sector"));
}

void draw_lanes(Svg& svg, std::uint32_t lanes, double x, double y, double width, double height,
                const std::string& kind, const std::string& fill) {
    svg.rectangle(kind, x, y, width, height, fill);
    const std::string numbers = lane_numbers(lanes);
    // A digit is about 0.65 of its size wide; among small cells all have their number or none has.
    const auto digits = static_cast<double>(std::max<std::size_t>(2, t2t::width(numbers)));
    const double size = std::min(10.0, width / (0.65 * digits));
    if (size < 6) return;  // not legible
    svg.text(x + width / 2, y + height / 2 + 0.36 * size, size, numbers, Svg::Anchor::middle);
}

std::string picture(const std::vector<observer::Request>& requests) {
    Svg svg(picture_width);
    double y = 0;
    for (const observer::Request& request : requests) {
        y += 28;
        svg.text(16, y, 15, title(request));
        y += 18;
        svg.text(16, y, 11,
                 "the warp of block " + place(request.warp.block) + ", thread " +
                     place(request.warp.thread),
                 Svg::Anchor::start, "#5a5a5a");
        y += 22;
        y = request.shared ? draw_shared(svg, request, y) : draw_global(svg, request, y);
    }
    draw_legend(svg, y + 16);
    return svg.finish(y + 44);
}

}  // namespace t2t::rung_check

#include <algorithm>
#include <bit>
#include <map>

#include "cli/check/draw.hpp"

namespace t2t::rung_check {
namespace {

constexpr std::int64_t line_bytes = 128;
constexpr std::int64_t sector_bytes = 32;
constexpr double byte_width = 5;
constexpr double lane_height = 18;
constexpr double gap = 7;  // between lines of memory that are not neighbours

/// The line of 128 bytes that holds `offset`, also before the start of the memory.
std::int64_t line_of(std::int64_t offset) {
    return (offset >= 0 ? offset : offset - (line_bytes - 1)) / line_bytes;
}

/// Bytes that one or more lanes want, cut at the ends of lines.
struct Piece {
    std::int64_t bytes = 0;
    std::uint32_t lanes = 0;
};

std::map<std::int64_t, Piece> pieces(const observer::Request& request) {
    std::map<std::int64_t, Piece> all;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((request.lanes >> lane & 1) == 0) continue;
        const std::int64_t end = request.offset[lane] + request.bytes;
        for (std::int64_t begin = request.offset[lane]; begin < end;) {
            const std::int64_t cut = std::min(end, (line_of(begin) + 1) * line_bytes);
            Piece& piece = all[begin];
            piece.bytes = std::max(piece.bytes, cut - begin);
            piece.lanes |= 1u << lane;
            begin = cut;
        }
    }
    return all;
}

}  // namespace

double draw_global(Svg& svg, const observer::Request& request, double y) {
    const std::map<std::int64_t, Piece> all = pieces(request);
    for (std::int64_t byte = 0; byte < line_bytes; byte += sector_bytes) {
        svg.text(picture_left + byte_width * double(byte), y, 10, "+" + std::to_string(byte));
    }
    y += 5;

    double bottom = y;
    std::int64_t line = all.empty() ? 0 : line_of(all.begin()->first) - 1;
    for (auto piece = all.begin(); piece != all.end();) {
        const std::int64_t above = line;
        line = line_of(piece->first);
        if (bottom > y && line != above + 1) bottom += gap;

        const std::int64_t first_byte = line * line_bytes;
        const auto end = all.lower_bound(first_byte + line_bytes);
        bool touched[line_bytes / sector_bytes]{};
        for (auto one = piece; one != end; ++one) {
            const std::int64_t begin = one->first - first_byte;
            const std::int64_t last = begin + one->second.bytes - 1;
            for (auto s = begin / sector_bytes; s <= last / sector_bytes; ++s) touched[s] = true;
        }
        svg.text(picture_left - 8, bottom + 13, 10, "byte " + std::to_string(first_byte),
                 Svg::Anchor::end);
        for (std::int64_t sector = 0; sector < line_bytes / sector_bytes; ++sector) {
            svg.rectangle(touched[sector] ? "sector touched" : "sector",
                          picture_left + byte_width * double(sector * sector_bytes), bottom,
                          byte_width * sector_bytes, lane_height,
                          touched[sector] ? "#fff0b3" : "#f4f4f4");
        }
        for (; piece != end; ++piece) {
            const auto& [begin, wanted] = *piece;
            draw_lanes(svg, wanted.lanes, picture_left + byte_width * double(begin - first_byte),
                       bottom + 3, byte_width * double(wanted.bytes), lane_height - 6, "lane",
                       lane_colour(std::countr_zero(wanted.lanes)));
        }
        bottom += lane_height;
    }
    return bottom;
}

}  // namespace t2t::rung_check

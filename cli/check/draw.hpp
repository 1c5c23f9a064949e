/// @file
/// Pictures of warp requests: which lane touches which sector or bank.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/check/svg.hpp"
#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// An SVG file, 800 pixels wide, with each request below the one before.
///
/// Of global memory a row is a line of 128 bytes with its four sectors of 32 bytes; of shared memory
/// a row is one pass over the 32 banks. Cells bear the numbers of the lanes that want those bytes.
std::string picture(const std::vector<observer::Request>& requests);

/// `v2_tile.cu:41 · load of `in`, lanes 0–31, 4 bytes each: 4 sectors`.
std::string title(const observer::Request& request);

// ---- parts of the picture -----------------------------------------------------------------------

constexpr double picture_width = 800;  ///< pixels
constexpr double picture_left = 120;   ///< rows begin here; their names stand to the left

/// Draws a request of global memory from `y` downwards. @returns where it ends
double draw_global(Svg& svg, const observer::Request& request, double y);
/// The same of shared memory.
double draw_shared(Svg& svg, const observer::Request& request, double y);

/// Draws the cell of the lanes in the bit mask `lanes`, with their numbers when there is room.
void draw_lanes(Svg& svg, std::uint32_t lanes, double x, double y, double width, double height,
                const std::string& kind, const std::string& fill);
/// The colour of a lane's cells: one for each eight lanes, a quarter of a warp.
std::string lane_colour(int lane);
/// `7`, `0–31`, or `×16` for sixteen lanes that are not neighbours.
std::string lane_numbers(std::uint32_t lanes);

}  // namespace t2t::rung_check

/// @file
/// What tiles of several warps share in a block: how many warps have arrived, and where each thread's
/// value lies.
#pragma once

namespace t2t::cpu_device {

/// How many warps have arrived, over and over, at the tile that begins with thread `first` of the
/// current block; 0 when the block begins.
unsigned* wide_tile_arrivals(unsigned first);

/// For each thread of the current block, the address of the value that it shows to its tile.
const void** wide_tile_values();

}  // namespace t2t::cpu_device

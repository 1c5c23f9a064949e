/// @file
/// The report of `t2t check FILE.cu`, made by the program that is checked when it ends.
#pragma once

namespace t2t::own {

/// Prints what has been seen so far, once, when this program runs under `t2t check`. Else does nothing.
/// @returns whether a fault was seen
bool report_now();

}  // namespace t2t::own

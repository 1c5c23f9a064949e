/// @file
/// Rules for measured numbers: each says on what it was measured.
#pragma once

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// A rung's `Measured` lines hold a figure and the device it was measured on.
Findings rung_measurements(const Tree& tree);
/// A table of times or rates in a lesson, or in the README, has a line near it that names the device.
Findings measured_tables(const Tree& tree);

}  // namespace t2t::dev_check

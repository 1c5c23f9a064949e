/// @file
/// What a row's repetitions are summed up by.
#pragma once

#include <vector>

namespace t2t::lab {

/// The value below which `fraction` of the samples lie, linear between neighbours (Hyndman and Fan's
/// type 7, the default of R and NumPy).
/// @param samples  at least one, in any order
/// @param fraction 0 to 1; 0.5 is the median
/// @throws std::invalid_argument when there is no sample
double percentile(std::vector<double> samples, double fraction);

}  // namespace t2t::lab

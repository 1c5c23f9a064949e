/// @file
/// From what a source measured to the sentences of a profile.
#pragma once

#include <vector>

#include "cli/profile/profile.hpp"
#include "cli/profile/sentences.hpp"

namespace t2t::profile {

/// The kernel that a profile speaks of: the one that took longest, the first of equals.
/// @param kernels at least one
const Kernel& longest(const std::vector<Kernel>& kernels);

/// The place in `kernels` of the one that has most threads, the first of equals; that of the one that a
/// profile speaks of when nobody timed them.
/// @param kernels at least one
std::size_t largest(const std::vector<Kernel>& kernels);

/// The sentences about kernels that ncu watched.
/// @param speed of all of them together
std::vector<Sentence> sentences_of_ncu(const std::vector<Kernel>& kernels, const Speed& speed);

/// What CUDA's own calls say about a rung on a GPU whose counters may not be read.
struct EventFacts {
    Speed speed;                       ///< of the whole rung
    double fp32_roof = 0;              ///< TFLOP/s of this machine
    double copy_roof = 0;              ///< GB/s of this machine
    bool launches_kernels = true;      ///< false when a record of one run has none
    std::vector<Kernel> kernels = {};  ///< none when nothing could be recorded
    std::vector<Fit> fits = {};        ///< one for each kernel
    std::string wrong = {};            ///< what is wrong with the result; empty when it is right
};

/// The sentences about a rung that was timed with events.
std::vector<Sentence> sentences_of_events(const EventFacts& facts);

}  // namespace t2t::profile

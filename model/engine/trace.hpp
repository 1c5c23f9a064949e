/// @file
/// A record of launches: what ran, how long, and how many bytes it had to move.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/device/event.hpp"

namespace t2t::model {

/// One launch of an operation.
struct Launch {
    std::string_view operation;       ///< `rms_norm`
    std::string_view rung;            ///< `v1_naive`
    int chapter = 0;                  ///< whose rung it is
    std::vector<std::int64_t> shape;  ///< the sizes that the operation is called with
    double bytes = 0;                 ///< each input read once, each output written once
    double microseconds = 0;          ///< of device time, launch included
};

/// Launches in the order in which they were queued, each timed by two events.
class Trace {
 public:
    /// Times what is queued on `stream` between begin() and end().
    void begin(cudaStream_t stream);
    /// Ends the launch that begin() opened.
    void end(cudaStream_t stream, Launch launch);

    /// The launches with their times; waits for the device.
    std::vector<Launch> finish();

 private:
    std::vector<Event> starts_, ends_;
    std::vector<Launch> launches_;
};

/// The launches as a table, then the share of each chapter.
/// @param copy_gb_s the device's copy bandwidth, which `% of roof` divides by; 0 leaves that out
std::string describe(const std::vector<Launch>& launches, double copy_gb_s);

}  // namespace t2t::model

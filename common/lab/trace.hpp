/// @file
/// A record of what run() ran: which rung, how long, and what it had to move.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/event.hpp"
#include "common/lab/ladder.hpp"

namespace t2t {

/// One operation that was run.
struct TraceEntry {
    std::string_view operation;  ///< `rms_norm`
    std::string_view rung;       ///< `v1_naive`
    int depth = 0;               ///< 0: run by the generator; 1: by a chain of depth 0, and so on
    std::vector<std::int64_t> sizes;  ///< the operation's
    Work work;                        ///< what it had to move and compute
    double microseconds =
        0;  ///< of device time, launch included, without what it ran of greater depth
};

/// What was run, in the order in which it began, each timed by two events.
class Trace {
 public:
    /// Opens an entry. Entries nest: what begins before the end is run by this one.
    /// @returns its number, for end()
    std::size_t begin(std::string_view operation, std::string_view rung, cudaStream_t stream);
    /// Closes the entry.
    void end(std::size_t entry, std::vector<std::int64_t> sizes, Work work, cudaStream_t stream);

    /// The entries with their times; waits for the device.
    std::vector<TraceEntry> finish();

 private:
    std::vector<Event> starts_, ends_;
    std::vector<TraceEntry> entries_;
    int depth_ = 0;
};

}  // namespace t2t

/// @file
/// A benchmark case with its types erased: what the harness runs, times and prints.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::lab {

/// What a case cannot run faster than.
enum class Roof {
    copy,  ///< device memory: the bandwidth of a device-to-device copy in the same run
    fp32,  ///< arithmetic: the measured fp32 multiply-add peak of this machine
};

/// One implementation in a case: a rung of the ladder, or the library's.
struct BenchRow {
    std::string name;         ///< the rung's or the library's
    Needs needs{};            ///< the devices it runs on
    bool is_library = false;  ///< the library's, not a rung
    std::string refusal{};    ///< why the rung does not take this shape; empty when it does
    /// Queues one run on operand set `set`.
    std::function<void(std::size_t set, cudaStream_t stream)> run;
};

/// Why `row` does not run on `device`, or not on its shape; empty when it does.
std::string why_not(const BenchRow& row, const DeviceProperties& device);

/// A case's operands in device memory, and how to judge what a run wrote.
struct BenchOperands {
    std::vector<BenchRow> rows;  ///< in climbing order, then the library's
    /// Fills the output of `set` with a pattern that is NaN as fp32, so that nothing passes unwritten.
    std::function<void(std::size_t set)> poison;
    /// What is wrong with the output of `set`, in one sentence; empty when it is right.
    std::function<std::string(std::size_t set)> fault;
};

/// One table: a ladder on one shape.
struct BenchCase {
    std::string operation;              ///< the ladder's name
    std::string shape;                  ///< label, for example `16384 × 16384`
    Work work{};                        ///< what one run must move and compute
    Roof roof = Roof::copy;             ///< what bounds it
    bool waits_for_the_device = false;  ///< a launcher may wait, so no row is recorded in a graph
    std::vector<std::string> rungs{};   ///< the ladder's rungs, in climbing order
    /// Allocates and fills `sets` sets of operands; called when the case's turn comes.
    std::function<BenchOperands(std::size_t sets)> prepare{};
};

}  // namespace t2t::lab

/// @file
/// Numbers in, sentences out: what a figure means, and what usually helps when it is bad.
///
/// Nothing here looks at a machine, so that every sentence can be tested with numbers worked out by
/// hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/profile/profile.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::profile {

/// As much may DRAM's bytes differ from those that must move: counters, descriptors, a cold cache.
inline constexpr double byte_slack = 1.15;

// ---- accesses -----------------------------------------------------------------------------------

/// Loads or stores, of global or shared memory.
struct Accesses {
    double each = 0;   ///< what a warp's request takes: sectors of global, passes of shared memory
    double least = 0;  ///< what the bytes of its lanes take at best; 0 when nobody knows
    std::string where = {};  ///< the worst line, such as `v2_tile.cu:44`; empty when nobody knows
    double requests = 1;     ///< how many; 1 when nobody knows
};

/// How well the loads and stores of global memory are coalesced. Nothing when there are none.
std::optional<Sentence> coalescing_sentence(const std::optional<Accesses>& loads,
                                            const std::optional<Accesses>& stores);

/// Whether lanes meet in the banks of shared memory. Nothing when it is not used.
std::optional<Sentence> banks_sentence(const std::optional<Accesses>& loads,
                                       const std::optional<Accesses>& stores);

/// DRAM's bytes against those that must move. Nothing when none were counted.
std::optional<Sentence> dram_sentence(std::optional<double> read, std::optional<double> written,
                                      double must_move);

/// What share of the sectors the caches had. Nothing when it was not counted.
std::optional<Sentence> caches_sentence(const Metrics& metrics);

/// Whether lanes of a warp meet at one address of an atomic operation. Nothing when there is none.
/// @param rounds that the requests took: lanes with the same address go one after the other
std::optional<Sentence> atomics_sentence(double requests, double rounds);

/// What requests move in sectors, and what is left of it behind an L2, against what must move.
Sentence sectors_sentence(double moved, double behind_l2, double must_move);

// ---- limits -------------------------------------------------------------------------------------

/// The busiest part of the GPU, and whether it is the limit. Nothing when no part was watched.
/// @param dram_times DRAM's bytes over those that must move; 0 when nobody knows
std::optional<Sentence> limit_sentence(const Metrics& metrics, double dram_times = 0);

/// What warps wait for most, unless that only says again that DRAM is the limit. Nothing when waiting
/// was not watched.
std::optional<Sentence> waiting_sentence(const Metrics& metrics);

/// Whether all SMs have work, and enough warps of it. Nothing when neither was watched.
std::optional<Sentence> filling_sentence(const Metrics& metrics);

/// How many instructions a warp executes. Nothing when they were not counted.
std::optional<Sentence> instructions_sentence(const Metrics& metrics, const Launch& launch);

/// Whether the lanes of a warp go the same way. Nothing when it was not counted.
std::optional<Sentence> divergence_sentence(const Metrics& metrics);

/// How many operations come with a byte, against how many a device does in that time.
/// @param ridge operations that the device does while it moves a byte
/// @param whose words for that device, such as `a GPU like the H200`
Sentence intensity_sentence(const Work& work, double ridge, const std::string& whose);

// ---- what ran -----------------------------------------------------------------------------------

/// How many kernels ran, and how many threads of the one that the other sentences are about.
/// @param kernels how many there are to choose from, and `seen` by whom, such as ` that ncu watched`
/// @param share   why this one, such as `61 % of their time`; empty when nobody knows
Sentence launch_sentence(std::size_t kernels, const Kernel& main_kernel, const std::string& share,
                         const std::string& seen = "");

/// A time, and the rate that it makes of the bytes or operations of a run.
struct Speed {
    double milliseconds = 0;     ///< of one run
    Work work = {};              ///< that the run did
    bool arithmetic = false;     ///< judged by operations, else by bytes
    double roof = 0;             ///< GB/s or TFLOP/s that the machine reached; 0 when nobody knows
    std::string roof_name = {};  ///< what reached it; empty for this GPU's copy or multiply-adds
    std::string measured_by = {};  ///< `by events, the median of 5 samples`
};

/// How fast that is, beside the roof.
Sentence speed_sentence(const Speed& speed);

/// Why no more blocks fit on an SM.
enum class OccupancyLimit { threads, blocks, registers, shared_memory };

/// What the blocks of a kernel take, and how many fit.
struct Fit {
    int registers = 0;             ///< a thread
    int local_bytes = 0;           ///< of local memory, a thread
    int shared_bytes = 0;          ///< a block
    int threads = 0;               ///< a block
    int blocks_on_sm = 0;          ///< at once
    double occupancy_percent = 0;  ///< of the warps that an SM can hold
    OccupancyLimit limit{};        ///< what keeps out the next block
};

/// How full an SM can be, and what keeps it from being fuller.
Sentence occupancy_sentence(const Fit& fit);

/// Whether the blocks fill the GPU. @param waves blocks over those that fit on the GPU at once
Sentence waves_sentence(double waves);

/// What the machine code says about widths, spills and tensor cores.
Sentence code_sentence(const MachineCode& code);

}  // namespace t2t::profile

/// @file
/// The numbers that a profile is made of, by the names that Nsight Compute gives them.
///
/// All sources speak this one language: ncu itself, the CPU device's observer, and CUDA's events and
/// occupancy calls. So a sentence is written once, and a number from the CPU device can be looked for
/// in ncu by its name.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace t2t::profile {

/// Values by metric: bytes, nanoseconds, per cent or plain numbers, see Unit.
using Metrics = std::map<std::string, double, std::less<>>;

/// The value of `name`; nothing when it was not measured.
std::optional<double> value_of(const Metrics& metrics, std::string_view name);

/// What a metric counts in.
enum class Unit { bytes, nanoseconds, percent, count, ratio, cycles };

/// `bytes`, `nanoseconds` and so on: for machines.
std::string_view unit_name(Unit unit);

/// `1.07 GB`, `0.626 ms`, `71.0 %`, `8,388,608`, `4.00`: for people.
std::string text_of(double value, Unit unit);

/// What the course knows about a metric.
struct MetricInfo {
    std::string_view metric;   ///< ncu's name
    std::string_view name;     ///< a plain one, short
    Unit unit;                 ///< of its value
    std::string_view meaning;  ///< how to read it, in half a line
};

/// The entry for `metric`, or nullptr when the course does not use it.
const MetricInfo* find_metric(std::string_view metric);

/// The place of `metric` among those that the course uses, for an order that people can read; unknown
/// ones come last.
int rank_of(std::string_view metric);

// Metrics that sentences are about.
/// Time of one launch.
inline constexpr std::string_view duration = "gpu__time_duration.sum";
/// Bytes that DRAM sent.
inline constexpr std::string_view dram_read = "dram__bytes_read.sum";
/// Bytes that DRAM received.
inline constexpr std::string_view dram_written = "dram__bytes_write.sum";
/// Bytes both ways.
inline constexpr std::string_view dram_bytes = "dram__bytes.sum";
/// DRAM's share of its peak.
inline constexpr std::string_view dram_busy = "dram__throughput.avg.pct_of_peak_sustained_elapsed";
/// L2's share of its peak.
inline constexpr std::string_view l2_busy = "lts__throughput.avg.pct_of_peak_sustained_elapsed";
/// The share of its peak of the unit that is L1 and shared memory.
inline constexpr std::string_view l1_busy = "l1tex__throughput.avg.pct_of_peak_sustained_elapsed";
/// The tensor cores' share of their peak.
inline constexpr std::string_view tensor_busy =
    "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed";
/// The FMA units' share of their peak.
inline constexpr std::string_view fma_busy =
    "sm__pipe_fma_cycles_active.avg.pct_of_peak_sustained_elapsed";
/// The same by instructions, while an SM worked.
inline constexpr std::string_view fma_issued =
    "sm__inst_executed_pipe_fma.avg.pct_of_peak_sustained_active";
/// Special functions, by instructions, while an SM worked.
inline constexpr std::string_view special_issued =
    "sm__inst_executed_pipe_xu.avg.pct_of_peak_sustained_active";
/// Cycles in which a scheduler issued an instruction.
inline constexpr std::string_view issue_active =
    "smsp__issue_active.avg.pct_of_peak_sustained_active";
/// Instructions issued, of one per cycle for each scheduler.
inline constexpr std::string_view issued = "sm__inst_issued.avg.pct_of_peak_sustained_active";
/// Sectors of global memory a load request.
inline constexpr std::string_view sectors_per_load =
    "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio";
/// Sectors of global memory a store request.
inline constexpr std::string_view sectors_per_store =
    "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio";
/// Bytes asked for, of those in the sectors of loads.
inline constexpr std::string_view load_efficiency =
    "smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.pct";
/// The same for stores.
inline constexpr std::string_view store_efficiency =
    "smsp__sass_average_data_bytes_per_sector_mem_global_op_st.pct";
/// Share of the loaded sectors that L1 had.
inline constexpr std::string_view l1_hits =
    "l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct";
/// Share of the sectors that L2 had.
inline constexpr std::string_view l2_hits = "lts__t_sector_hit_rate.pct";
/// Load instructions from shared memory.
inline constexpr std::string_view shared_loads = "smsp__inst_executed_op_shared_ld.sum";
/// Store instructions to shared memory.
inline constexpr std::string_view shared_stores = "smsp__inst_executed_op_shared_st.sum";
/// Passes (wavefronts) that those loads took.
inline constexpr std::string_view shared_load_passes =
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum";
/// Passes that those stores took.
inline constexpr std::string_view shared_store_passes =
    "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum";
/// Warps on an SM, of those it can hold.
inline constexpr std::string_view warps_active =
    "sm__warps_active.avg.pct_of_peak_sustained_active";
/// Cycles in which an SM had a warp.
inline constexpr std::string_view sms_active =
    "sm__cycles_active.avg.pct_of_peak_sustained_elapsed";
/// Instructions of warps.
inline constexpr std::string_view instructions = "smsp__inst_executed.sum";
/// Lanes that take part in an instruction.
inline constexpr std::string_view active_lanes =
    "smsp__thread_inst_executed_per_inst_executed.ratio";
/// Registers per thread.
inline constexpr std::string_view registers = "launch__registers_per_thread";
/// Shared memory of a block that its kernel fixes.
inline constexpr std::string_view static_shared = "launch__shared_mem_per_block_static";
/// Shared memory of a block that its launch asks for.
inline constexpr std::string_view dynamic_shared = "launch__shared_mem_per_block_dynamic";
/// Blocks over those that fit on the GPU at once.
inline constexpr std::string_view waves = "launch__waves_per_multiprocessor";
/// Warps that fit on an SM, of those it can hold.
inline constexpr std::string_view occupancy = "sm__maximum_warps_per_active_cycle_pct";

}  // namespace t2t::profile

#include "cli/profile/metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "cli/check/columns.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

// In the order in which a table shows them: time, global memory, shared memory, units, warps, waits.
constexpr auto known = std::to_array<MetricInfo>({
    {duration, "time", Unit::nanoseconds, "of one launch"},
    {dram_read, "DRAM bytes read", Unit::bytes, "what the caches did not have"},
    {dram_written, "DRAM bytes written", Unit::bytes, "what left the caches"},
    {dram_bytes, "DRAM bytes", Unit::bytes,
     "what an L2 of 60 MiB would fetch or write: an estimate"},
    {dram_busy, "DRAM busy", Unit::percent, "of its peak; above 80 % it is the limit"},
    {sectors_per_load, "sectors per load", Unit::ratio,
     "32-byte pieces per request: 4 for 4-byte lanes, 16 for 16"},
    {sectors_per_store, "sectors per store", Unit::ratio, "the same for stores"},
    {load_efficiency, "loaded bytes used", Unit::percent, "asked for, of those in the sectors"},
    {store_efficiency, "stored bytes used", Unit::percent, "the same for stores"},
    {"l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum", "load requests", Unit::count,
     "load instructions of warps"},
    {"l1tex__t_requests_pipe_lsu_mem_global_op_st.sum", "store requests", Unit::count,
     "store instructions of warps"},
    {"l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum", "sectors loaded", Unit::count,
     "32 bytes each, asked of L1"},
    {"l1tex__t_sectors_pipe_lsu_mem_global_op_st.sum", "sectors stored", Unit::count,
     "32 bytes each"},
    {l1_hits, "found in L1", Unit::percent, "of the sectors loaded"},
    {l2_hits, "found in L2", Unit::percent, "of the sectors asked of L2"},
    {"lts__t_sectors_op_read.sum", "L2 sectors read", Unit::count, "32 bytes each"},
    {"lts__t_sectors_op_write.sum", "L2 sectors written", Unit::count, "32 bytes each"},
    {shared_loads, "shared loads", Unit::count, "load instructions of warps"},
    {shared_load_passes, "passes of loads", Unit::count,
     "without conflicts one per load, four of 16 bytes per lane"},
    {shared_stores, "shared stores", Unit::count, "store instructions of warps"},
    {shared_store_passes, "passes of stores", Unit::count,
     "without conflicts one per store, four of 16 bytes per lane"},
    {l2_busy, "L2 busy", Unit::percent, "of its peak"},
    {l1_busy, "L1 and shared busy", Unit::percent, "of their peak; they are one unit"},
    {issue_active, "issue slots used", Unit::percent, "near 100 %, instructions are the limit"},
    {issued, "issue slots used", Unit::percent, "near 100 %, instructions are the limit"},
    {fma_busy, "FMA units busy", Unit::percent, "of their peak: the roof of fp32 arithmetic"},
    {fma_issued, "FMA units busy", Unit::percent, "of their peak while an SM worked"},
    {special_issued, "special units busy", Unit::percent, "ex2, rcp, sin: the MUFU instructions"},
    {tensor_busy, "tensor cores busy", Unit::percent, "of their peak"},
    {"sm__inst_executed_pipe_tensor.sum", "tensor instructions", Unit::count,
     "products of fragments, by warps"},
    {"smsp__sass_thread_inst_executed_op_fadd_pred_on.sum", "fp32 additions", Unit::count,
     "of all threads"},
    {"smsp__sass_thread_inst_executed_op_fmul_pred_on.sum", "fp32 products", Unit::count,
     "of all threads"},
    {"smsp__sass_thread_inst_executed_op_ffma_pred_on.sum", "fp32 multiply-adds", Unit::count,
     "of all threads; two operations each"},
    {instructions, "instructions", Unit::count, "that warps executed"},
    {"sm__warps_launched.sum", "warps", Unit::count, "that were started"},
    {active_lanes, "active lanes", Unit::ratio,
     "of 32 in an instruction; fewer when warps diverge"},
    {sms_active, "SMs at work", Unit::percent, "cycles in which an SM had a warp"},
    {warps_active, "warps on an SM", Unit::percent, "of those that it can hold, while it had any"},
    {occupancy, "occupancy at most", Unit::percent,
     "warps that fit on an SM, of those it can hold"},
    {waves, "waves", Unit::ratio, "blocks, over those that fit on the GPU at once"},
    {registers, "registers", Unit::count, "a thread"},
    {static_shared, "shared memory, fixed", Unit::bytes, "a block, of __shared__ arrays"},
    {dynamic_shared, "shared memory, asked", Unit::bytes, "a block, given at the launch"},
    {"smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio", "wait: memory",
     Unit::cycles, "cycles for global memory, between two instructions"},
    {"smsp__average_warps_issue_stalled_short_scoreboard_per_issue_active.ratio",
     "wait: shared memory", Unit::cycles, "cycles for shared memory or a special function"},
    {"smsp__average_warps_issue_stalled_lg_throttle_per_issue_active.ratio", "wait: load queue",
     Unit::cycles, "cycles for room in the queue in front of L1"},
    {"smsp__average_warps_issue_stalled_mio_throttle_per_issue_active.ratio", "wait: shared queue",
     Unit::cycles, "cycles for room in the queue in front of shared memory"},
    {"smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio", "wait: barrier",
     Unit::cycles, "cycles for the block's other warps"},
    {"smsp__average_warps_issue_stalled_wait_per_issue_active.ratio", "wait: own result",
     Unit::cycles, "cycles for the warp's own last instruction"},
    {"smsp__average_warps_issue_stalled_math_pipe_throttle_per_issue_active.ratio",
     "wait: busy unit", Unit::cycles, "cycles for a unit that others use"},
});

}  // namespace

std::optional<double> value_of(const Metrics& metrics, std::string_view name) {
    const auto found = metrics.find(name);
    return found == metrics.end() ? std::nullopt : std::optional(found->second);
}

std::string_view unit_name(Unit unit) {
    switch (unit) {
        case Unit::bytes:
            return "bytes";
        case Unit::nanoseconds:
            return "nanoseconds";
        case Unit::percent:
            return "percent";
        case Unit::count:
            return "count";
        case Unit::ratio:
            return "ratio";
        case Unit::cycles:
            return "cycles";
    }
    return "";
}

std::string text_of(double value, Unit unit) {
    switch (unit) {
        case Unit::bytes:
            return rung_check::amount(value, "B");
        case Unit::nanoseconds:
            if (value < 1e5) return formatted("%.3g µs", value / 1e3);
            return formatted(value < 1e8 ? "%.3f ms" : "%.1f ms", value / 1e6);
        case Unit::percent:
            return formatted(value < 99.95 ? "%.1f %%" : "%.0f %%", value);
        case Unit::count:
            return rung_check::count(static_cast<std::uint64_t>(std::llround(value)));
        case Unit::ratio:
        case Unit::cycles:
            return formatted(value < 10 ? "%.2f" : "%.1f", value);
    }
    return "";
}

const MetricInfo* find_metric(std::string_view metric) {
    const auto found = std::ranges::find(known, metric, &MetricInfo::metric);
    return found == known.end() ? nullptr : &*found;
}

int rank_of(std::string_view metric) {
    return static_cast<int>(std::ranges::find(known, metric, &MetricInfo::metric) - known.begin());
}

}  // namespace t2t::profile

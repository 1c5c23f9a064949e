// Sentences about limits: busy units, waiting warps, idle SMs, diverging lanes, the roofline.

#include <algorithm>
#include <array>

#include "cli/check/columns.hpp"
#include "cli/profile/sentences.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

using rung_check::amount;

/// From this share of its peak on, a part is the limit; below the second one, it is not. The same
/// numbers as in ncu's own advice.
constexpr double at_limit = 80, not_at_limit = 60;
/// Cycles between two instructions from which waiting is worth speaking of.
constexpr double long_wait = 10;

/// A part of the GPU that can be the limit.
struct Part {
    std::string_view metric;
    std::string_view name;
    std::string_view remedy;  ///< what makes a kernel faster that this part holds back
};

constexpr auto parts = std::to_array<Part>({
    {dram_busy, "DRAM", "fewer bytes"},
    {l2_busy, "L2", "reuse from shared memory or registers"},
    {l1_busy, "L1 and shared memory, one unit",
     "fewer and wider accesses, and reuse from registers"},
    {tensor_busy, "the tensor cores", "fewer or smaller products"},
    {fma_busy, "the FMA units", "fewer operations, or tensor cores"},
    {fma_issued, "the FMA units", "fewer operations, or tensor cores"},
    {special_issued, "the special-function units", "cheaper functions"},
    {issue_active, "the issue of instructions", "fewer instructions"},
    {issued, "the issue of instructions", "fewer instructions"},
});

/// What warps wait for, and what shortens it.
struct Wait {
    std::string_view reason;  ///< the part of the metric's name
    std::string_view what;
    std::string_view remedy;
};

constexpr auto waits = std::to_array<Wait>({
    {"long_scoreboard", "global memory",
     "more loads under way at once: unroll, use wider accesses, or more warps"},
    {"short_scoreboard", "shared memory or a special function",
     "fewer and wider accesses, without bank conflicts"},
    {"lg_throttle", "room in the queue in front of L1", "fewer and wider accesses"},
    {"mio_throttle", "room in the queue in front of shared memory",
     "fewer and wider accesses, and reuse from registers"},
    {"barrier", "the block's other warps at a barrier",
     "fewer barriers, smaller blocks, or shuffles in place of shared memory"},
    {"wait", "the result of their own last instruction",
     "independent instructions in between: more elements per thread"},
    {"math_pipe_throttle", "a unit that other warps keep busy", "fewer instructions for that unit"},
});

std::string percent(double value) {
    return formatted(value < 10 ? "%.1f %%" : "%.0f %%", value);
}

}  // namespace

std::optional<Sentence> limit_sentence(const Metrics& metrics, double dram_times) {
    const Part* busiest = nullptr;
    double most = -1;
    for (const Part& part : parts) {
        const auto value = value_of(metrics, part.metric);
        if (value && *value > most) {
            busiest = &part;
            most = *value;
        }
    }
    if (busiest == nullptr) return std::nullopt;
    const std::string name(busiest->name), remedy(busiest->remedy);
    if (most >= at_limit && busiest->metric == dram_busy && dram_times > 0 &&
        dram_times <= byte_slack) {
        return Sentence{"The limit is DRAM, at " + percent(most) +
                            " of its peak, and it moves no more than must move: on this GPU there "
                            "is little left to gain.",
                        true};
    }
    if (most >= at_limit) {
        return Sentence{"The limit is " + name + ", at " + percent(most) +
                            " of its peak: what helps now is " + remedy + ".",
                        true};
    }
    if (most >= not_at_limit) {
        return Sentence{"The busiest part is " + name + ", at " + percent(most) +
                            " of its peak: it is near its limit, and what helps is " + remedy +
                            ", or more work under way at once.",
                        true};
    }
    return Sentence{"Nothing that was watched is at its limit: the busiest part is " + name +
                        ", at " + percent(most) +
                        " of its peak, so the warps wait for something most of the time.",
                    true};
}

std::optional<Sentence> waiting_sentence(const Metrics& metrics) {
    const Wait* longest = nullptr;
    double most = -1;
    for (const Wait& wait : waits) {
        const std::string metric = "smsp__average_warps_issue_stalled_" + std::string(wait.reason) +
                                   "_per_issue_active.ratio";
        const auto value = value_of(metrics, metric);
        if (value && *value > most) {
            longest = &wait;
            most = *value;
        }
    }
    if (longest == nullptr) return std::nullopt;
    std::string text = "Between two instructions a warp waits longest for " +
                       std::string(longest->what) + ", " +
                       formatted(most < 10 ? "%.1f" : "%.0f", most) + " cycles";
    if (most < long_wait) return Sentence{text + ", which other warps can cover."};
    const bool for_memory =
        longest->reason == "long_scoreboard" || longest->reason == "lg_throttle";
    if (for_memory && value_of(metrics, dram_busy).value_or(0) >= at_limit) {
        return Sentence{text + ", as DRAM is at its limit."};
    }
    return Sentence{text + "; what helps is " + std::string(longest->remedy) + ".", true};
}

std::optional<Sentence> filling_sentence(const Metrics& metrics) {
    const auto busy = value_of(metrics, sms_active);
    const auto warps = value_of(metrics, warps_active);
    if (busy && *busy < at_limit) {
        return Sentence{"The SMs had work in only " + percent(*busy) +
                            " of the cycles: there are too few blocks to go round, or a few of "
                            "them take longer than the rest; cut the work into more blocks.",
                        true};
    }
    if (warps && *warps < 40) {
        return Sentence{"An SM held only " + percent(*warps) +
                            " of the warps that it can hold, too few to cover waiting: start more "
                            "threads, or use fewer registers or less shared memory in each.",
                        true};
    }
    if (warps) {
        return Sentence{"An SM held " + percent(*warps) +
                        " of the warps that it can hold, enough to cover much waiting."};
    }
    if (busy) return Sentence{"The SMs had work in " + percent(*busy) + " of the cycles."};
    return std::nullopt;
}

std::optional<Sentence> instructions_sentence(const Metrics& metrics, const Launch& launch) {
    const auto all = value_of(metrics, instructions);
    const std::int64_t warps = launch.blocks * ((launch.threads + 31) / 32);
    if (!all || warps == 0) return std::nullopt;
    const double each = *all / static_cast<double>(warps);
    return Sentence{"A warp executes " + formatted(each < 100 ? "%.1f" : "%.0f", each) +
                    " instructions, and all of them " + text_of(*all, Unit::count) + "."};
}

std::optional<Sentence> divergence_sentence(const Metrics& metrics) {
    const auto lanes = value_of(metrics, active_lanes);
    if (!lanes) return std::nullopt;
    if (*lanes >= 31.95) {
        return Sentence{"Warps do not diverge: all of their 32 lanes take part in an instruction."};
    }
    const std::string text = formatted("%.1f", *lanes) +
                             " of a warp's 32 lanes take part in an "
                             "instruction on average";
    if (*lanes >= 30) return Sentence{text + ": warps hardly diverge."};
    return Sentence{"Only " + text +
                        ": the others wait while branches, loop ends or guards leave "
                        "them out; let whole warps take the same way.",
                    *lanes < 24};
}

Sentence intensity_sentence(const Work& work, double ridge, const std::string& whose) {
    if (work.flops <= 0) {
        return {"It computes nothing: the time that its bytes take is the limit."};
    }
    const double intensity = work.bytes > 0 ? work.flops / work.bytes : 0;
    const bool by_memory = work.bytes > 0 && intensity < ridge;
    return {"It does " +
            formatted(intensity < 1    ? "%.2g"
                      : intensity < 10 ? "%.1f"
                                       : "%.0f",
                      intensity) +
            " operations for each byte that must move, where " + whose + " does " +
            formatted("%.0f", ridge) + " in the time of a byte: the limit is " +
            (by_memory ? "memory, not arithmetic." : "arithmetic, if the bytes are used again.")};
}

}  // namespace t2t::profile

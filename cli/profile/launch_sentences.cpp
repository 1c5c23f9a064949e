// Sentences about what ran: kernels, time, occupancy, machine code.

#include <algorithm>

#include "cli/check/columns.hpp"
#include "cli/profile/sentences.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

using rung_check::amount;
using rung_check::counted;

std::string text_of(const Launch& launch) {
    const std::string often =
        launch.times > 1 ? std::to_string(launch.times) + " times, first " : "";
    return often + "as " + counted(static_cast<std::uint64_t>(launch.blocks), "block") + " of " +
           counted(static_cast<std::uint64_t>(launch.threads), "thread");
}

std::string_view reason(OccupancyLimit limit) {
    switch (limit) {
        case OccupancyLimit::threads:
            return "another block has more threads than there is room for";
        case OccupancyLimit::blocks:
            return "it can hold no more blocks, so larger ones would fill it";
        case OccupancyLimit::registers:
            return "its registers are used up, so fewer per thread would let more in";
        case OccupancyLimit::shared_memory:
            return "its shared memory is used up, so less per block would let more in";
    }
    return "";
}

}  // namespace

Sentence launch_sentence(std::size_t kernels, const Kernel& main_kernel, const std::string& share,
                         const std::string& seen) {
    const std::string ran = main_kernel.name + " ran " + text_of(main_kernel.launch);
    if (kernels == 1) return {ran + "."};
    return {"Of its " + std::to_string(kernels) + " kernels" + seen +
                ", this is about one: " + ran + (share.empty() ? "" : " (" + share + ")") + ".",
            true};
}

Sentence speed_sentence(const Speed& speed) {
    std::string text = "It took " +
                       t2t::profile::text_of(1e6 * speed.milliseconds, Unit::nanoseconds) + " " +
                       speed.measured_by;
    const double amount_of_work = speed.arithmetic ? speed.work.flops : speed.work.bytes;
    if (amount_of_work <= 0) return {text + ".", true};
    const double rate = amount_of_work / (speed.milliseconds * (speed.arithmetic ? 1e9 : 1e6));
    const std::string unit = speed.arithmetic ? " TFLOP/s" : " GB/s";
    const auto rate_text = [&](double value) {
        if (value >= 1000) return rung_check::count(static_cast<std::uint64_t>(value + 0.5)) + unit;
        return formatted(value < 10 ? "%.3g" : "%.1f", value) + unit;
    };
    text += ": with " +
            (speed.arithmetic ? amount(speed.work.flops, "FLOP") + " to do"
                              : amount(speed.work.bytes, "B") + " to move") +
            " that is " + rate_text(rate);
    if (speed.roof > 0) {
        const double share = 100 * rate / speed.roof;
        text += formatted(share < 9.95 ? ", %.2g %% of " : ", %.0f %% of ", share) +
                (!speed.roof_name.empty() ? speed.roof_name
                 : speed.arithmetic       ? "this GPU's fp32 multiply-adds"
                                          : "this GPU's copy") +
                " (" + rate_text(speed.roof) + ")";
        // Turning DRAM around between reads and writes takes time.
        const bool beats_copy = !speed.arithmetic && speed.roof_name.empty() && share >= 102;
        if (beats_copy) text += ": a copy, which writes as much as it reads, is no hard limit";
    }
    return {text + ".", true};
}

Sentence occupancy_sentence(const Fit& fit) {
    std::string text =
        "A thread takes " + counted(static_cast<std::uint64_t>(fit.registers), "register");
    if (fit.local_bytes > 0) {
        text += " and " + std::to_string(fit.local_bytes) +
                " bytes of local memory, where what finds no register is kept, as slow as global "
                "memory";
    }
    if (fit.shared_bytes > 0) {
        text += ", a block " + amount(fit.shared_bytes, "B") + " of shared memory";
    }
    text += ": an SM holds " + counted(static_cast<std::uint64_t>(fit.blocks_on_sm), "block") +
            " of " + std::to_string(fit.threads) + " threads at once, " +
            formatted("%.0f %%", fit.occupancy_percent) + " of its warps" +
            (fit.occupancy_percent < 100 ? ", as " + std::string(reason(fit.limit)) : "") + ".";
    return {text, fit.occupancy_percent < 40 || fit.local_bytes > 0};
}

Sentence waves_sentence(double waves) {
    if (waves < 1) {
        return {"The blocks fill " + formatted("%.0f %%", 100 * waves) +
                    " of the places that the GPU has for them: cut the work into more blocks.",
                true};
    }
    const double last = waves - static_cast<double>(static_cast<long long>(waves));
    const bool tail = waves < 4 && last > 0 && last < 0.5;
    return {"The blocks come in " + formatted("%.1f", waves) + " waves" +
                (tail ? ", and during the last one the GPU is mostly empty: choose a grid that "
                        "fills it."
                      : ", so the GPU is filled most of the time."),
            tail};
}

Sentence code_sentence(const MachineCode& code) {
    std::string text = "Its machine code has " +
                       counted(static_cast<std::uint64_t>(code.instructions), "instruction");
    if (code.tensor > 0) text += ", " + std::to_string(code.tensor) + " of them on tensor cores";
    if (code.global_loads > 0) {
        text += "; of " + counted(static_cast<std::uint64_t>(code.global_loads), "global load") +
                ", " + std::to_string(code.wide_global_loads) + " fetch 16 bytes per lane";
        if (code.wide_global_loads == 0) {
            text += " (the widest fetch " + std::to_string(code.widest_global_load) + ")";
        }
    }
    if (code.local > 0) {
        return {text + "; and " + counted(static_cast<std::uint64_t>(code.local), "access", "es") +
                    " of local memory: it has more values at once than registers, or an array "
                    "with an index that is only known when it runs.",
                true};
    }
    return {text + "; nothing is spilled to local memory."};
}

}  // namespace t2t::profile

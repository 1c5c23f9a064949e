#include "cli/check/text.hpp"

#include <set>

#include "cli/check/accesses.hpp"
#include "cli/check/columns.hpp"
#include "cli/check/kernels.hpp"
#include "common/text.hpp"

namespace t2t::rung_check {
namespace {

using observer::Flops;
using observer::Traffic;

/// A row for each kind of access of a line; the line's number and text stand in the first alone.
void add_rows(Table& table, const observer::SourceLine& where, const Traffic& traffic,
              SourceFiles& sources) {
    std::string number = where.line > 0 ? std::to_string(where.line) : "?";
    std::string text = where.line > 0 ? trimmed(sources.text(where)) : "a place that is not known";
    for (const Access& access : accesses(traffic)) {
        const bool is_counted = !access.unit.empty();
        table.add({number, text, access.name, count(access.requests),
                   is_counted ? formatted("%.2f ", access.each) + access.unit : "",
                   is_counted ? percent(access.efficiency) : ""});
        number.clear();
        text.clear();
    }
}

/// `fp32 1.05 MFLOP: 1,048,576 fma`; empty when there are no such operations.
std::string operations(const char* type, const Flops& flops) {
    std::string parts;
    const auto add = [&](std::uint64_t number, const char* name) {
        if (number > 0) parts += (parts.empty() ? "" : ", ") + count(number) + ' ' + name;
    };
    add(flops.add, "add");
    add(flops.mul, "mul");
    add(flops.fma, "fma");
    add(flops.special, "special");
    if (parts.empty()) return "";
    return std::string(type) + ' ' + amount(static_cast<double>(flops.total()), "FLOP") + ": " +
           parts + '\n';
}

}  // namespace

std::string heading(const RungReport& rung) {
    std::string text = rung.operation;
    for (const std::string& part : {rung.rung, rung.shape}) {
        if (!part.empty()) text += " · " + part;
    }
    const char* before = " · ";
    for (const KernelSum& kernel : kernel_sums(rung.report)) {
        text += before + kernel.title();
        before = "; ";
    }
    return wrapped(text);
}

std::string verdict(const RungReport& rung) {
    if (!rung.skipped.empty()) return "not run: " + rung.skipped + '\n';
    std::string text = wrapped(rung.report.faults_text());
    if (!rung.wrong.empty()) text += wrapped("WRONG: " + rung.wrong);
    if (rung.clean()) text = "no faults; the result is right\n";
    if (rung.report.kernels.empty()) text += "no kernel was launched\n";
    if (!rung.clean() && rung.wrong.empty() && !rung.trapped()) text += "the result is right\n";
    if (rung.report.clean() && !rung.wrong.empty()) text += "no faults\n";
    return text;
}

std::string traffic_tables(const observer::Report& report, SourceFiles& sources) {
    std::string text;
    const std::vector<KernelSum> kernels = kernel_sums(report);
    for (const KernelSum& kernel : kernels) {
        std::set<std::string> files;
        for (const auto& [where, traffic] : kernel.lines) {
            if (!accesses(traffic).empty()) files.insert(where.file);
        }
        for (const std::string& file : files) {
            text += '\n' + (file.empty() ? "(no source)" : file) + " · " + kernel.kernel + '\n';
            Table table({">line", "source", "access", ">requests", ">each request", ">efficiency"});
            for (const auto& [where, traffic] : kernel.lines) {
                if (where.file == file) add_rows(table, where, traffic, sources);
            }
            text += table.text(1);
        }
    }
    return text;
}

std::string totals(const Traffic& traffic) {
    const auto bytes = [](std::uint64_t number) { return amount(double(number), "B"); };
    const std::uint64_t asked = traffic.global_load.bytes_asked + traffic.global_store.bytes_asked;
    const std::uint64_t moved = traffic.bytes_moved();

    std::string text = bytes(asked) + " asked, " + bytes(moved) + " moved";
    if (moved > 0) text += " (" + percent(double(asked) / double(moved)) + " efficiency)";
    text += "; past an L2 of " + std::to_string(observer::l2_size() >> 20) +
            " MiB: " + bytes(traffic.l2_bytes) + '\n';
    text += formatted("%.2f of 32 lanes active", traffic.active_lanes());
    text += "; " + counted(traffic.barriers, "barrier") + ", " +
            counted(traffic.warp_operations, "warp operation") + " (counted once per warp)\n";

    text += operations("fp64", traffic.fp64) + operations("fp32", traffic.fp32) +
            operations("fp16", traffic.fp16) + operations("bf16", traffic.bf16);
    if (traffic.tensor_flops > 0) {
        text += "tensor cores " + amount(double(traffic.tensor_flops), "FLOP") + '\n';
    }
    if (traffic.flops() == 0) return text + "no floating-point operations\n";
    return text + "arithmetic intensity " + formatted("%.3g FLOP/byte\n", traffic.intensity());
}

std::string metric_names(const Traffic& shown) {
    std::string text;
    const auto add = [&](std::uint64_t number, const char* lines) {
        if (number > 0) text += lines;
    };
    add(shown.global_load.requests + shown.global_store.requests,
        "  global requests    l1tex__t_requests_pipe_lsu_mem_global_op_ld.sum\n"
        "  global sectors     l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum\n"
        "  global efficiency  smsp__sass_average_data_bytes_per_sector_mem_global_op_ld.pct\n"
        "  past the L2        dram__bytes.sum\n");
    add(shown.global_atomic.requests,
        "  global atomics     l1tex__t_requests_pipe_lsu_mem_global_op_atom.sum, ..._op_red.sum\n");
    add(shown.shared_load.requests + shown.shared_store.requests,
        "  shared requests    smsp__inst_executed_op_shared_ld.sum\n"
        "  shared passes      l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum\n"
        "  avoidable passes   l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum\n");
    add(shown.shared_atomic.requests,
        "  shared atomics     smsp__inst_executed_op_shared_atom.sum\n");
    add(shown.warp_instructions,
        "  lanes active       smsp__thread_inst_executed_per_inst_executed.ratio\n");
    add(shown.flops(),
        "  operations         smsp__sass_thread_inst_executed_op_ffma_pred_on.sum (fadd, fmul, dfma)\n");
    if (text.empty()) return "";
    return "\nNsight Compute's names (of loads; with st instead of ld, of stores):\n" + text;
}

std::string summary(std::span<const RungReport> rungs) {
    std::set<std::string> names;
    std::uint64_t runs = 0, skipped = 0, faults = 0, wrong = 0;
    for (const RungReport& rung : rungs) {
        names.insert(rung.operation + ' ' + rung.rung);
        (rung.skipped.empty() ? runs : skipped) += 1;
        faults += rung.report.faults.size();
        wrong += rung.wrong.empty() ? 0 : 1;
    }
    std::string text = counted(names.size(), "rung") + ", " + counted(runs, "run");
    if (skipped > 0) text += " (" + count(skipped) + " not run)";
    text += ": " + (faults == 0 ? "no faults" : counted(faults, "fault"));
    text += ", " + (wrong == 0 ? "no wrong result" : counted(wrong, "wrong result"));
    return text + '\n';
}

}  // namespace t2t::rung_check

#include "cli/profile/from_report.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "cli/check/columns.hpp"
#include "cli/profile/sentences.hpp"
#include "common/text.hpp"

namespace t2t::profile {
namespace {

using observer::GlobalTraffic;
using observer::KernelReport;
using observer::LineTraffic;
using observer::SharedTraffic;
using observer::Traffic;

/// Operations that an H200 does while it moves a byte, by its data sheet: 67 fp32 TFLOP/s over
/// 4.8 TB/s.
constexpr double ridge_of_h200 = 67.0 / 4.8;

/// The fewest sectors that requests like these could touch: one each, those that their bytes fill, and
/// no more than they do touch where lanes share words.
double least(const GlobalTraffic& traffic) {
    return std::min(static_cast<double>(traffic.sectors),
                    std::max(static_cast<double>(traffic.requests),
                             static_cast<double>(traffic.bytes_asked) / 32));
}
double least(const SharedTraffic& traffic) {
    return static_cast<double>(traffic.least_passes);
}

/// What the requests took beyond that.
double waste(const GlobalTraffic& traffic) {
    return static_cast<double>(traffic.sectors) - least(traffic);
}
double waste(const SharedTraffic& traffic) {
    return static_cast<double>(traffic.passes) - least(traffic);
}

std::string name_of(const observer::SourceLine& where) {
    return where.file.substr(where.file.rfind('/') + 1) + ':' + std::to_string(where.line);
}

/// The line with the largest `of(traffic)`; empty when that is nowhere more than 0.
std::string line_with_most(const KernelReport& kernel,
                           const std::function<double(const Traffic&)>& of) {
    const LineTraffic* most = nullptr;
    for (const LineTraffic& line : kernel.lines) {
        if (line.where.line == 0 || of(line.traffic) <= 0) continue;
        if (most == nullptr || of(line.traffic) > of(most->traffic)) most = &line;
    }
    return most == nullptr ? "" : name_of(most->where);
}

/// All accesses of one kind. What they take at least is added up by line: a line's requests are alike.
template <typename Kind>
std::optional<Accesses> accesses(const KernelReport& kernel, Kind Traffic::*kind, double each) {
    const auto requests = static_cast<double>((kernel.total.*kind).requests);
    if (requests == 0) return std::nullopt;
    double fewest = 0;
    for (const LineTraffic& line : kernel.lines) fewest += least(line.traffic.*kind);
    const auto wasted = [&](const Traffic& line) { return waste(line.*kind); };
    return Accesses{each, fewest / requests, line_with_most(kernel, wasted), requests};
}

std::optional<Accesses> accesses(const KernelReport& kernel, GlobalTraffic Traffic::*kind) {
    return accesses(kernel, kind, (kernel.total.*kind).sectors_per_request());
}

std::optional<Accesses> accesses(const KernelReport& kernel, SharedTraffic Traffic::*kind) {
    return accesses(kernel, kind, (kernel.total.*kind).passes_per_request());
}

void add_global(Metrics& metrics, const GlobalTraffic& traffic, const std::string& op) {
    if (traffic.requests == 0) return;
    const std::string unit = "_pipe_lsu_mem_global_op_" + op;
    metrics["l1tex__t_requests" + unit + ".sum"] = static_cast<double>(traffic.requests);
    metrics["l1tex__t_sectors" + unit + ".sum"] = static_cast<double>(traffic.sectors);
    metrics["l1tex__average_t_sectors_per_request" + unit + ".ratio"] =
        traffic.sectors_per_request();
    metrics["smsp__sass_average_data_bytes_per_sector_mem_global_op_" + op + ".pct"] =
        100 * traffic.efficiency();
}

void add_shared(Metrics& metrics, const SharedTraffic& traffic, const std::string& op) {
    if (traffic.requests == 0) return;
    metrics["smsp__inst_executed_op_shared_" + op + ".sum"] = static_cast<double>(traffic.requests);
    metrics["l1tex__data_pipe_lsu_wavefronts_mem_shared_op_" + op + ".sum"] =
        static_cast<double>(traffic.passes);
}

Metrics metrics_of(const Traffic& traffic) {
    Metrics metrics;
    add_global(metrics, traffic.global_load, "ld");
    add_global(metrics, traffic.global_store, "st");
    add_shared(metrics, traffic.shared_load, "ld");
    add_shared(metrics, traffic.shared_store, "st");
    metrics[std::string(dram_bytes)] = static_cast<double>(traffic.l2_bytes);
    if (traffic.warp_instructions > 0) {
        metrics[std::string(active_lanes)] = traffic.active_lanes();
    }
    for (const auto& [name, count] :
         {std::pair{"fadd", traffic.fp32.add}, std::pair{"fmul", traffic.fp32.mul},
          std::pair{"ffma", traffic.fp32.fma}}) {
        if (count == 0) continue;
        metrics[std::string("smsp__sass_thread_inst_executed_op_") + name + "_pred_on.sum"] =
            static_cast<double>(count);
    }
    return metrics;
}

std::int64_t volume(const dim3& size) {
    return std::int64_t{size.x} * size.y * size.z;
}

std::string share_of_bytes(const KernelReport& one, const Traffic& all) {
    if (all.bytes_moved() == 0) return "";
    const double share =
        static_cast<double>(one.total.bytes_moved()) / static_cast<double>(all.bytes_moved());
    return formatted("%.0f %% of their bytes", 100 * share);
}

std::optional<Sentence> fault_sentence(const observer::Report& report) {
    if (report.clean()) return std::nullopt;
    const observer::Fault& first = report.faults.front();
    std::string text = "It has " + rung_check::counted(report.faults.size(), "fault") +
                       ", so all else can wait: " + first.what;
    if (text.ends_with('.')) text.pop_back();
    if (first.where.line > 0) text += " (" + name_of(first.where) + ')';
    return Sentence{text + '.', true};
}

}  // namespace

std::vector<Kernel> kernels_of(const observer::Report& report) {
    std::vector<Kernel> kernels;
    for (const KernelReport& seen : report.kernels) {
        Kernel kernel;
        kernel.name = seen.kernel;
        kernel.launch = {volume(seen.grid), volume(seen.block),
                         static_cast<std::int64_t>(seen.launches)};
        kernel.metrics = metrics_of(seen.total);
        kernels.push_back(std::move(kernel));
    }
    return kernels;
}

std::size_t heaviest(const observer::Report& report) {
    const auto most = std::ranges::max_element(
        report.kernels, {}, [](const KernelReport& kernel) { return kernel.total.bytes_moved(); });
    return static_cast<std::size_t>(most - report.kernels.begin());
}

std::string worst_line(const KernelReport& kernel) {
    const std::string worst = line_with_most(kernel, [](const Traffic& line) {
        return waste(line.global_load) + waste(line.global_store) + waste(line.shared_load) +
               waste(line.shared_store);
    });
    if (!worst.empty()) return worst;
    return line_with_most(
        kernel, [](const Traffic& line) { return static_cast<double>(line.bytes_moved()); });
}

std::vector<Sentence> sentences_of_report(const observer::Report& report, const Work& work,
                                          const std::string& wrong) {
    std::vector<Sentence> all;
    const auto add = [&](std::optional<Sentence> sentence) {
        if (sentence) all.push_back(*std::move(sentence));
    };
    add(fault_sentence(report));
    if (!wrong.empty()) {
        add(Sentence{"The result is wrong, so all else can wait: " + wrong + ".", true});
    }
    if (report.kernels.empty()) {
        if (!report.clean()) return all;  // the fault may have ended the only kernel
        add(Sentence{"It launches no kernel, and only what kernels do is counted here; it has " +
                         rung_check::amount(work.bytes, "B") + " to move.",
                     true});
        return all;
    }
    const std::size_t index = heaviest(report);
    const KernelReport& kernel = report.kernels[index];
    const Traffic total = report.total();
    add(launch_sentence(report.kernels.size(), kernels_of(report)[index],
                        share_of_bytes(kernel, total)));
    add(coalescing_sentence(accesses(kernel, &Traffic::global_load),
                            accesses(kernel, &Traffic::global_store)));
    add(banks_sentence(accesses(kernel, &Traffic::shared_load),
                       accesses(kernel, &Traffic::shared_store)));
    add(sectors_sentence(static_cast<double>(total.bytes_moved()),
                         static_cast<double>(total.l2_bytes), work.bytes));
    add(atomics_sentence(static_cast<double>(kernel.total.global_atomic.requests +
                                             kernel.total.shared_atomic.requests),
                         static_cast<double>(kernel.total.global_atomic.rounds +
                                             kernel.total.shared_atomic.rounds)));
    add(divergence_sentence(metrics_of(kernel.total)));
    add(intensity_sentence({work.bytes, static_cast<double>(total.flops())}, ridge_of_h200,
                           "a GPU like the H200"));
    return all;
}

}  // namespace t2t::profile

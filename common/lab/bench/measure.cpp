#include "common/lab/bench/measure.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>

#include "common/device/check.hpp"
#include "common/device/stream.hpp"
#include "common/lab/bench/device_copy.hpp"
#include "common/lab/bench/timed_runs.hpp"

namespace t2t::lab {
namespace {

constexpr double batch_milliseconds = by_build(1.0, 20.0);
constexpr double warm_up_milliseconds = by_build(100.0, 0.0);
constexpr std::size_t most_runs = 1000;
/// Milliseconds from which on the next launch is queued long before a run ends.
constexpr double hides_its_launch = 0.03;

/// Keeps the samples that Google Benchmark reports, by benchmark name.
class SampleCollector : public benchmark::BenchmarkReporter {
 public:
    bool ReportContext(const Context&) override { return true; }

    void ReportRuns(const std::vector<Run>& runs) override {
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration) continue;
            samples[run.run_name.function_name].push_back(run.real_accumulated_time * 1e3 /
                                                          static_cast<double>(run.iterations));
        }
    }

    std::map<std::string, std::vector<double>> samples;  ///< milliseconds
};

void enable_random_interleaving() {
    static std::once_flag done;
    std::call_once(done, [] {
        std::string program = "t2t";
        std::string option = "--benchmark_enable_random_interleaving=true";
        char* arguments[] = {program.data(), option.data()};
        int count = 2;
        benchmark::Initialize(&count, arguments);
    });
}

/// What is wrong with the output of `row` on `set`, computed on a poisoned output.
std::string check_row(const BenchRow& row, const BenchOperands& operands, std::size_t set,
                      const Stream& stream) {
    operands.poison(set);
    T2T_CHECK(cudaDeviceSynchronize());  // the poison is on the default stream
    row.run(set, stream.get());
    stream.synchronize();
    return operands.fault(set);
}

/// A row that is ready to be timed.
struct TimedRow {
    std::unique_ptr<TimedRuns> batch;
    RowResult* result;
};

std::unique_ptr<TimedRuns> make_batch(const BenchRow& row, std::size_t sets,
                                      bool waits_for_the_device, const Stream& stream) {
    TimedRuns probe(row.run, sets, sets, stream.get(),
                    waits_for_the_device ? Queueing::one_by_one : Queueing::graph);
    probe.milliseconds_per_run();  // the first time uploads the graph
    const double run = probe.milliseconds_per_run();
    const double round = run * static_cast<double>(sets);
    const double rounds =
        std::clamp(std::ceil(batch_milliseconds / round), 1.0,
                   static_cast<double>(std::max<std::size_t>(1, most_runs / sets)));
    const Queueing queueing =
        waits_for_the_device || run > hides_its_launch ? Queueing::one_by_one : Queueing::graph;
    auto batch = std::make_unique<TimedRuns>(row.run, sets * static_cast<std::size_t>(rounds), sets,
                                             stream.get(), queueing);
    const double once = std::max(1e-3, round * rounds);
    for (double warm = 0; warm < warm_up_milliseconds; warm += once) batch->queue();
    stream.synchronize();
    return batch;
}

/// Fills in the samples of all rows, their repetitions in random order.
void time_rows(std::vector<TimedRow>& rows, int repetitions) {
    enable_random_interleaving();
    for (TimedRow& row : rows) {
        benchmark::RegisterBenchmark(
            row.result->name.c_str(),
            [&row](benchmark::State& state) {
                for (auto _ : state) {
                    state.SetIterationTime(row.batch->milliseconds_per_run() / 1e3);
                }
            })
            ->UseManualTime()
            ->Iterations(1)
            ->Repetitions(repetitions);
    }
    SampleCollector collector;
    benchmark::RunSpecifiedBenchmarks(&collector);
    benchmark::ClearRegisteredBenchmarks();
    for (TimedRow& row : rows) row.result->milliseconds = collector.samples[row.result->name];
}

}  // namespace

bool CaseResult::any_wrong() const {
    return std::any_of(rows.begin(), rows.end(),
                       [](const RowResult& row) { return !row.fault.empty(); });
}

std::size_t operand_sets(double bytes, std::size_t l2_cache) {
    if (bytes <= 0) return 1;
    return static_cast<std::size_t>(
        std::clamp(std::ceil(4.0 * static_cast<double>(l2_cache) / bytes), 1.0, 64.0));
}

CaseResult measure(const BenchCase& bench_case, const BenchOptions& options,
                   const DeviceProperties& device) {
    // The CPU device models no L2 cache that time could depend on.
    const std::size_t sets =
        device.is_cpu_device ? 1 : operand_sets(bench_case.work.bytes, device.l2_cache);
    CaseResult result{bench_case.operation, bench_case.shape, bench_case.work, bench_case.roof,
                      sets};

    const Stream stream;
    BenchOperands operands = bench_case.prepare(sets);
    std::erase_if(operands.rows, [&](const BenchRow& row) {
        return !options.only_rung.empty() && !row.is_library &&
               !names_rung(options.only_rung, row.name);
    });
    for (const BenchRow& row : operands.rows) {
        RowResult& made = result.rows.emplace_back(
            RowResult{row.name, row.is_library ? RowKind::library : RowKind::rung});
        made.skipped = why_not(row, device);
        if (made.skipped.empty()) made.fault = check_row(row, operands, 0, stream);
    }

    std::unique_ptr<DeviceCopy> copy;
    if (bench_case.roof == Roof::copy) {
        copy = std::make_unique<DeviceCopy>(bench_case.work.bytes, sets);
        operands.rows.push_back({"device copy", Needs{}, false, "",
                                 [&](std::size_t set, cudaStream_t on) { copy->run(set, on); }});
        result.rows.push_back({"device copy", RowKind::copy});
    }

    std::vector<TimedRow> timed;
    for (std::size_t i = 0; i < operands.rows.size(); ++i) {
        RowResult& row = result.rows[i];
        if (!row.skipped.empty() || !row.fault.empty()) continue;
        timed.push_back(
            {make_batch(operands.rows[i], sets, bench_case.waits_for_the_device, stream), &row});
    }
    time_rows(timed, options.repetitions);

    for (std::size_t i = 0; i < operands.rows.size(); ++i) {
        RowResult& row = result.rows[i];
        if (row.kind == RowKind::copy || row.milliseconds.empty()) continue;
        row.fault = check_row(operands.rows[i], operands, sets - 1, stream);
    }
    return result;
}

}  // namespace t2t::lab

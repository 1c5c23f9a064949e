/// @file
/// How fast the CPU device is, beside the bars it must keep: `bin/cpu_device_speed`.
///
/// Options are Google Benchmark's, for example `--benchmark_filter=barrier`.
#include <algorithm>
#include <cstdio>
#include <exception>
#include <set>
#include <string>
#include <vector>

#include "common/text.hpp"
#include "tests/cpu_device/speed/jobs.hpp"

namespace t2t {
namespace {

/// The jobs whose result was wrong.
std::set<std::string> wrong_jobs;

std::string duration(double seconds) {
    if (seconds >= 1e-3) return formatted("%.2f ms", seconds * 1e3);
    if (seconds >= 1e-6) return formatted("%.2f us", seconds * 1e6);
    return formatted("%.1f ns", seconds * 1e9);
}

/// One line a job: the median of its repetitions, the best of them, and the bar.
class BarReporter : public benchmark::BenchmarkReporter {
 public:
    bool ReportContext(const Context&) override {
        std::printf("%-36s %11s %11s %11s\n", "job", "median", "best", "bar");
        return true;
    }

    void ReportRuns(const std::vector<Run>& runs) override {
        std::vector<double> seconds;
        for (const Run& run : runs) {
            if (run.run_type != Run::RT_Iteration) continue;
            // A job that does many operations per iteration counts them as items.
            const auto items = run.counters.find("items_per_second");
            seconds.push_back(items != run.counters.end()
                                  ? 1.0 / items->second
                                  : run.real_accumulated_time /
                                        static_cast<double>(run.iterations));
        }
        if (seconds.empty()) return;  // Google Benchmark's own averages come in a call of their own
        std::sort(seconds.begin(), seconds.end());
        print(runs.front().run_name.function_name, seconds[seconds.size() / 2], seconds.front());
    }

 private:
    static void print(const std::string& name, double median, double best) {
        double bar = 0;
        for (const SpeedJob& job : speed_jobs()) {
            if (job.name == name) bar = job.bar;
        }
        const char* verdict = bar == 0 ? "" : median <= bar ? "ok" : "over the bar";
        if (wrong_jobs.count(name) != 0) verdict = "WRONG RESULT";
        std::printf("%-36s %11s %11s %11s  %s\n", name.c_str(), duration(median).c_str(),
                    duration(best).c_str(), bar > 0 ? duration(bar).c_str() : "-", verdict);
        std::fflush(stdout);
    }
};

}  // namespace
}  // namespace t2t

int main(int argc, char** argv) {
    using namespace t2t;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    for (const SpeedJob& job : speed_jobs()) {
        const auto run = [&job](benchmark::State& state) {
            job.run(state);
            if (take_wrong_result()) wrong_jobs.insert(job.name);
        };
        benchmark::RegisterBenchmark(job.name, run)->UseRealTime()->Repetitions(5);
    }
    try {
        BarReporter reporter;
        benchmark::RunSpecifiedBenchmarks(&reporter);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "cpu_device_speed: %s\n", error.what());
        return 1;
    }
    return wrong_jobs.empty() ? 0 : 1;
}

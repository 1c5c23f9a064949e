// What being observed costs: `bin/observer_cost [CHAPTER …]` times every rung on the first shape of its
// benchmark, plain in an ordinary build of the CPU device, observed in a check build.
//
// Run both and divide: docs/results/cpu_device.md has the table. Looking up source lines and the costs of
// basic blocks afterwards takes a few tenths of a second more, whatever the kernel's size.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "common/cpu_device/observer/observe.hpp"
#include "common/device/check.hpp"
#include "common/lab/bench/bench.hpp"

namespace {

using namespace t2t;

double milliseconds(const std::function<void()>& work) {
    using Clock = std::chrono::steady_clock;
    const auto begin = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

void time_rung(const lab::BenchCase& bench_case, const lab::BenchRow& row) {
    constexpr int samples = 5;
    std::vector<double> times;
    observer::Report last;
    const auto run = [&] {
        times.push_back(milliseconds([&] {
            row.run(0, nullptr);
            T2T_CHECK(cudaDeviceSynchronize());
        }));
    };
    for (int i = 0; i < samples; ++i) {
        if constexpr (observer::can_observe()) {
            last = observer::observe(run);
        } else {
            run();
        }
    }
    std::sort(times.begin(), times.end());
    std::printf("%-40s %-45s %10.2f ms", row.name.c_str(), bench_case.shape.c_str(),
                times[times.size() / 2]);
    if (observer::can_observe()) {
        std::printf("  shadow %.2f of device memory, %zu faults",
                    double(last.shadow_bytes) / double(last.device_bytes), last.faults.size());
    }
    std::printf("\n");
}

}  // namespace

int main(int argument_count, char** arguments) {
    std::vector<int> chapters;
    for (int i = 1; i < argument_count; ++i) chapters.push_back(std::atoi(arguments[i]));
    if (chapters.empty()) chapters = {3, 5, 8, 14};
    try {
        std::printf("%s\n", t2t::observer::can_observe() ? "observed" : "plain");
        for (const int chapter : chapters) {
            std::vector<std::string> done;
            for (const lab::BenchCase& bench_case : lab::bench_cases(chapter)) {
                if (std::count(done.begin(), done.end(), bench_case.operation) != 0) continue;
                done.push_back(bench_case.operation);
                const lab::BenchOperands operands = bench_case.prepare(1);
                for (const lab::BenchRow& row : operands.rows) time_rung(bench_case, row);
            }
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "observer_cost: %s\n", error.what());
        return 1;
    }
    return 0;
}

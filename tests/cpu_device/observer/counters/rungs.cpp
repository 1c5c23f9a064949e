// The rungs of chapters 01 to 03 as launches.

#include "common/device/check.hpp"
#include "common/lab/bench/bench.hpp"
#include "tests/cpu_device/observer/counters/launches.hpp"

namespace t2t::counters {
namespace {

// Runs row `index` of the case once, on operands that it makes for that.
void run_row(const lab::BenchCase& bench_case, std::size_t index) {
    const lab::BenchOperands operands = bench_case.prepare(1);
    operands.poison(0);
    T2T_CHECK(cudaDeviceSynchronize());
    operands.rows[index].run(0, nullptr);
    T2T_CHECK(cudaDeviceSynchronize());
    const std::string fault = operands.fault(0);
    if (!fault.empty()) throw std::runtime_error(bench_case.rungs[index] + ": " + fault);
}

}  // namespace

std::vector<Launch> rung_launches() {
    std::vector<Launch> launches;
    for (const int chapter : {1, 2, 3}) {
        for (const auto& bench_case : lab::bench_cases(chapter, lab::Shapes::of_cpu_device)) {
            for (std::size_t i = 0; i < bench_case.rungs.size(); ++i) {
                launches.push_back(
                    {bench_case.operation + ' ' + bench_case.rungs[i] + ", " + bench_case.shape,
                     [=] { run_row(bench_case, i); }});
            }
        }
    }
    return launches;
}

}  // namespace t2t::counters

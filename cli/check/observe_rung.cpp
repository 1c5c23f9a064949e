#include "cli/check/observe_rung.hpp"

#include <algorithm>
#include <stdexcept>

#include "common/cpu_device/observer/observe.hpp"
#include "common/device/check.hpp"

namespace t2t::rung_check {

RungReport observe_rung(const lab::BenchCase& bench_case, const std::string& rung,
                        const DeviceProperties& device) {
    RungReport result{.operation = bench_case.operation, .rung = rung, .shape = bench_case.shape};
    const lab::BenchOperands operands = bench_case.prepare(1);
    const auto row = std::ranges::find_if(operands.rows, [&](const lab::BenchRow& one) {
        return !one.is_library && one.name == rung;
    });
    if (row == operands.rows.end()) {
        throw std::invalid_argument(bench_case.operation + " has no rung '" + rung + "'");
    }
    result.skipped = lab::why_not(*row, device);
    if (!result.skipped.empty()) return result;

    // The output is not poisoned: that would count as written, and hide who reads it too early.
    result.report = observer::observe([&] {
        row->run(0, nullptr);
        T2T_CHECK(cudaDeviceSynchronize());
    });
    if (!result.trapped()) result.wrong = operands.fault(0);
    return result;
}

}  // namespace t2t::rung_check

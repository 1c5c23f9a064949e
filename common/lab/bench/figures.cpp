#include "common/lab/bench/report.hpp"
#include "common/lab/bench/statistics.hpp"

namespace t2t::lab {
namespace {

/// The median of the first row that `wanted` accepts; nothing when it was not timed or is wrong.
template <typename Wanted>
std::optional<double> median_of(const CaseResult& result, Wanted wanted) {
    for (const RowResult& row : result.rows) {
        if (wanted(row) && !row.milliseconds.empty() && row.fault.empty()) {
            return percentile(row.milliseconds, 0.5);
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Figures> figures(const CaseResult& result, std::size_t row, double fp32_tflop_s) {
    const RowResult& own = result.rows[row];
    if (own.milliseconds.empty()) return std::nullopt;

    Figures made;
    made.median_ms = percentile(own.milliseconds, 0.5);
    made.p10_ms = percentile(own.milliseconds, 0.1);
    made.p90_ms = percentile(own.milliseconds, 0.9);
    made.gb_s = result.work.bytes / (made.median_ms * 1e-3) / 1e9;
    made.tflop_s = result.work.flops / (made.median_ms * 1e-3) / 1e12;

    const auto of_kind = [](RowKind kind) {
        return [kind](const RowResult& other) { return other.kind == kind; };
    };
    if (result.roof == Roof::copy) {
        if (const auto copy = median_of(result, of_kind(RowKind::copy))) {
            made.percent_of_roof = 100.0 * *copy / made.median_ms;
        }
    } else if (fp32_tflop_s > 0) {
        made.percent_of_roof = 100.0 * made.tflop_s / fp32_tflop_s;
    }
    if (own.kind == RowKind::copy) return made;

    if (const auto library = median_of(result, of_kind(RowKind::library))) {
        made.to_library = *library / made.median_ms;
    }
    if (own.kind == RowKind::rung && row > 0) {
        const RowResult* below = &result.rows[row - 1];
        if (const auto time =
                median_of(result, [below](const RowResult& other) { return &other == below; })) {
            made.gain = *time / made.median_ms;
        }
    }
    return made;
}

}  // namespace t2t::lab

#include "common/lab/compare.hpp"

#include <algorithm>
#include <cmath>
#include <ostream>
#include <stdexcept>

#include "common/lab/diagnose.hpp"
#include "common/text.hpp"

namespace t2t::lab {
namespace {

std::string number(double value) {
    if (std::isnan(value)) return "nan";  // printf tells -nan from nan
    return formatted("%.9g", value);
}

std::string place(Extent extent, std::size_t offset) {
    const std::size_t columns = extent.columns;
    if (extent.rows == 1) return "[" + std::to_string(offset) + "]";
    return "[" + std::to_string(offset / columns) + ", " + std::to_string(offset % columns) + "]";
}

std::string values_at(const Expected& expected, const Actual& actual, std::size_t offset) {
    return place(expected.extent, offset) + " expected " + number(expected.values[offset]) +
           ", got " + number(actual.values[offset]) +
           (actual.untouched[offset] ? " (never written)" : "");
}

/// Right means accepted by the tolerance, and written where a NaN is expected, since outputs start
/// as NaN.
bool is_right(const Expected& expected, const Actual& actual, std::size_t offset) {
    const double wanted = expected.values[offset];
    if (std::isnan(wanted) && actual.untouched[offset]) return false;
    return expected.tolerance.accepts(wanted, actual.values[offset]);
}

std::vector<std::size_t> wrong_offsets(const Expected& expected, const Actual& actual) {
    std::vector<std::size_t> wrong;
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
        if (!is_right(expected, actual, i)) wrong.push_back(i);
    }
    return wrong;
}

/// The wrong element with the largest error; the first NaN if there is one.
std::size_t worst_of(const std::vector<std::size_t>& wrong, const Expected& expected,
                     const Actual& actual) {
    std::size_t worst = wrong.front();
    double largest = -1;
    for (const std::size_t offset : wrong) {
        const double error = std::abs(actual.values[offset] - expected.values[offset]);
        if (std::isnan(error)) return offset;
        if (error > largest) {
            largest = error;
            worst = offset;
        }
    }
    return worst;
}

/// Where two runs disagree although at least one of them is wrong there.
std::vector<std::size_t> differing_offsets(const Expected& expected, const Actual& actual,
                                           const Actual& again) {
    std::vector<std::size_t> differing;
    for (std::size_t i = 0; i < expected.values.size(); ++i) {
        const double one = actual.values[i];
        const double two = again.values[i];
        if (one == two || (std::isnan(one) && std::isnan(two))) continue;
        if (is_right(expected, actual, i) && is_right(expected, again, i)) continue;
        differing.push_back(i);
    }
    return differing;
}

Finding describe_difference(const std::vector<std::size_t>& differing, Extent extent,
                            const Actual& actual, const Actual& again) {
    const std::size_t first = differing.front();
    return {
        Cause::differs_by_run,
        "two runs on the same inputs differ in " + std::to_string(differing.size()) +
            (differing.size() == 1 ? " element" : " elements") + ", first at " +
            place(extent, first) + ": " + number(actual.values[first]) + ", then " +
            number(again.values[first]),
        "threads race: a barrier is missing, two threads write one element, or shared memory is "
        "read before it is written. Try T2T_SCHEDULE=reverse on the CPU device, or "
        "compute-sanitizer --tool racecheck on a GPU."};
}

}  // namespace

std::string_view name(Cause cause) {
    switch (cause) {
        case Cause::none:
            return "none";
        case Cause::unexplained:
            return "unexplained";
        case Cause::untouched:
            return "untouched";
        case Cause::nan_written:
            return "nan_written";
        case Cause::zeros:
            return "zeros";
        case Cause::transposed:
            return "transposed";
        case Cause::shifted:
            return "shifted";
        case Cause::permuted:
            return "permuted";
        case Cause::factor:
            return "factor";
        case Cause::tail:
            return "tail";
        case Cause::only_first:
            return "only_first";
        case Cause::every_nth:
            return "every_nth";
        case Cause::only_every_nth:
            return "only_every_nth";
        case Cause::differs_by_run:
            return "differs_by_run";
        case Cause::margin:
            return "margin";
        case Cause::input_changed:
            return "input_changed";
        case Cause::failed:
            return "failed";
    }
    return "unknown";
}

std::ostream& operator<<(std::ostream& stream, Cause cause) {
    return stream << name(cause);
}

bool Comparison::has(Cause cause) const {
    return std::any_of(findings.begin(), findings.end(),
                       [=](const Finding& finding) { return finding.cause == cause; });
}

std::string Comparison::message() const {
    std::string text =
        what + ", " +
        (extent.rows == 1 ? "n = " + std::to_string(extent.columns)
                          : std::to_string(extent.rows) + " × " + std::to_string(extent.columns)) +
        ": ";
    if (ok()) return text + "all right";
    if (wrong != 0) {
        text += std::to_string(wrong) + " of " + std::to_string(extent.count()) + " wrong, ";
    }
    for (std::size_t i = 0; i < findings.size(); ++i) {
        if (i > 0) text += "\n  also: ";
        text += findings[i].pattern;
        if (!findings[i].advice.empty()) text += ".\n  usual cause: " + findings[i].advice;
    }
    for (const std::string& note : notes) text += "\n  " + note;
    return text;
}

Comparison compare(std::string_view what, const Expected& expected, const Actual& actual,
                   const Actual* again) {
    const std::size_t count = expected.extent.count();
    if (expected.values.size() != count || actual.values.size() != count ||
        (again != nullptr && again->values.size() != count)) {
        throw std::invalid_argument(
            std::string(what) + ": the extent has " + std::to_string(count) + " elements, " +
            std::to_string(expected.values.size()) + " are expected and " +
            std::to_string(actual.values.size()) + " were read; give all three the same size");
    }
    Comparison result{std::string(what), expected.extent};
    const std::vector<std::size_t> wrong = wrong_offsets(expected, actual);
    if (again != nullptr) {
        const auto differing = differing_offsets(expected, actual, *again);
        if (!differing.empty()) {
            result.findings.push_back(
                describe_difference(differing, expected.extent, actual, *again));
        }
    }
    if (wrong.empty()) return result;

    result.wrong = wrong.size();
    result.first = wrong.front();
    result.worst = worst_of(wrong, expected, actual);
    // A pattern in the outcome of a race is chance.
    if (result.ok()) result.findings.push_back(diagnose({expected, actual, wrong}));
    result.notes.push_back("first: " + values_at(expected, actual, result.first));
    if (result.worst != result.first) {
        result.notes.push_back("worst: " + values_at(expected, actual, result.worst));
    }
    result.notes.push_back(
        "tolerance: " + number(expected.tolerance.allowed(expected.values[result.first])) + " (" +
        expected.tolerance.reason() + ")");
    return result;
}

}  // namespace t2t::lab

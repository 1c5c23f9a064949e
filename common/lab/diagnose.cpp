#include "common/lab/diagnose.hpp"

#include <algorithm>
#include <cmath>

namespace t2t::lab {
namespace {

/// Whether `holds(offset)` for every wrong element.
template <typename Predicate>
bool all_wrong(const Evidence& evidence, Predicate holds) {
    return std::all_of(evidence.wrong.begin(), evidence.wrong.end(), holds);
}

}  // namespace

std::optional<Finding> explain_content(const Evidence& evidence) {
    const Actual& actual = evidence.actual;
    if (all_wrong(evidence, [&](std::size_t i) { return actual.untouched[i]; })) {
        return Finding{
            Cause::untouched, "never written",
            "no thread reaches these elements: the launch is missing, the grid is too small, "
            "the kernel returns early, or it writes to another address."};
    }
    if (all_wrong(evidence, [&](std::size_t i) { return std::isnan(actual.values[i]); })) {
        return Finding{
            Cause::nan_written, "all of them NaN",
            "the output is added to before it is set (it starts as NaN), a read goes outside an "
            "input (its margins are NaN), or the arithmetic makes it (0/0, inf - inf)."};
    }
    if (all_wrong(evidence, [&](std::size_t i) { return actual.values[i] == 0; })) {
        return Finding{
            Cause::zeros, "all of them 0",
            "the result is set to 0 and never added to: the loop runs zero times, or the sum "
            "stays in another variable."};
    }
    return std::nullopt;
}

Finding diagnose(const Evidence& evidence) {
    const std::optional<Finding> content = explain_content(evidence);
    if (auto values = explain_values(evidence)) return *values;
    if (auto place = explain_place(evidence)) {
        if (content) place->pattern += ", " + content->pattern;
        return *place;
    }
    if (content) return *content;
    return {
        Cause::unexplained, "in no pattern known here",
        "compare the first wrong element with a computation by hand, for the smallest size that "
        "fails."};
}

}  // namespace t2t::lab

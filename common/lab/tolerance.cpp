#include "common/lab/tolerance.hpp"

#include <cmath>
#include <stdexcept>
#include <utility>

namespace t2t::lab {
namespace {

double require_bound(double bound) {
    if (!(bound >= 0) || std::isinf(bound)) {
        throw std::invalid_argument("a tolerance is " + std::to_string(bound) +
                                    "; derive a finite bound of 0 or more");
    }
    return bound;
}

}  // namespace

Tolerance::Tolerance(double absolute, double relative, std::string reason)
    : absolute_(absolute), relative_(relative), reason_(std::move(reason)) {}

Tolerance Tolerance::exact() {
    return {0, 0, "exact: rounded once to the output's type"};
}

Tolerance Tolerance::relative_to_scale(double bound, std::string reason) {
    return {require_bound(bound), 0, std::move(reason)};
}

Tolerance Tolerance::relative_to_value(double bound, std::string reason) {
    return {0, require_bound(bound), std::move(reason)};
}

double Tolerance::allowed(double expected) const {
    return absolute_ + relative_ * std::abs(expected);
}

bool Tolerance::accepts(double expected, double actual) const {
    if (std::isnan(expected)) return std::isnan(actual);
    if (actual == expected) return true;
    if (std::isinf(expected)) return false;
    return std::abs(actual - expected) <= allowed(expected);
}

}  // namespace t2t::lab

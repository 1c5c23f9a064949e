/// @file
/// Compares a kernel's output with its reference, and says what the pattern of the errors means.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstring>
#include <iosfwd>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/lab/extent.hpp"
#include "common/lab/poison.hpp"
#include "common/lab/tolerance.hpp"

namespace t2t::lab {

/// What an output must be.
struct Expected {
    std::vector<double> values;                ///< [rows, columns], from a float64 reference
    Extent extent;                             ///< {1, n} for a vector
    Tolerance tolerance = Tolerance::exact();  ///< how far off a value may be
};

/// What is wrong with an output.
enum class Cause {
    none,            ///< nothing
    unexplained,     ///< wrong, in no pattern known here
    untouched,       ///< elements that the kernel never wrote
    nan_written,     ///< NaN where a number is expected
    zeros,           ///< 0 where something else is expected
    transposed,      ///< rows and columns exchanged
    shifted,         ///< the right values, a few places further on
    permuted,        ///< the right values in the wrong order, within a warp, a row or the whole
    factor,          ///< every value off by the same factor
    tail,            ///< wrong only in the last, partial tile of rows or columns
    only_first,      ///< right up to some element, wrong from there on
    every_nth,       ///< every n-th element wrong
    only_every_nth,  ///< every n-th element right, the others wrong
    differs_by_run,  ///< two runs on the same inputs disagree
    margin,          ///< memory next to a buffer was overwritten
    input_changed,   ///< an input was overwritten
    failed,          ///< the launcher threw, or the kernel ended with an error
};

/// The cause's name as above.
std::string_view name(Cause cause);
/// Prints the cause's name.
std::ostream& operator<<(std::ostream& stream, Cause cause);

/// One thing found wrong.
struct Finding {
    Cause cause = Cause::none;  ///< the pattern's name
    std::string pattern;  ///< what is seen, for example "all in the last tile (element 64 on)"
    std::string advice;   ///< the usual cause and what to do; may be empty
};

/// A kernel's output as read back, in float64.
struct Actual {
    std::vector<double> values;   ///< [rows, columns]
    std::vector<bool> untouched;  ///< true where the bytes are those that the output started as
};

/// The outcome of comparing one output, or of checking one rung.
struct Comparison {
    std::string what;                  ///< what was compared, for example "transpose v2_tile"
    Extent extent;                     ///< of the output
    std::size_t wrong = 0;             ///< elements outside the tolerance
    std::size_t first = 0;             ///< row-major offset of the first wrong element
    std::size_t worst = 0;             ///< of the one with the largest error; NaN counts as largest
    std::vector<Finding> findings{};   ///< the most telling first; empty when all is right
    std::vector<std::string> notes{};  ///< further lines of the message: values, tolerance, seed

    /// Whether nothing is wrong.
    bool ok() const { return findings.empty(); }
    /// The first finding's cause; Cause::none when all is right.
    Cause cause() const { return ok() ? Cause::none : findings.front().cause; }
    /// Whether `cause` is among the findings.
    bool has(Cause cause) const;
    /// A few lines for people: what, how many, where, the usual cause, the first and the worst
    /// element.
    std::string message() const;
};

/// Compares two runs' outputs with what is expected.
///
/// @param what      what is compared; opens the message
/// @param expected  extent.count() values
/// @param actual    extent.count() values
/// @param again     the output of a second run on the same inputs, or nullptr. Runs may differ
///                  where both are within the tolerance (float atomics add in any order), and
///                  nowhere else.
/// @throws std::invalid_argument when the numbers of values differ
Comparison compare(std::string_view what, const Expected& expected, const Actual& actual,
                   const Actual* again = nullptr);

/// An output as read back: its values in float64, and which of them still are what they started as.
/// @param output  what the kernel left
/// @param start   what the output held before, of the same length
template <typename T>
Actual read_back(const std::vector<T>& output, const std::vector<T>& start) {
    const T poisoned = poisoned_value<T>();
    Actual actual;
    actual.values.reserve(output.size());
    actual.untouched.reserve(output.size());
    for (std::size_t i = 0; i < output.size(); ++i) {
        if constexpr (std::is_arithmetic_v<T>) {
            actual.values.push_back(static_cast<double>(output[i]));
        } else {
            actual.values.push_back(static_cast<float>(output[i]));
        }
        // A NaN that the test itself put there, in place of the poison, may stay.
        const bool same = std::memcmp(&output[i], &start[i], sizeof(T)) == 0;
        const bool poison = std::memcmp(&output[i], &poisoned, sizeof(T)) == 0;
        actual.untouched.push_back(same && (poison || !std::isnan(actual.values.back())));
    }
    return actual;
}

/// `expected` with its values rounded to T when the tolerance is exact, unchanged when it is not.
template <typename T>
Expected rounded_to(Expected expected) {
    if (!expected.tolerance.is_exact()) return expected;
    for (double& value : expected.values) {
        if constexpr (std::is_arithmetic_v<T>) {
            value = static_cast<double>(static_cast<T>(value));
        } else {
            value = static_cast<float>(T(static_cast<float>(value)));
        }
    }
    return expected;
}

/// Compares the output of one run, which started as lab::poisoned_value, with what is expected.
/// @tparam T  an arithmetic type, or one that converts to and from float such as __half
template <typename T>
Comparison compare(std::string_view what, const Expected& expected, const std::vector<T>& output) {
    const std::vector<T> start(output.size(), poisoned_value<T>());
    return compare(what, rounded_to<T>(expected), read_back(output, start));
}

}  // namespace t2t::lab

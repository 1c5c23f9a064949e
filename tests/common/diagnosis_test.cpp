// For every diagnosis a planted fault, which must be named by it and by no other.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/lab/compare.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::lab {

/// GoogleTest prints a cause by its name.
void PrintTo(Cause cause, std::ostream* stream) {
    *stream << name(cause);
}

namespace {

using Floats = std::vector<float>;

constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// Data in which no value occurs twice, for practical purposes.
Floats random_values(Extent extent) {
    return normal(static_cast<std::int64_t>(extent.count()), 3, 10, test_seed());
}

/// Compares `values`, changed by `plant`, with `values` themselves.
Comparison planted(Extent extent, const Floats& values, const std::function<void(Floats&)>& plant) {
    Floats output = values;
    plant(output);
    return compare("planted", {{values.begin(), values.end()}, extent}, output);
}

Comparison planted(Extent extent, const std::function<void(Floats&)>& plant) {
    return planted(extent, random_values(extent), plant);
}

/// Each diagnosis must hold for vectors and matrices of these shapes.
const std::vector<Extent> shapes{{1, 1000}, {1, 4099}, {33, 65}, {65, 33}, {128, 128}, {97, 101}};

#define EXPECT_DIAGNOSIS(result, expected_cause, text)                                   \
    do {                                                                                 \
        const Comparison outcome = (result);                                             \
        EXPECT_EQ(outcome.cause(), expected_cause) << outcome.message();                 \
        EXPECT_EQ(outcome.findings.size(), 1u) << outcome.message();                     \
        EXPECT_NE(outcome.message().find(text), std::string::npos) << outcome.message(); \
    } while (false)

TEST(Diagnosis, NothingWritten) {
    for (const Extent extent : shapes) {
        EXPECT_DIAGNOSIS(planted(extent,
                                 [](Floats& out) {
                                     std::fill(out.begin(), out.end(), poisoned_value<float>());
                                 }),
                         Cause::untouched, "never written");
    }
    EXPECT_DIAGNOSIS(planted({1, 1}, [](Floats& out) { out[0] = poisoned_value<float>(); }),
                     Cause::untouched, "1 of 1 wrong, never written");
}

TEST(Diagnosis, SomeElementsNeverWritten) {
    EXPECT_DIAGNOSIS(planted({1, 1000},
                             [](Floats& out) {
                                 for (const int i : {3, 10, 11, 500})
                                     out[i] = poisoned_value<float>();
                             }),
                     Cause::untouched, "4 of 1000 wrong, never written");
}

TEST(Diagnosis, NanEverywhere) {
    for (const Extent extent : shapes) {
        EXPECT_DIAGNOSIS(
            planted(extent, [](Floats& out) { std::fill(out.begin(), out.end(), nan); }),
            Cause::nan_written, "added to before it is set");
    }
}

TEST(Diagnosis, NanHereAndThere) {
    EXPECT_DIAGNOSIS(planted({33, 65}, [](Floats& out) { out[7] = out[100] = out[1500] = nan; }),
                     Cause::nan_written, "all of them NaN");
}

TEST(Diagnosis, ZeroEverywhere) {
    for (const Extent extent : shapes) {
        EXPECT_DIAGNOSIS(
            planted(extent, [](Floats& out) { std::fill(out.begin(), out.end(), 0.0f); }),
            Cause::zeros, "all of them 0");
    }
}

TEST(Diagnosis, TransposeWritten) {
    for (const Extent extent : {Extent{33, 65}, {65, 33}, {128, 128}, {2, 3}, {2, 2}}) {
        const Floats values = random_values(extent);
        EXPECT_DIAGNOSIS(planted(extent, values,
                                 [&](Floats& out) {
                                     for (std::int64_t r = 0; r < extent.rows; ++r) {
                                         for (std::int64_t c = 0; c < extent.columns; ++c) {
                                             out[c * extent.rows + r] =
                                                 values[r * extent.columns + c];
                                         }
                                     }
                                 }),
                         Cause::transposed, "matches the transpose");
    }
}

TEST(Diagnosis, TransposeRead) {
    const Extent extent{33, 65};
    const Floats values = random_values(extent);
    EXPECT_DIAGNOSIS(planted(extent, values,
                             [&](Floats& out) {
                                 for (std::int64_t r = 0; r < extent.rows; ++r) {
                                     for (std::int64_t c = 0; c < extent.columns; ++c) {
                                         out[r * extent.columns + c] = values[c * extent.rows + r];
                                     }
                                 }
                             }),
                     Cause::transposed, "matches the transpose");
}

TEST(Diagnosis, TransposeOfEqualValuesIsNoError) {
    const Extent extent{33, 33};
    EXPECT_TRUE(planted(extent, Floats(extent.count(), 2.5f), [](Floats&) {}).ok());
    Floats symmetric(extent.count());
    for (std::int64_t r = 0; r < 33; ++r) {
        for (std::int64_t c = 0; c < 33; ++c) symmetric[r * 33 + c] = static_cast<float>(r + c);
    }
    EXPECT_TRUE(planted(extent, symmetric, [](Floats&) {}).ok());
    EXPECT_DIAGNOSIS(planted(extent, symmetric, [](Floats& out) { out[40] += 1; }),
                     Cause::unexplained, "1 of 1089 wrong");
}

TEST(Diagnosis, Shifted) {
    struct Shift {
        std::size_t distance;
        const char* places;
    };
    for (const auto& [distance, places] :
         {Shift{1, "1 element "}, {3, "3 elements "}, {4, "4 elements "}, {32, "32 elements "}}) {
        EXPECT_DIAGNOSIS(planted({1, 1000},
                                 [d = distance](Floats& out) {
                                     std::copy(out.begin() + d, out.end(), out.begin());
                                 }),
                         Cause::shifted, std::string(places) + "later");
        EXPECT_DIAGNOSIS(planted({1, 1000},
                                 [d = distance](Floats& out) {
                                     std::copy_backward(out.begin(), out.end() - d, out.end());
                                     std::fill(out.begin(), out.begin() + d,
                                               poisoned_value<float>());
                                 }),
                         Cause::shifted, std::string(places) + "earlier");
    }
    EXPECT_DIAGNOSIS(planted({1, 5},
                             [](Floats& out) {
                                 std::copy(out.begin() + 1, out.end(), out.begin());
                                 out[4] = nan;
                             }),
                     Cause::shifted, "1 element later");
}

TEST(Diagnosis, ShiftedInAMatrix) {
    EXPECT_DIAGNOSIS(
        planted({33, 65}, [](Floats& out) { std::copy(out.begin() + 65, out.end(), out.begin()); }),
        Cause::shifted, "1 row later");
    EXPECT_DIAGNOSIS(
        planted({33, 65},
                [](Floats& out) { std::copy_backward(out.begin(), out.end() - 2, out.end()); }),
        Cause::shifted, "2 columns earlier");
}

TEST(Diagnosis, EqualNeighboursAreNoShift) {
    const Extent extent{1, 1024};
    EXPECT_DIAGNOSIS(
        planted(extent, Floats(extent.count(), 2.5f), [](Floats& out) { out[1023] = 9; }),
        Cause::only_first, "only the first 1023 are right");
}

TEST(Diagnosis, TwoValuesExchangedAreNoShift) {
    EXPECT_DIAGNOSIS(planted({1, 2}, [](Floats& out) { std::swap(out[0], out[1]); }),
                     Cause::permuted, "in the wrong order");
}

TEST(Diagnosis, PermutedWithinAWarp) {
    for (const std::int64_t n : {64, 1000, 1024}) {
        for (const std::size_t mask : {1, 2, 16, 31}) {
            EXPECT_DIAGNOSIS(planted({1, n},
                                     [=](Floats& out) {
                                         const Floats values = out;
                                         for (std::size_t i = 0; i < out.size(); ++i) {
                                             const std::size_t other = i ^ mask;
                                             if (std::max(i, other) / 32 * 32 + 32 > out.size())
                                                 continue;
                                             out[i] = values[other];
                                         }
                                     }),
                             Cause::permuted, "within groups of 32");
        }
    }
}

TEST(Diagnosis, PermutedWithinRowsOrAnywhere) {
    EXPECT_DIAGNOSIS(planted({33, 65},
                             [](Floats& out) {
                                 for (int r = 0; r < 33; ++r)
                                     std::reverse(&out[r * 65], &out[r * 65] + 65);
                             }),
                     Cause::permuted, "within each row");
    EXPECT_DIAGNOSIS(planted({33, 65}, [](Floats& out) { std::reverse(out.begin(), out.end()); }),
                     Cause::permuted, "in the wrong places");
}

TEST(Diagnosis, OffByAFactor) {
    struct Case {
        double factor;
        const char* text;
    };
    for (const Extent extent : {Extent{1, 1000}, {33, 65}, {1, 3}}) {
        for (const auto& [factor, text] : {Case{2, "is 2 times"},
                                           {3, "is 3 times"},
                                           {0.5, "1/2 of"},
                                           {1.0 / 3, "1/3 of"},
                                           {-1, "wrong sign"},
                                           {-2, "-2 times"},
                                           {0.7, "0.700000 times"}}) {
            const Floats values = random_values(extent);
            Floats output;
            for (const float value : values) output.push_back(static_cast<float>(factor * value));
            const Expected expected{{values.begin(), values.end()},
                                    extent,
                                    Tolerance::relative_to_value(0x1p-23, "one rounding")};
            EXPECT_DIAGNOSIS(compare("planted", expected, output), Cause::factor, text);
        }
    }
}

TEST(Diagnosis, OffByALengthOrItsRoot) {
    const auto times = [](double factor) {
        return [=](Floats& out) {
            for (float& value : out) value = static_cast<float>(factor * value);
        };
    };
    EXPECT_DIAGNOSIS(planted({33, 65}, times(65)), Cause::factor,
                     "65 (the number of columns) times");
    EXPECT_DIAGNOSIS(planted({33, 65}, times(33)), Cause::factor, "33 (the number of rows) times");
    EXPECT_DIAGNOSIS(planted({33, 65}, times(1.0 / 65)), Cause::factor,
                     "1/65 (the number of columns) of");
    EXPECT_DIAGNOSIS(planted({33, 65}, times(1 / std::sqrt(65))), Cause::factor, "1/sqrt(65)");
    EXPECT_DIAGNOSIS(planted({33, 65}, times(std::sqrt(65))), Cause::factor, "is sqrt(65)");
}

TEST(Diagnosis, OneOrTwoValuesAreNoFactor) {
    EXPECT_DIAGNOSIS(planted({1, 1}, [](Floats& out) { out[0] *= 2; }), Cause::unexplained,
                     "1 of 1");
    EXPECT_DIAGNOSIS(planted({1, 2}, [](Floats& out) { out[0] *= 2, out[1] *= 2; }),
                     Cause::unexplained, "2 of 2");
}

TEST(Diagnosis, LastTileOfAVector) {
    struct Case {
        std::int64_t length;
        std::size_t begin;
    };
    for (const auto& [length, begin] :
         {Case{33, 32}, {1000, 992}, {1000, 768}, {1003, 1000}, {4099, 4096}}) {
        const std::string text = "last tile (element " + std::to_string(begin) + " on)";
        for (const float fault : {nan, 0.0f, 1e9f, poisoned_value<float>()}) {
            EXPECT_DIAGNOSIS(planted({1, length},
                                     [b = begin, fault](Floats& out) {
                                         std::fill(out.begin() + b, out.end(), fault);
                                     }),
                             Cause::tail, text);
        }
    }
}

TEST(Diagnosis, LastTilesOfAMatrix) {
    const auto beyond = [](Extent extent, std::int64_t row, std::int64_t column) {
        return [=](Floats& out) {
            for (std::int64_t i = 0; i < static_cast<std::int64_t>(out.size()); ++i) {
                if (i / extent.columns >= row || i % extent.columns >= column) out[i] = 1e9f;
            }
        };
    };
    for (const Extent e : {Extent{33, 65}, {97, 101}, {70, 70}}) {
        const std::int64_t row = e.rows / 32 * 32;
        const std::int64_t column = e.columns / 32 * 32;
        EXPECT_DIAGNOSIS(planted(e, beyond(e, e.rows, column)), Cause::tail,
                         "last tile of columns (column " + std::to_string(column) + " on)");
        EXPECT_DIAGNOSIS(planted(e, beyond(e, row, e.columns)), Cause::tail,
                         "last tile of rows (row " + std::to_string(row) + " on)");
        EXPECT_DIAGNOSIS(planted(e, beyond(e, row, column)), Cause::tail, "last tiles of rows");
    }
}

TEST(Diagnosis, OnlyTheFirstAreRight) {
    for (const Extent extent : {Extent{1, 100'003}, {33, 65}, {128, 128}}) {
        EXPECT_DIAGNOSIS(
            planted(extent, [](Floats& out) { std::fill(out.begin() + 1000, out.end(), 1e9f); }),
            Cause::only_first, "only the first 1000 are right");
    }
    EXPECT_DIAGNOSIS(planted({1, 1024}, [](Floats& out) { out[1023] = 1e9f; }), Cause::only_first,
                     "only the first 1023 are right");
}

TEST(Diagnosis, EveryNth) {
    for (const std::size_t n : {2, 4, 32, 33, 100}) {
        for (const std::size_t first : {std::size_t{0}, n - 1}) {
            EXPECT_DIAGNOSIS(planted({1, 1000},
                                     [=](Floats& out) {
                                         for (std::size_t i = first; i < 1000; i += n)
                                             out[i] = 1e9f;
                                     }),
                             Cause::every_nth,
                             "every " + std::to_string(n) +
                                 (n == 2    ? "nd"
                                  : n == 33 ? "rd"
                                  : n == 32 ? "nd"
                                            : "th") +
                                 " element, from " + std::to_string(first));
        }
    }
}

TEST(Diagnosis, EveryNthFromTheMiddleOn) {
    EXPECT_DIAGNOSIS(planted({1, 1000},
                             [](Floats& out) {
                                 for (std::size_t i = 500; i < 1000; i += 4) out[i] = 1e9f;
                             }),
                     Cause::every_nth, "every 4th element, from 500 on");
}

TEST(Diagnosis, OneColumn) {
    EXPECT_DIAGNOSIS(planted({33, 65},
                             [](Floats& out) {
                                 for (int row = 0; row < 33; ++row) out[row * 65 + 7] = nan;
                             }),
                     Cause::every_nth,
                     "every 65th element, from 7 on (column 7 of each row), all of them NaN");
}

TEST(Diagnosis, AllButEveryNth) {
    for (const std::size_t n : {4, 32}) {
        EXPECT_DIAGNOSIS(planted({1, 1000},
                                 [=](Floats& out) {
                                     for (std::size_t i = 0; i < 1000; ++i) {
                                         if (i % n != 0) out[i] = poisoned_value<float>();
                                     }
                                 }),
                         Cause::only_every_nth, "all but every " + std::to_string(n));
    }
}

TEST(Diagnosis, ScatteredErrorsAreUnexplained) {
    EXPECT_DIAGNOSIS(planted({33, 65},
                             [](Floats& out) {
                                 for (const int i : {5, 77, 78, 900, 1333, 2000}) out[i] += 1;
                             }),
                     Cause::unexplained, "6 of 2145 wrong, in no pattern known here");
    EXPECT_DIAGNOSIS(planted({1, 1}, [](Floats& out) { out[0] += 1; }), Cause::unexplained,
                     "[0] expected");
}

TEST(Diagnosis, FewErrorsMakeNoPattern) {
    const auto at = [](std::vector<int> places) {
        return [=](Floats& out) {
            for (const int i : places) out[i] += 1;
        };
    };
    EXPECT_DIAGNOSIS(planted({33, 65}, at({5 * 65 + 64})), Cause::unexplained, "1 of 2145 wrong");
    EXPECT_DIAGNOSIS(planted({1, 12}, at({3, 10})), Cause::unexplained, "2 of 12 wrong");
    EXPECT_DIAGNOSIS(planted({1, 1000}, at({3, 103, 303})), Cause::unexplained, "3 of 1000 wrong");
}

TEST(Diagnosis, RandomNoiseIsUnexplained) {
    for (const Extent extent : shapes) {
        EXPECT_DIAGNOSIS(
            planted(extent, [&](Floats& out) { out = normal(out.size(), 3, 10, test_seed() + 1); }),
            Cause::unexplained, "in no pattern known here");
    }
}

}  // namespace
}  // namespace t2t::lab

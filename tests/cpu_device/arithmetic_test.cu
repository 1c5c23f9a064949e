// Arithmetic that C++ leaves open and a GPU does not: casts of values that do not fit, and shifts by a word's width
// or more. Expected values are those of the PTX ISA: "cvt" (float to integer saturates; NaN becomes 0, or the top bit
// alone when either side has 64 bits), "shl" and "shr" (more than the width counts as the width). nvcc casts to a
// narrow integer by way of one of 32 bits, whose low bits it keeps.
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

constexpr int lowest = std::numeric_limits<int>::min();
constexpr int highest = std::numeric_limits<int>::max();
constexpr unsigned most = std::numeric_limits<unsigned>::max();
constexpr long long lowest_long = std::numeric_limits<long long>::min();
constexpr long long highest_long = std::numeric_limits<long long>::max();
constexpr unsigned long long most_long = std::numeric_limits<unsigned long long>::max();
constexpr unsigned long long top_bit = 1ull << 63;

/// One value, cast to everything in every spelling.
struct Casts {
    int to_int, by_static_cast, by_call, negated, of_sum, of_element, of_call, by_template;
    unsigned to_unsigned;
    long long to_long;
    unsigned long long to_unsigned_long;
    signed char to_char;
    unsigned char to_byte;
    short to_short;
    std::uint16_t to_unsigned_short;
    bool to_bool;
};

template <typename T>
__device__ T itself(T x) {
    return x;
}

template <typename To, typename From>
__device__ To converted(From x) {
    return static_cast<To>(x);
}

template <typename Real>
__global__ void cast_kernel(const Real* in, Casts* out) {
    const Real x = in[threadIdx.x];
    Casts& to = out[threadIdx.x];
    to.to_int = (int)x;
    to.by_static_cast = static_cast<int>(x);
    to.by_call = int(x);
    to.negated = (int)-x;
    to.of_sum = (int)(x + x) / 2;
    to.of_element = (int)in[threadIdx.x] * 1;
    to.of_call = (int)itself<Real>(x) - 0;
    to.by_template = converted<int>(x);
    to.to_unsigned = (unsigned int)x;
    to.to_long = (long long)x;
    to.to_unsigned_long = static_cast<unsigned long long>(x);
    to.to_char = (signed char)x;
    to.to_byte = (unsigned char)x;
    to.to_short = short(x);
    to.to_unsigned_short = (std::uint16_t)x;
    to.to_bool = (bool)x;
}

template <typename Real>
std::vector<Casts> casts_of(const std::vector<Real>& values) {
    const DeviceBuffer<Real> in(values);
    return collect<Casts>(values.size(), [&](Casts* out) {
        cast_kernel<<<1, static_cast<unsigned>(values.size())>>>(in.data(), out);
    });
}

template <typename Member>
std::vector<Member> all(const std::vector<Casts>& casts, Member Casts::*member) {
    std::vector<Member> values;
    for (const Casts& each : casts) values.push_back(each.*member);
    return values;
}

template <typename Real>
std::vector<Real> values_to_cast() {
    const Real infinity = std::numeric_limits<Real>::infinity();
    const Real nan_value = std::numeric_limits<Real>::quiet_NaN();
    return {Real(-1.5), -3,   Real(300.75), 40000,    70000,     Real(3e9),
            Real(-3e9), 1e20, -1e20,        infinity, -infinity, nan_value};
}

template <typename Real>
void expect_gpu_casts(int nan_as_int, unsigned nan_as_unsigned) {
    const auto casts = casts_of(values_to_cast<Real>());
    const std::vector<int> as_int = {-1,     -3,      300,    40000,   70000,  highest,
                                     lowest, highest, lowest, highest, lowest, nan_as_int};
    for (const auto spelling : {&Casts::to_int, &Casts::by_static_cast, &Casts::by_call,
                                &Casts::of_element, &Casts::of_call, &Casts::by_template}) {
        EXPECT_EQ(all(casts, spelling), as_int);
    }
    EXPECT_EQ(all(casts, &Casts::negated),
              (std::vector<int>{1, 3, -300, -40000, -70000, lowest, highest, lowest, highest,
                                lowest, highest, nan_as_int}));
    // The sum saturates, and then half of it is taken.
    EXPECT_EQ(all(casts, &Casts::of_sum),
              (std::vector<int>{-1, -3, 300, 40000, 70000, highest / 2, lowest / 2, highest / 2,
                                lowest / 2, highest / 2, lowest / 2, nan_as_int / 2}));
    EXPECT_EQ(all(casts, &Casts::to_unsigned),
              (std::vector<unsigned>{0, 0, 300, 40000, 70000, 3000000000u, 0, most, 0, most, 0,
                                     nan_as_unsigned}));
    EXPECT_EQ(
        all(casts, &Casts::to_long),
        (std::vector<long long>{-1, -3, 300, 40000, 70000, 3000000000, -3000000000, highest_long,
                                lowest_long, highest_long, lowest_long, lowest_long}));
    EXPECT_EQ(all(casts, &Casts::to_unsigned_long),
              (std::vector<unsigned long long>{0, 0, 300, 40000, 70000, 3000000000, 0, most_long, 0,
                                               most_long, 0, top_bit}));
    // The low bits of the 32.
    EXPECT_EQ(all(casts, &Casts::to_char),
              (std::vector<signed char>{-1, -3, 44, 64, 112, -1, 0, -1, 0, -1, 0, 0}));
    EXPECT_EQ(all(casts, &Casts::to_byte),
              (std::vector<unsigned char>{0, 0, 44, 64, 112, 0, 0, 255, 0, 255, 0, 0}));
    EXPECT_EQ(all(casts, &Casts::to_short),
              (std::vector<short>{-1, -3, 300, -25536, 4464, -1, 0, -1, 0, -1, 0, 0}));
    EXPECT_EQ(
        all(casts, &Casts::to_unsigned_short),
        (std::vector<std::uint16_t>{0, 0, 300, 40000, 4464, 24064, 0, 65535, 0, 65535, 0, 0}));
    EXPECT_EQ(all(casts, &Casts::to_bool), std::vector<bool>(casts.size(), true));
}

TEST(Casts, OfFloatsSaturate) {
    expect_gpu_casts<float>(0, 0);
}

TEST(Casts, OfDoublesSaturate) {
    expect_gpu_casts<double>(lowest, 0x80000000u);
}

/// Words shifted by `by`, in every spelling.
struct Shifts {
    int left, right, both, element, assigned_left, assigned_right;
    unsigned unsigned_left, unsigned_right, mask, assigned_unsigned, narrow;
    long long long_left, long_right;
    unsigned long long unsigned_long_right;
};

__global__ void shift_kernel(const int* counts, const int* words, Shifts* out) {
    const int by = counts[threadIdx.x];
    const int word = words[0];  // -5
    const unsigned bits = static_cast<unsigned>(word);
    const unsigned char byte = bits;
    Shifts& to = out[threadIdx.x];
    to.left = word << by;
    to.right = word >> by;
    to.both = (word << by >> by) + 1;
    to.element = words[by & 0] << counts[threadIdx.x];
    to.unsigned_left = bits << by;
    to.unsigned_right = bits >> by;
    to.mask = (1u << by) - 1;
    to.narrow = byte << by;
    to.long_left = static_cast<long long>(word) << by;
    to.long_right = static_cast<long long>(word) >> by;
    to.unsigned_long_right = ~0ull >> by;
    int assigned = word;
    assigned <<= by;
    to.assigned_left = assigned;
    assigned = word;
    assigned >>= by;
    to.assigned_right = assigned;
    unsigned assigned_bits = bits;
    assigned_bits >>= by + 0;
    to.assigned_unsigned = assigned_bits;
}

/// What the PTX ISA says of shl.b32, shr.s32 and shr.u32, and of their forms with 64 bits: by more than the width is
/// by the width. A count is unsigned, so -1 is more than any width.
template <typename Word>
Word shl(Word word, int by) {
    const auto count = static_cast<unsigned>(by);
    return count >= 8 * sizeof(Word)
               ? Word(0)
               : static_cast<Word>(static_cast<unsigned long long>(word) << count);
}
template <typename Word>
Word shr(Word word, int by) {
    const auto count = static_cast<unsigned>(by);
    const auto all_gone =
        static_cast<Word>(std::is_signed_v<Word> ? word >> (8 * sizeof(Word) - 1) : 0);
    return count >= 8 * sizeof(Word) ? all_gone : static_cast<Word>(word >> count);
}

TEST(Shifts, ByTheWidthAndMoreShiftEverythingOut) {
    const std::vector<int> counts = {0, 1, 7, 31, 32, 33, 40, 63, 64, 65, 1000, -1};
    const DeviceBuffer<int> by(counts), words(std::vector<int>{-5});
    const auto shifts = collect<Shifts>(counts.size(), [&](Shifts* out) {
        shift_kernel<<<1, static_cast<unsigned>(counts.size())>>>(by.data(), words.data(), out);
    });
    for (std::size_t i = 0; i < counts.size(); ++i) {
        const int n = counts[i];
        const Shifts& is = shifts[i];
        SCOPED_TRACE(n);
        EXPECT_EQ(is.left, shl(-5, n));
        EXPECT_EQ(is.right, shr(-5, n));
        EXPECT_EQ(is.both, shr(shl(-5, n), n) + 1);
        EXPECT_EQ(is.element, shl(-5, n));
        EXPECT_EQ(is.unsigned_left, shl(0u - 5, n));
        EXPECT_EQ(is.unsigned_right, shr(0u - 5, n));
        EXPECT_EQ(is.mask, shl(1u, n) - 1);
        EXPECT_EQ(is.narrow, static_cast<unsigned>(shl(251, n)));
        EXPECT_EQ(is.long_left, shl(-5LL, n));
        EXPECT_EQ(is.long_right, shr(-5LL, n));
        EXPECT_EQ(is.unsigned_long_right, shr(~0ull, n));
        EXPECT_EQ(is.assigned_left, shl(-5, n));
        EXPECT_EQ(is.assigned_right, shr(-5, n));
        EXPECT_EQ(is.assigned_unsigned, shr(0u - 5, n));
    }
}

// Shifts in constant expressions, among templates, and of numbers that need no care.
template <int n>
struct Power {
    static constexpr int value = 1 << n;
};
template <typename T>
struct Box {
    T content;
};

__global__ void constant_kernel(unsigned* out) {
    constexpr unsigned bits = 5, mask = (1u << bits) - 1;
    static_assert(Power<(mask >> 4)>::value == 2);
    __shared__ Box<Box<int>> boxes[Power<2>::value];
    boxes[0] = Box<Box<int>>{{static_cast<int>(mask >> 1)}};
    out[0] = boxes[0].content.content << (mask >> 4);
    out[1] = sizeof(boxes) >> 2;
    out[2] = 1 << 3 << bits;
    out[3] = mask >> (bits - 3);
}

TEST(Shifts, StayConstantExpressions) {
    const auto values = collect<unsigned>(4, [](unsigned* out) { constant_kernel<<<1, 1>>>(out); });
    EXPECT_EQ(values, (std::vector<unsigned>{30, 4, 256, 7}));
}

}  // namespace
}  // namespace t2t::conformance

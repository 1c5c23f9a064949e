/// Arithmetic and conversions in a stated direction, against comparisons with exact values.
#include "tests/cpu_device/evaluate.cuh"
#include "tests/cpu_device/rounding_reference.hpp"

namespace t2t::conformance {
namespace {

/// Up to three operands.
template <typename Real>
struct Triple {
    Real x, y, z;
};

/// `nearest`, moved to its neighbour where `direction` asks for it.
/// @param compare the sign of (a given value − the exact one)
template <typename Real, typename Compare>
Real directed(Real nearest, Direction direction, Compare&& compare) {
    const int side = compare(nearest);
    const Real infinity = std::numeric_limits<Real>::infinity();
    const bool positive = nearest > 0;
    const bool lower = side > 0 && (direction == Direction::down ||
                                    (direction == Direction::toward_zero && positive));
    const bool raise = side < 0 && (direction == Direction::up ||
                                    (direction == Direction::toward_zero && !positive));
    return lower   ? std::nextafter(nearest, -infinity)
           : raise ? std::nextafter(nearest, infinity)
                   : nearest;
}

int sign(double value) {
    return (value > 0) - (value < 0);
}

/// The float that `exact` rounds to.
float directed_float(double exact, Direction direction) {
    return directed(static_cast<float>(exact), direction, [&](float v) { return sign(v - exact); });
}

/// Random values of magnitude 1 to 4, of every precision up to the type's own.
template <typename Real>
std::vector<Triple<Real>> triples() {
    std::mt19937_64 random(7);
    const auto value = [&] {
        const int dropped = static_cast<int>(random() % 53);
        const auto mantissa = random() >> 12 >> dropped << dropped;
        const auto magnitude =
            static_cast<Real>(1 + std::ldexp(static_cast<double>(mantissa), -52));
        return (random() % 2 ? magnitude : -magnitude) * static_cast<Real>(1 + random() % 2);
    };
    std::vector<Triple<Real>> all(20'000);
    for (auto& each : all) each = {value(), value(), value()};
    return all;
}

template <typename Function, typename Real, typename Reference>
void check(Reference&& reference) {
    const auto in = triples<Real>();
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const auto [x, y, z] = in[i];
        ASSERT_EQ(got[i], reference(x, y, z))
            << std::hexfloat << "x = " << x << ", y = " << y << ", z = " << z;
    }
}

// A sum, product or multiply-add of such floats is exact in a double. A quotient or root is known
// by its product: q is above x / y where q · y is above x, for y > 0.
template <typename Add, typename Subtract, typename Multiply, typename Divide, typename Reciprocal,
          typename Root, typename Fused>
void check_float(Direction direction) {
    const auto quotient = [=](double x, double y) {
        return directed(static_cast<float>(x / y), direction,
                        [=](float q) { return sign(q * y - x) * sign(y); });
    };
    check<Add, float>([=](double x, double y, double) { return directed_float(x + y, direction); });
    check<Subtract, float>(
        [=](double x, double y, double) { return directed_float(x - y, direction); });
    check<Multiply, float>(
        [=](double x, double y, double) { return directed_float(x * y, direction); });
    check<Divide, float>([=](double x, double y, double) { return quotient(x, y); });
    check<Reciprocal, float>([=](double x, double, double) { return quotient(1, x); });
    check<Root, float>([=](double x, double, double) {
        return directed(static_cast<float>(std::sqrt(std::abs(x))), direction,
                        [=](double root) { return sign(root * root - std::abs(x)); });
    });
    check<Fused, float>(
        [=](double x, double y, double z) { return directed_float(x * y + z, direction); });
}

// std::fma is exact in its sign; a long double holds the sum of two such doubles.
template <typename Add, typename Multiply, typename Divide>
void check_double(Direction direction) {
    check<Add, double>([=](double x, double y, double) {
        const long double exact = static_cast<long double>(x) + y;
        return directed(x + y, direction, [=](double v) { return (v > exact) - (v < exact); });
    });
    check<Multiply, double>([=](double x, double y, double) {
        return directed(x * y, direction, [=](double v) { return -sign(std::fma(x, y, -v)); });
    });
    check<Divide, double>([=](double x, double y, double) {
        return directed(x / y, direction,
                        [=](double q) { return sign(std::fma(q, y, -x)) * sign(y); });
    });
}

#define T2T_ARITHMETIC(suffix, direction)                                                    \
    T2T_FUNCTION(FloatAdd_##suffix, Triple<float>, float, __fadd_##suffix(x.x, x.y))         \
    T2T_FUNCTION(FloatSubtract_##suffix, Triple<float>, float, __fsub_##suffix(x.x, x.y))    \
    T2T_FUNCTION(FloatMultiply_##suffix, Triple<float>, float, __fmul_##suffix(x.x, x.y))    \
    T2T_FUNCTION(FloatDivide_##suffix, Triple<float>, float, __fdiv_##suffix(x.x, x.y))      \
    T2T_FUNCTION(FloatReciprocal_##suffix, Triple<float>, float, __frcp_##suffix(x.x))       \
    T2T_FUNCTION(FloatRoot_##suffix, Triple<float>, float, __fsqrt_##suffix(fabsf(x.x)))     \
    T2T_FUNCTION(FloatFused_##suffix, Triple<float>, float, __fmaf_##suffix(x.x, x.y, x.z))  \
    T2T_FUNCTION(DoubleAdd_##suffix, Triple<double>, double, __dadd_##suffix(x.x, x.y))      \
    T2T_FUNCTION(DoubleMultiply_##suffix, Triple<double>, double, __dmul_##suffix(x.x, x.y)) \
    T2T_FUNCTION(DoubleDivide_##suffix, Triple<double>, double, __ddiv_##suffix(x.x, x.y))   \
    TEST(RoundedArithmetic, Float_##suffix) {                                                \
        check_float<FloatAdd_##suffix, FloatSubtract_##suffix, FloatMultiply_##suffix,       \
                    FloatDivide_##suffix, FloatReciprocal_##suffix, FloatRoot_##suffix,      \
                    FloatFused_##suffix>(Direction::direction);                              \
    }                                                                                        \
    TEST(RoundedArithmetic, Double_##suffix) {                                               \
        check_double<DoubleAdd_##suffix, DoubleMultiply_##suffix, DoubleDivide_##suffix>(    \
            Direction::direction);                                                           \
    }

T2T_ARITHMETIC(rn, nearest_even)
T2T_ARITHMETIC(rz, toward_zero)
T2T_ARITHMETIC(rd, down)
T2T_ARITHMETIC(ru, up)

T2T_FUNCTION(MultiplyThenAdd, Triple<float>, float, __fadd_rn(__fmul_rn(x.x, x.y), x.z))

TEST(RoundedArithmetic, IsNeverContracted) {
    check<MultiplyThenAdd, float>([](double x, double y, double z) {
        const volatile auto product = static_cast<float>(x * y);  // nor may it be here
        return static_cast<float>(product + z);
    });
}

/// Values that conversions to integers go wrong at: ties, the ends of each type, infinities, NaN.
template <typename Real>
std::vector<Real> reals() {
    const Real infinity = std::numeric_limits<Real>::infinity();
    std::vector<Real> all{infinity, -infinity, std::numeric_limits<Real>::quiet_NaN()};
    for (const Real base :
         {Real(0), Real(1), Real(2), Real(0x1p31), Real(0x1p32), Real(0x1p63), Real(0x1p64)}) {
        for (const Real step : {Real(0), Real(0.25), Real(0.5), Real(0.75), Real(1)}) {
            for (const Real value : {base + step, base - step, std::nextafter(base, infinity),
                                     std::nextafter(base, Real(0))}) {
                all.push_back(value);
                all.push_back(-value);
            }
        }
    }
    return all;
}

/// PTX: NaN becomes 0, or the top bit alone when either side has 64 bits.
template <typename Integer, typename Real>
constexpr Integer of_nan = sizeof(Integer) == 8 || sizeof(Real) == 8
                               ? static_cast<Integer>(1ull << (8 * sizeof(Integer) - 1))
                               : static_cast<Integer>(0);

template <typename Function, typename Real>
void check_to_integer(Direction direction) {
    using Integer = typename Function::Result;
    const auto in = reals<Real>();
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        EXPECT_EQ(got[i], round_to_integer(in[i], direction, of_nan<Integer, Real>))
            << in[i] << " in direction " << static_cast<int>(direction);
    }
}

template <typename Function, typename Integer>
void check_from_integer(Direction direction) {
    using Real = typename Function::Result;
    std::vector<Integer> in;
    std::mt19937_64 random(8);
    for (int i = 0; i < 20'000; ++i)
        in.push_back(static_cast<Integer>(random() >> (random() % 64)));
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const long double exact = in[i];  // has room for 64 bits
        const Real want = directed(static_cast<Real>(exact), direction,
                                   [=](long double v) { return (v > exact) - (v < exact); });
        ASSERT_EQ(got[i], want) << in[i] << " in direction " << static_cast<int>(direction);
    }
}

#define T2T_CONVERSIONS(suffix, direction)                                                     \
    T2T_FUNCTION(FloatToInt_##suffix, float, int, __float2int_##suffix(x))                     \
    T2T_FUNCTION(FloatToUint_##suffix, float, unsigned, __float2uint_##suffix(x))              \
    T2T_FUNCTION(FloatToLl_##suffix, float, long long, __float2ll_##suffix(x))                 \
    T2T_FUNCTION(FloatToUll_##suffix, float, unsigned long long, __float2ull_##suffix(x))      \
    T2T_FUNCTION(DoubleToInt_##suffix, double, int, __double2int_##suffix(x))                  \
    T2T_FUNCTION(DoubleToUint_##suffix, double, unsigned, __double2uint_##suffix(x))           \
    T2T_FUNCTION(DoubleToLl_##suffix, double, long long, __double2ll_##suffix(x))              \
    T2T_FUNCTION(DoubleToUll_##suffix, double, unsigned long long, __double2ull_##suffix(x))   \
    T2T_FUNCTION(IntToFloat_##suffix, int, float, __int2float_##suffix(x))                     \
    T2T_FUNCTION(UintToFloat_##suffix, unsigned, float, __uint2float_##suffix(x))              \
    T2T_FUNCTION(LlToFloat_##suffix, long long, float, __ll2float_##suffix(x))                 \
    T2T_FUNCTION(UllToDouble_##suffix, unsigned long long, double, __ull2double_##suffix(x))   \
    T2T_FUNCTION(DoubleToFloat_##suffix, Triple<double>, float, __double2float_##suffix(x.x))  \
    TEST(RoundedConversions, _##suffix) {                                                      \
        check_to_integer<FloatToInt_##suffix, float>(Direction::direction);                    \
        check_to_integer<FloatToUint_##suffix, float>(Direction::direction);                   \
        check_to_integer<FloatToLl_##suffix, float>(Direction::direction);                     \
        check_to_integer<FloatToUll_##suffix, float>(Direction::direction);                    \
        check_to_integer<DoubleToInt_##suffix, double>(Direction::direction);                  \
        check_to_integer<DoubleToUint_##suffix, double>(Direction::direction);                 \
        check_to_integer<DoubleToLl_##suffix, double>(Direction::direction);                   \
        check_to_integer<DoubleToUll_##suffix, double>(Direction::direction);                  \
        check_from_integer<IntToFloat_##suffix, int>(Direction::direction);                    \
        check_from_integer<UintToFloat_##suffix, unsigned>(Direction::direction);              \
        check_from_integer<LlToFloat_##suffix, long long>(Direction::direction);               \
        check_from_integer<UllToDouble_##suffix, unsigned long long>(Direction::direction);    \
        check<DoubleToFloat_##suffix, double>(                                                 \
            [](double x, double, double) { return directed_float(x, Direction::direction); }); \
    }
T2T_CONVERSIONS(rn, nearest_even)
T2T_CONVERSIONS(rz, toward_zero)
T2T_CONVERSIONS(rd, down)
T2T_CONVERSIONS(ru, up)

}  // namespace
}  // namespace t2t::conformance

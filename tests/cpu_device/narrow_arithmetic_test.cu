/// __half and __nv_bfloat16: arithmetic, rounded once from exact values; elementary functions;
/// atomics.
#include "tests/cpu_device/narrow_types.cuh"

namespace t2t::conformance {
namespace {

#define T2T_OPERATION(name, expression) \
    T2T_NARROW_FUNCTION(name, unsigned short, Narrow::bits(expression))
T2T_OPERATION(Add, __hadd(a, b))
T2T_OPERATION(AddOperator, a + b)
T2T_OPERATION(AddHigh, Narrow::high(__hadd2(Narrow::pair(c, a), Narrow::pair(c, b))))
T2T_OPERATION(Subtract, __hsub(a, b))
T2T_OPERATION(SubtractLow, Narrow::low(__hsub2(Narrow::pair(a, c), Narrow::pair(b, c))))
T2T_OPERATION(Multiply, __hmul(a, b))
T2T_OPERATION(MultiplyOperator, a* b)
T2T_OPERATION(MultiplyHigh, Narrow::high(__hmul2(Narrow::pair(c, a), Narrow::pair(c, b))))
T2T_OPERATION(MultiplyAdd, __hfma(a, b, c))
T2T_OPERATION(MultiplyAddLow,
              Narrow::low(__hfma2(Narrow::pair(a, b), Narrow::pair(b, a), Narrow::pair(c, c))))
T2T_OPERATION(Divide, __hdiv(a, b))
T2T_OPERATION(DivideHigh, Narrow::high(__h2div(Narrow::pair(b, a), Narrow::pair(a, b))))
T2T_OPERATION(AddSaturating, __hadd_sat(a, b))
T2T_OPERATION(MultiplyAddSaturating, __hfma_sat(a, b, c))
T2T_OPERATION(Absolute, __habs(a))
T2T_OPERATION(Negated, __hneg(a))
T2T_OPERATION(SquareRoot, hsqrt(a))
T2T_OPERATION(ReciprocalRoot, hrsqrt(a))
T2T_OPERATION(Reciprocal, hrcp(a))
T2T_OPERATION(Exponential, hexp(a))
T2T_OPERATION(ExponentialHigh, Narrow::high(h2exp(Narrow::pair(b, a))))
T2T_OPERATION(PowerOfTwo, hexp2(a))
T2T_OPERATION(Logarithm, hlog(a))
T2T_OPERATION(Logarithm2, hlog2(a))
T2T_OPERATION(Sine, hsin(a))
T2T_OPERATION(Cosine, hcos(a))
T2T_OPERATION(Floor, hfloor(a))
T2T_OPERATION(Ceiling, hceil(a))
T2T_OPERATION(Truncated, htrunc(a))
T2T_OPERATION(Nearest, hrint(a))

/// The code of a value that the format holds exactly.
int code_of(const NarrowFormat& format, double value) {
    return round_double(format, Direction::nearest_even, value);
}

/// `value` in units of 2^−24. Exact for every __half and for operands() of __nv_bfloat16.
__int128 units(double value) {
    return static_cast<__int128>(std::ldexp(value, 24));
}

/// Operands of magnitude 2^−14 to 2^14 at random, and triples where rounding to float or double
/// first gives a tie that the exact a · b + c is not.
std::vector<Operands> operands(const NarrowFormat& format) {
    std::vector<Operands> all;
    const auto add = [&](double a, double b, double c) {
        all.push_back({static_cast<unsigned short>(code_of(format, a)),
                       static_cast<unsigned short>(code_of(format, b)),
                       static_cast<unsigned short>(code_of(format, c))});
    };
    std::mt19937 random(2);
    const auto operand = [&](int most) {
        const int bits = 1 << format.mantissa_bits;
        const double mantissa = 1 + static_cast<double>(random() % bits) / bits;
        const int exponent = static_cast<int>(random() % (most + 15)) - 14;
        return std::ldexp(random() % 2 ? mantissa : -mantissa, exponent);
    };
    for (int i = 0; i < 50'000; ++i) add(operand(7), operand(7), operand(14));

    const double last = std::ldexp(1.0, -format.mantissa_bits);  // the last bit of 1
    for (int scale = 0; scale < 8; ++scale) {
        for (const double sign : {1.0, -1.0}) {
            // c is odd, and a · b just short of half of its last bit.
            add(1 + last, sign * std::ldexp((1 - last) * last / 2, scale),
                std::ldexp(1 + last, scale));
            // a · b is a tie, and c just off it.
            const double root = 1 + std::ldexp(1.0, -format.mantissa_bits / 2 - 1);
            const double factor = format.mantissa_bits % 2 ? root : 1 + last;
            const double other = format.mantissa_bits % 2 ? root : 1.5;
            add(std::ldexp(factor, scale), 64 * other, sign * 0x1p-14);
            add(std::ldexp(factor, 7), std::ldexp(other, scale), sign * 0x1p-14);
            // The same, but a double has no room for both.
            if (format.exponent_bits == 8) add(0x1p20 * factor, 0x1p20 * other, sign * 0x1p-16);
        }
    }
    return all;
}

/// Evaluates Operation on `in` and compares with reference(a, b, c), a code or −1 for NaN.
template <typename Narrow, template <typename> typename Operation, typename Reference>
void check(const std::vector<Operands>& in, Reference&& reference) {
    const NarrowFormat& format = Narrow::format();
    const auto got = evaluate<Operation<Narrow>>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const double a = format.value(in[i].a);
        const double b = format.value(in[i].b);
        const double c = format.value(in[i].c);
        const int want = reference(a, b, c);
        ASSERT_TRUE(same_code(format, got[i], want))
            << "a = " << a << ", b = " << b << ", c = " << c << std::hex << ": got " << got[i]
            << ", want " << want;
    }
}

template <typename Narrow>
void check_exact_arithmetic() {
    const NarrowFormat& format = Narrow::format();
    const auto in = operands(format);
    const auto sum = [&](double a, double b, double) {
        return round_units(format, (units(a) + units(b)) << 24);
    };
    const auto difference = [&](double a, double b, double) {
        return round_units(format, (units(a) - units(b)) << 24);
    };
    const auto product = [&](double a, double b, double) {
        return round_units(format, units(a) * units(b));
    };
    const auto multiply_add = [&](double a, double b, double c) {
        return round_units(format, units(a) * units(b) + (units(c) << 24));
    };
    const auto quotient = [&](double a, double b,
                              double) {  // a / b < v if and only if a < v · b, b > 0
        const double numerator = std::copysign(1.0, b) * a;
        return round_exact(format, Direction::nearest_even, numerator < 0, [&](double v) {
            const double against = v * std::abs(b);
            return numerator < against ? -1 : numerator > against ? 1 : 0;
        });
    };
    const auto saturated = [&](int code) {
        const double value = format.value(code);
        return value > 0 ? code_of(format, std::min(value, 1.0)) : 0;
    };
    check<Narrow, Add>(in, sum);
    check<Narrow, AddOperator>(in, sum);
    check<Narrow, AddHigh>(in, sum);
    check<Narrow, Subtract>(in, difference);
    check<Narrow, SubtractLow>(in, difference);
    check<Narrow, Multiply>(in, product);
    check<Narrow, MultiplyOperator>(in, product);
    check<Narrow, MultiplyHigh>(in, product);
    check<Narrow, MultiplyAdd>(in, multiply_add);
    check<Narrow, MultiplyAddLow>(in, multiply_add);
    check<Narrow, Divide>(in, quotient);
    check<Narrow, DivideHigh>(in, quotient);
    check<Narrow, AddSaturating>(
        in, [&](double a, double b, double c) { return saturated(sum(a, b, c)); });
    check<Narrow, MultiplyAddSaturating>(
        in, [&](double a, double b, double c) { return saturated(multiply_add(a, b, c)); });
}

TEST(HalfArithmetic, RoundsOnceFromTheExactValue) {
    check_exact_arithmetic<Half>();
}
TEST(Bfloat16Arithmetic, RoundsOnceFromTheExactValue) {
    T2T_NEEDS_CAPABILITY(80)
    check_exact_arithmetic<Bfloat16>();
}

/// Products of operands of any size, subnormal ones, infinities and NaN among them; a float64 holds
/// them.
template <typename Narrow>
void check_products_of_any_size() {
    const NarrowFormat& format = Narrow::format();
    std::mt19937 random(3);
    std::vector<Operands> in(100'000);
    for (auto& each : in) {
        each.a = static_cast<unsigned short>(random());
        each.b = static_cast<unsigned short>(random());
        each.c = 0;
    }
    check<Narrow, Multiply>(in, [&](double a, double b, double) { return code_of(format, a * b); });
}

TEST(HalfArithmetic, ProductsOfAnySize) {
    check_products_of_any_size<Half>();
}
TEST(Bfloat16Arithmetic, ProductsOfAnySize) {
    T2T_NEEDS_CAPABILITY(80)
    check_products_of_any_size<Bfloat16>();
}

/// Operation on every code a for which `holds(value)`, within `steps` codes of the reference's.
template <typename Narrow, template <typename> typename Operation, typename Reference,
          typename Holds>
void check_function(Reference&& reference, int steps, Holds&& holds) {
    const NarrowFormat& format = Narrow::format();
    std::vector<Operands> in;
    for (const auto code : all_codes()) {
        if (holds(format.value(code))) in.push_back({code, code, code});
    }
    const auto got = evaluate<Operation<Narrow>>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const double x = format.value(in[i].a);
        const int want = code_of(format, reference(x));
        const bool close = want >= 0 && std::abs(int{got[i]} - want) <= steps;
        ASSERT_TRUE(close || same_code(format, got[i], want))
            << "x = " << x << std::hex << ": got " << got[i] << ", want " << want;
    }
}

template <typename Narrow>
void check_elementary_functions() {
    const auto any = [](double) { return true; };
    const auto number = [](double x) { return !std::isnan(x); };
    const auto angle = [](double x) { return std::abs(x) <= 3 && std::abs(x) > 0x1p-20; };
    const auto normal = [](double x) { return !(std::abs(x) < 0x1p-100); };
    check_function<Narrow, Absolute>([](double x) { return std::abs(x); }, 0, number);
    check_function<Narrow, Negated>([](double x) { return -x; }, 0, number);
    check_function<Narrow, Floor>([](double x) { return std::floor(x); }, 0, any);
    check_function<Narrow, Ceiling>([](double x) { return std::ceil(x); }, 0, any);
    check_function<Narrow, Truncated>([](double x) { return std::trunc(x); }, 0, any);
    check_function<Narrow, Nearest>([](double x) { return std::nearbyint(x); }, 0, any);
    check_function<Narrow, SquareRoot>([](double x) { return std::sqrt(x); }, 0, normal);
    check_function<Narrow, ReciprocalRoot>([](double x) { return 1 / std::sqrt(x); }, 1, normal);
    check_function<Narrow, Reciprocal>([](double x) { return 1 / x; }, 1, normal);
    check_function<Narrow, Exponential>([](double x) { return std::exp(x); }, 1, normal);
    check_function<Narrow, ExponentialHigh>([](double x) { return std::exp(x); }, 1, normal);
    check_function<Narrow, PowerOfTwo>([](double x) { return std::exp2(x); }, 1, normal);
    check_function<Narrow, Logarithm>([](double x) { return std::log(x); }, 1, normal);
    check_function<Narrow, Logarithm2>([](double x) { return std::log2(x); }, 1, normal);
    check_function<Narrow, Sine>([](double x) { return std::sin(x); }, 2, angle);
    check_function<Narrow, Cosine>([](double x) { return std::cos(x); }, 2, angle);
}

TEST(HalfFunctions, AreCloseToFloat64) {
    check_elementary_functions<Half>();
}
TEST(Bfloat16Functions, AreCloseToFloat64) {
    T2T_NEEDS_CAPABILITY(80)
    check_elementary_functions<Bfloat16>();
}

}  // namespace
}  // namespace t2t::conformance

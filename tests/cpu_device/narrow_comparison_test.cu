/// __half and __nv_bfloat16: comparisons, minimum and maximum, classification, atomic addition.
#include "tests/cpu_device/narrow_types.cuh"

namespace t2t::conformance {
namespace {

/// Every comparison of a and b, one bit each: == != < <= > >=, ordered, then unordered, then
/// operators.
T2T_NARROW_FUNCTION(Comparisons, unsigned,
                    (__heq(a, b) << 0 | __hne(a, b) << 1 | __hlt(a, b) << 2 | __hle(a, b) << 3 |
                     __hgt(a, b) << 4 | __hge(a, b) << 5 | __hequ(a, b) << 6 | __hneu(a, b) << 7 |
                     __hltu(a, b) << 8 | __hleu(a, b) << 9 | __hgtu(a, b) << 10 |
                     __hgeu(a, b) << 11 | (a == b) << 12 | (a != b) << 13 | (a < b) << 14 |
                     (a <= b) << 15 | (a > b) << 16 | (a >= b) << 17 | __hisnan(a) << 18 |
                     (__hisinf(a) == 1) << 19 | (__hisinf(a) == -1) << 20))

/// Whether each half of (a, b) compares with (b, b): masks, then 1.0s, then both at once.
T2T_NARROW_FUNCTION(LessMask, unsigned, __hlt2_mask(Narrow::pair(a, b), Narrow::pair(b, b)))
T2T_NARROW_FUNCTION(UnorderedMask, unsigned, __hneu2_mask(Narrow::pair(a, b), Narrow::pair(b, b)))
T2T_NARROW_FUNCTION(LessOne, float,
                    static_cast<float>(Narrow::low(__hlt2(Narrow::pair(a, b), Narrow::pair(b, b)))))
T2T_NARROW_FUNCTION(BothGreaterOrEqual, int, __hbge2(Narrow::pair(a, b), Narrow::pair(b, b)))

T2T_NARROW_FUNCTION(Minimum, unsigned short, Narrow::bits(__hmin(a, b)))
T2T_NARROW_FUNCTION(Maximum, unsigned short, Narrow::bits(__hmax(a, b)))
T2T_NARROW_FUNCTION(MaximumHigh, unsigned short,
                    Narrow::bits(Narrow::high(__hmax2(Narrow::pair(b, a), Narrow::pair(a, b)))))

/// All pairs of values that comparisons go wrong at, NaNs of both signs among them.
std::vector<Operands> pairs(const NarrowFormat& format) {
    const int sign = format.sign_bit();
    const int one = ((1 << (format.exponent_bits - 1)) - 1) << format.mantissa_bits;
    const int infinity = format.largest + 1;
    const int codes[] = {0, 1, one, one + 1, format.largest, infinity, 0x7fff, infinity + 1};
    std::vector<Operands> all;
    for (const int a : codes) {
        for (const int b : codes) {
            for (const int signs : {0, 1, 2, 3}) {
                all.push_back({static_cast<unsigned short>(a | (signs & 1 ? sign : 0)),
                               static_cast<unsigned short>(b | (signs & 2 ? sign : 0)), 0});
            }
        }
    }
    return all;
}

template <typename Narrow, template <typename> typename Function, typename Reference>
void check(Reference&& reference) {
    const NarrowFormat& format = Narrow::format();
    const auto in = pairs(format);
    const auto got = evaluate<Function<Narrow>>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const double a = format.value(in[i].a);
        const double b = format.value(in[i].b);
        EXPECT_EQ(got[i], reference(a, b)) << "a = " << a << ", b = " << b;
    }
}

template <typename Narrow>
void check_comparisons() {
    check<Narrow, Comparisons>([](double a, double b) {
        const unsigned unordered = std::isnan(a) || std::isnan(b);
        const unsigned ordered[] = {a == b, a != b && !unordered, a<b, a <= b, a> b, a >= b};
        const unsigned operators[] = {a == b, a != b, a<b, a <= b, a> b, a >= b};
        unsigned bits = 0;
        for (int i = 0; i < 6; ++i) {
            bits |=
                ordered[i] << i | (ordered[i] | unordered) << (6 + i) | operators[i] << (12 + i);
        }
        return bits | unsigned{std::isnan(a)} << 18 | unsigned{a == INFINITY} << 19 |
               unsigned{a == -INFINITY} << 20;
    });
    check<Narrow, LessMask>([](double a, double b) { return a < b ? 0xffffu : 0u; });
    check<Narrow, UnorderedMask>([](double a, double b) {
        return (a != b ? 0xffffu : 0u) | (std::isnan(b) ? 0xffff0000u : 0u);
    });
    check<Narrow, LessOne>([](double a, double b) { return a < b ? 1.0f : 0.0f; });
    check<Narrow, BothGreaterOrEqual>([](double a, double b) { return int{a >= b && b >= b}; });
}

TEST(HalfComparisons, TreatNanAsTheirNameSays) {
    check_comparisons<Half>();
}
TEST(Bfloat16Comparisons, TreatNanAsTheirNameSays) {
    T2T_NEEDS_CAPABILITY(80)
    check_comparisons<Bfloat16>();
}

/// The code of the smaller (or larger) value; −0 is below +0, a number wins over a NaN.
int extreme(const NarrowFormat& format, double a, double b, bool larger) {
    if (std::isnan(a) || std::isnan(b)) {
        return round_double(format, Direction::nearest_even, std::isnan(a) ? b : a);
    }
    const bool a_is_less = a < b || (a == b && std::signbit(a));
    return round_double(format, Direction::nearest_even, a_is_less == larger ? b : a);
}

template <typename Narrow, template <typename> typename Function>
void check_extreme(bool larger) {
    const NarrowFormat& format = Narrow::format();
    const auto in = pairs(format);
    const auto got = evaluate<Function<Narrow>>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const double a = format.value(in[i].a);
        const double b = format.value(in[i].b);
        EXPECT_TRUE(same_code(format, got[i], extreme(format, a, b, larger)))
            << "a = " << a << ", b = " << b << ", got " << format.value(got[i]);
    }
}

TEST(HalfExtremes, PreferNumbersAndOrderZeros) {
    check_extreme<Half, Minimum>(false);
    check_extreme<Half, Maximum>(true);
    check_extreme<Half, MaximumHigh>(true);
}
TEST(Bfloat16Extremes, PreferNumbersAndOrderZeros) {
    T2T_NEEDS_CAPABILITY(80)
    check_extreme<Bfloat16, Minimum>(false);
    check_extreme<Bfloat16, Maximum>(true);
    check_extreme<Bfloat16, MaximumHigh>(true);
}

/// Adds with a carry of NaN, and a multiply-add that a negative result leaves at zero.
__global__ void newer_functions_kernel(float* out) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    const __half nan = __ushort_as_half(0x7e00);
    const __half one = __float2half(1.0f);
    out[0] = __half2float(__hmax_nan(nan, one));
    out[1] = __half2float(__hmin_nan(one, nan));
    out[2] = __half2float(__hmin_nan(one, __hneg(one)));
    out[3] = __half2float(__hfma_relu(one, one, __float2half(-3.0f)));
    out[4] = __half2float(__hfma_relu(one, one, __float2half(3.0f)));
    const __half2 product =
        __hcmadd(__floats2half2_rn(1, 2), __floats2half2_rn(3, 4), __floats2half2_rn(10, 20));
    out[5] = __low2float(product);
    out[6] = __high2float(product);
#endif
}

TEST(HalfExtremes, NanFormsAndRelu) {
    T2T_NEEDS_CAPABILITY(80)
    const auto got = collect<float>(7, [](float* out) { newer_functions_kernel<<<1, 1>>>(out); });
    EXPECT_TRUE(std::isnan(got[0]));
    EXPECT_TRUE(std::isnan(got[1]));
    EXPECT_EQ(got[2], -1.0f);
    EXPECT_EQ(got[3], 0.0f);
    EXPECT_EQ(got[4], 4.0f);
    EXPECT_EQ(got[5], 10.0f + 1 * 3 - 2 * 4);
    EXPECT_EQ(got[6], 20.0f + 1 * 4 + 2 * 3);
}

/// Every thread adds 1 to a scalar, and (1, 2) to a pair, takes it away again, and so on, to end
/// with it added. A thread's part of the sum is never more than that, so every sum on the way is
/// exact.
template <typename Narrow>
__global__ void atomic_add_kernel(typename Narrow::Type* scalar, typename Narrow::Pair* pair) {
    if constexpr (Narrow::available) {
        const typename Narrow::Type one = 1.0f;
        const typename Narrow::Type two = 2.0f;
        for (int i = 0; i < 201; ++i) {
            atomicAdd(scalar, i % 2 == 0 ? one : -one);
            atomicAdd(pair, i % 2 == 0 ? Narrow::pair(one, two) : Narrow::pair(-one, -two));
        }
    }
}

template <typename Narrow>
void check_atomic_add(int blocks, int threads) {
    DeviceBuffer<typename Narrow::Type> memory(4);  // the pair lies in the second word
    T2T_CHECK(cudaMemset(memory.data(), 0, memory.bytes()));
    auto* pair = reinterpret_cast<typename Narrow::Pair*>(memory.data() + 2);
    atomic_add_kernel<Narrow><<<blocks, threads>>>(memory.data(), pair);
    T2T_CHECK(cudaGetLastError());
    std::vector<unsigned short> bits(4);
    T2T_CHECK(cudaMemcpy(bits.data(), memory.data(), memory.bytes(), cudaMemcpyDeviceToHost));
    EXPECT_EQ(Narrow::format().value(bits[0]), blocks * threads);
    EXPECT_EQ(bits[1], 0) << "the neighbour was written";
    EXPECT_EQ(Narrow::format().value(bits[2]), blocks * threads);
    EXPECT_EQ(Narrow::format().value(bits[3]), 2 * blocks * threads);
}

TEST(HalfAtomics, LoseNoAddition) {
    check_atomic_add<Half>(32, 32);
}
TEST(Bfloat16Atomics, LoseNoAddition) {
    T2T_NEEDS_CAPABILITY(80)
    check_atomic_add<Bfloat16>(4, 32);
}

}  // namespace
}  // namespace t2t::conformance

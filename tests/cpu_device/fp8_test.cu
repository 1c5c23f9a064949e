/// The 8-bit formats: every code to float, and every way there with and without saturation.
#include <cuda_fp8.h>

#include "tests/cpu_device/evaluate.cuh"
#include "tests/cpu_device/rounding_reference.hpp"

namespace t2t::conformance {
namespace {

std::vector<unsigned char> all_bytes() {
    return tabulate<unsigned char>(256, [](int i) { return i; });
}

/// The code that `exact` rounds to; −1 for NaN.
int round_fp8(const NarrowFormat& format, double exact, bool saturate) {
    const int code = round_double(format, Direction::nearest_even, exact);
    if (code == -1) return -1;
    const int magnitude = code & (format.sign_bit() - 1);
    return saturate && magnitude > format.largest ? (code & format.sign_bit()) | format.largest
                                                  : code;
}

// --- To half and float.

T2T_FUNCTION(E4m3ToHalf, unsigned char, float,
             static_cast<float>(__half(__nv_cvt_fp8_to_halfraw(x, __NV_E4M3))))
T2T_FUNCTION(E5m2ToHalf, unsigned char, float,
             static_cast<float>(__half(__nv_cvt_fp8_to_halfraw(x, __NV_E5M2))))

template <typename Type>
struct CastToFloat {
    using Result = float;
    __device__ float operator()(unsigned char bits) const {
        Type value;
        value.__x = bits;
        return static_cast<float>(value);
    }
};

template <typename Function>
void check_every_code(const NarrowFormat& format) {
    const auto got = evaluate<Function>(all_bytes());
    for (int code = 0; code < 256; ++code) {
        const double want = format.value(code);
        if (std::isnan(want)) {
            EXPECT_TRUE(std::isnan(got[code])) << code;
        } else {
            EXPECT_EQ(got[code], want) << code;
        }
    }
}

TEST(Fp8, EveryCodeToFloat) {
    check_every_code<E4m3ToHalf>(e4m3_format);
    check_every_code<E5m2ToHalf>(e5m2_format);
    check_every_code<CastToFloat<__nv_fp8_e4m3>>(e4m3_format);
    check_every_code<CastToFloat<__nv_fp8_e5m2>>(e5m2_format);
}

// --- From float, double, half and bfloat16.

T2T_FUNCTION(FloatToE4m3, float, unsigned char, __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E4M3))
T2T_FUNCTION(FloatToE5m2, float, unsigned char, __nv_cvt_float_to_fp8(x, __NV_SATFINITE, __NV_E5M2))
T2T_FUNCTION(FloatToE4m3Open, float, unsigned char, __nv_cvt_float_to_fp8(x, __NV_NOSAT, __NV_E4M3))
T2T_FUNCTION(FloatToE5m2Open, float, unsigned char, __nv_cvt_float_to_fp8(x, __NV_NOSAT, __NV_E5M2))
T2T_FUNCTION(FloatToE4m3Type, float, unsigned char, __nv_fp8_e4m3(x).__x)
T2T_FUNCTION(FloatToE5m2Type, float, unsigned char, __nv_fp8_e5m2(x).__x)
T2T_FUNCTION(DoubleToE4m3, double, unsigned char,
             __nv_cvt_double_to_fp8(x, __NV_SATFINITE, __NV_E4M3))
T2T_FUNCTION(DoubleToE5m2, double, unsigned char, __nv_cvt_double_to_fp8(x, __NV_NOSAT, __NV_E5M2))

template <typename Function, typename Real>
void check_rounding(const NarrowFormat& format, bool saturate) {
    const auto in = rounding_cases<Real>(format);
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const int want = round_fp8(format, static_cast<double>(in[i]), saturate);
        ASSERT_TRUE(same_code(format, got[i], want))
            << in[i] << ": got " << int{got[i]} << ", want " << want;
    }
}

TEST(Fp8, FromFloatAndDouble) {
    check_rounding<FloatToE4m3, float>(e4m3_format, true);
    check_rounding<FloatToE5m2, float>(e5m2_format, true);
    check_rounding<FloatToE4m3Open, float>(e4m3_format, false);
    check_rounding<FloatToE5m2Open, float>(e5m2_format, false);
    check_rounding<FloatToE4m3Type, float>(e4m3_format, true);
    check_rounding<FloatToE5m2Type, float>(e5m2_format, true);
    check_rounding<DoubleToE4m3, double>(e4m3_format, true);
    check_rounding<DoubleToE5m2, double>(e5m2_format, false);
}

T2T_FUNCTION(HalfToE4m3, unsigned short, unsigned char, __nv_fp8_e4m3(__ushort_as_half(x)).__x)
T2T_FUNCTION(HalfToE5m2, unsigned short, unsigned char, __nv_fp8_e5m2(__ushort_as_half(x)).__x)
T2T_FUNCTION(Bf16ToE4m3, unsigned short, unsigned char, __nv_fp8_e4m3(__ushort_as_bfloat16(x)).__x)

template <typename Function>
void check_from_16_bits(const NarrowFormat& from, const NarrowFormat& format) {
    const auto codes = tabulate<unsigned short>(65'536, [](int i) { return i; });
    const auto got = evaluate<Function>(codes);
    for (const int code : codes) {
        const int want = round_fp8(format, from.value(code), true);
        ASSERT_TRUE(same_code(format, got[code], want))
            << from.value(code) << ": got " << int{got[code]} << ", want " << want;
    }
}

TEST(Fp8, FromEveryHalfAndBfloat16) {
    check_from_16_bits<HalfToE4m3>(half_format, e4m3_format);
    check_from_16_bits<HalfToE5m2>(half_format, e5m2_format);
    check_from_16_bits<Bf16ToE4m3>(bfloat16_format, e4m3_format);
}

// --- Integers and vectors.

__global__ void vectors_kernel(unsigned* bits, float* floats) {
    bits[0] = __nv_fp8x4_e4m3(make_float4(1, 2, -3, 1000)).__x;
    bits[1] = __nv_fp8x2_e5m2(make_float2(1, -2)).__x;
    bits[2] = __nv_fp8x4_e5m2(__floats2half2_rn(1, 2), __floats2half2_rn(4, 8)).__x;
    bits[3] = __nv_fp8_e4m3(7).__x;
    __nv_fp8x4_e4m3 four;
    four.__x = bits[0];
    const float4 quad = static_cast<float4>(four);
    floats[0] = quad.x;
    floats[1] = quad.y;
    floats[2] = quad.z;
    floats[3] = quad.w;
    floats[4] = static_cast<int>(__nv_fp8_e4m3(-3.75f));
    __nv_fp8x2_e5m2 two;
    two.__x = static_cast<__nv_fp8x2_storage_t>(bits[1]);
    const __half2 halves = static_cast<__half2>(two);
    floats[5] = __high2float(halves);
}

TEST(Fp8, VectorsKeepTheirOrder) {
    DeviceBuffer<float> floats(6);
    const auto bits =
        collect<unsigned>(4, [&](unsigned* out) { vectors_kernel<<<1, 1>>>(out, floats.data()); });
    // 1 is the code of exponent bias; one more power of two is one more step of the exponent's
    // field.
    EXPECT_EQ(bits, (std::vector<unsigned>{0x7ec44038, 0xc03c, 0x4844403c, 0x4e}));
    EXPECT_EQ(floats.download(), (std::vector<float>{1, 2, -3, 448, -3, -2}));
}

}  // namespace
}  // namespace t2t::conformance

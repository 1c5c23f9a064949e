/// CUDA's vector types, and __half and __nv_bfloat16 from and to other types.
#include <cstddef>
#include <cstdint>

#include "tests/cpu_device/narrow_types.cuh"

namespace t2t::conformance {
namespace {

// --- Vector types: sizes and alignments as the CUDA C++ Programming Guide tabulates them.

#define T2T_LAYOUT(type, size, alignment) \
    static_assert(sizeof(type) == (size) && alignof(type) == (alignment), #type)
T2T_LAYOUT(char1, 1, 1);
T2T_LAYOUT(uchar2, 2, 2);
T2T_LAYOUT(char3, 3, 1);
T2T_LAYOUT(uchar4, 4, 4);
T2T_LAYOUT(short1, 2, 2);
T2T_LAYOUT(ushort2, 4, 4);
T2T_LAYOUT(short3, 6, 2);
T2T_LAYOUT(ushort4, 8, 8);
T2T_LAYOUT(int1, 4, 4);
T2T_LAYOUT(uint2, 8, 8);
T2T_LAYOUT(int3, 12, 4);
T2T_LAYOUT(uint4, 16, 16);
T2T_LAYOUT(long1, 8, 8);
T2T_LAYOUT(ulong2, 16, 16);
T2T_LAYOUT(long3, 24, 8);
T2T_LAYOUT(longlong1, 8, 8);
T2T_LAYOUT(ulonglong2, 16, 16);
T2T_LAYOUT(longlong3, 24, 8);
T2T_LAYOUT(float1, 4, 4);
T2T_LAYOUT(float2, 8, 8);
T2T_LAYOUT(float3, 12, 4);
T2T_LAYOUT(float4, 16, 16);
T2T_LAYOUT(double1, 8, 8);
T2T_LAYOUT(double2, 16, 16);
T2T_LAYOUT(double3, 24, 8);
T2T_LAYOUT(dim3, 12, 4);
T2T_LAYOUT(__half, 2, 2);
T2T_LAYOUT(__half2, 4, 4);
T2T_LAYOUT(__nv_bfloat16, 2, 2);
T2T_LAYOUT(__nv_bfloat162, 4, 4);
#undef T2T_LAYOUT

__global__ void reverse_quads_kernel(const float* in, float* out) {
    const float4 quad = reinterpret_cast<const float4*>(in)[threadIdx.x];
    reinterpret_cast<float4*>(out)[threadIdx.x] = make_float4(quad.w, quad.z, quad.y, quad.x);
}

TEST(VectorTypes, ComponentsLieInOrder) {
    const auto in = tabulate<float>(64, [](int i) { return i; });
    const DeviceBuffer<float> inputs(in);
    const auto out = collect<float>(
        64, [&](float* out) { reverse_quads_kernel<<<1, 16>>>(inputs.data(), out); });
    EXPECT_EQ(out, tabulate<float>(64, [](int i) { return i / 4 * 4 + 3 - i % 4; }));
}

// --- To float: all 65,536 codes.

template <typename Narrow>
T2T_FUNCTION(ToFloat, unsigned short, float, static_cast<float>(Narrow::from(x)))

template <typename Narrow>
void check_every_code_to_float() {
    const auto codes = all_codes();
    const auto got = evaluate<ToFloat<Narrow>>(codes);
    for (const int code : codes) {
        const double want = Narrow::format().value(code);
        if (std::isnan(want)) {
            ASSERT_TRUE(std::isnan(got[code])) << std::hex << code;
        } else {
            ASSERT_EQ(got[code], want) << std::hex << code;
            ASSERT_EQ(std::signbit(got[code]), std::signbit(want)) << std::hex << code;
        }
    }
}

TEST(Half, EveryCodeToFloat) {
    check_every_code_to_float<Half>();
}
TEST(Bfloat16, EveryCodeToFloat) {
    check_every_code_to_float<Bfloat16>();
}

// --- From float and double, in every direction.

T2T_FUNCTION(FloatToHalf, float, unsigned short, __half_as_ushort(__half(x)))
T2T_FUNCTION(FloatToHalfRn, float, unsigned short, __half_as_ushort(__float2half_rn(x)))
T2T_FUNCTION(FloatToHalfRz, float, unsigned short, __half_as_ushort(__float2half_rz(x)))
T2T_FUNCTION(FloatToHalfRd, float, unsigned short, __half_as_ushort(__float2half_rd(x)))
T2T_FUNCTION(FloatToHalfRu, float, unsigned short, __half_as_ushort(__float2half_ru(x)))
T2T_FUNCTION(DoubleToHalf, double, unsigned short, __half_as_ushort(__double2half(x)))
T2T_FUNCTION(FloatToBf16, float, unsigned short, __bfloat16_as_ushort(__nv_bfloat16(x)))
T2T_FUNCTION(FloatToBf16Rn, float, unsigned short, __bfloat16_as_ushort(__float2bfloat16_rn(x)))
T2T_FUNCTION(FloatToBf16Rz, float, unsigned short, __bfloat16_as_ushort(__float2bfloat16_rz(x)))
T2T_FUNCTION(FloatToBf16Rd, float, unsigned short, __bfloat16_as_ushort(__float2bfloat16_rd(x)))
T2T_FUNCTION(FloatToBf16Ru, float, unsigned short, __bfloat16_as_ushort(__float2bfloat16_ru(x)))
T2T_FUNCTION(DoubleToBf16, double, unsigned short, __bfloat16_as_ushort(__double2bfloat16(x)))

template <typename Function, typename Value>
void check_rounding(const NarrowFormat& format, Direction direction, const std::vector<Value>& in) {
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const int want = round_double(format, direction, static_cast<double>(in[i]));
        ASSERT_TRUE(same_code(format, got[i], want))
            << +in[i] << " in direction " << static_cast<int>(direction) << std::hex << ": got "
            << got[i] << ", want " << want;
    }
}

TEST(Half, FromFloatInEveryDirection) {
    const auto in = rounding_cases<float>(half_format);
    check_rounding<FloatToHalf>(half_format, Direction::nearest_even, in);
    check_rounding<FloatToHalfRn>(half_format, Direction::nearest_even, in);
    check_rounding<FloatToHalfRz>(half_format, Direction::toward_zero, in);
    check_rounding<FloatToHalfRd>(half_format, Direction::down, in);
    check_rounding<FloatToHalfRu>(half_format, Direction::up, in);
}

TEST(Bfloat16, FromFloatInEveryDirection) {
    const auto in = rounding_cases<float>(bfloat16_format);
    check_rounding<FloatToBf16>(bfloat16_format, Direction::nearest_even, in);
    check_rounding<FloatToBf16Rn>(bfloat16_format, Direction::nearest_even, in);
    check_rounding<FloatToBf16Rz>(bfloat16_format, Direction::toward_zero, in);
    check_rounding<FloatToBf16Rd>(bfloat16_format, Direction::down, in);
    check_rounding<FloatToBf16Ru>(bfloat16_format, Direction::up, in);
}

TEST(Half, FromDoubleRoundsOnce) {
    check_rounding<DoubleToHalf>(half_format, Direction::nearest_even,
                                 rounding_cases<double>(half_format));
}

TEST(Bfloat16, FromDoubleRoundsOnce) {
    check_rounding<DoubleToBf16>(bfloat16_format, Direction::nearest_even,
                                 rounding_cases<double>(bfloat16_format));
}

// --- Pairs.

T2T_FUNCTION(RoundFloatPair, float, unsigned short,
             __half_as_ushort(__high2half(__float22half2_rn(make_float2(0.0f, x)))))
T2T_FUNCTION(RoundFloats, float, unsigned short,
             __bfloat16_as_ushort(__low2bfloat16(__floats2bfloat162_rn(x, 0.0f))))

TEST(Half2, FloatsRoundAsOneDoes) {
    check_rounding<RoundFloatPair>(half_format, Direction::nearest_even,
                                   rounding_cases<float>(half_format));
}

TEST(Bfloat162, FloatsRoundAsOneDoes) {
    check_rounding<RoundFloats>(bfloat16_format, Direction::nearest_even,
                                rounding_cases<float>(bfloat16_format));
}

/// Packs four scalars of distinct bits in every way there is.
__global__ void shuffle_halves_kernel(unsigned* out) {
    const __half2 ab = __halves2half2(__ushort_as_half(0x3c00), __ushort_as_half(0x4000));
    const __half2 cd = make_half2(__ushort_as_half(0x4200), __ushort_as_half(0x4400));
    const __half2 packed[] = {ab,
                              __lowhigh2highlow(ab),
                              __lows2half2(ab, cd),
                              __highs2half2(ab, cd),
                              __low2half2(ab),
                              __high2half2(ab),
                              __half2half2(cd.y)};
    for (int i = 0; i < 7; ++i) out[i] = *reinterpret_cast<const unsigned*>(&packed[i]);
    const float2 floats = __half22float2(cd);
    out[7] = static_cast<unsigned>(floats.x * 10 + floats.y);
    out[8] = static_cast<unsigned>(__low2float(ab) * 10 + __high2float(ab));
}

TEST(Half2, LowerHalfComesFirst) {
    EXPECT_EQ(collect<unsigned>(9, [](unsigned* out) { shuffle_halves_kernel<<<1, 1>>>(out); }),
              (std::vector<unsigned>{0x40003c00, 0x3c004000, 0x42003c00, 0x44004000, 0x3c003c00,
                                     0x40004000, 0x44004400, 34, 12}));
}

}  // namespace
}  // namespace t2t::conformance

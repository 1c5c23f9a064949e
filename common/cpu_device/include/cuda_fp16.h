/// @file
/// __half and __half2: IEEE 754 binary16, with 1 sign, 5 exponent and 10 mantissa bits.
#pragma once

#include <type_traits>

#include "crt/host_defines.h"
#include "crt/narrow_pair.h"
#include "vector_types.h"

struct __nv_bfloat16;

/// The bits of a __half.
struct alignas(2) __half_raw {
    unsigned short x;
};

/// The bits of a __half2.
struct alignas(4) __half2_raw {
    unsigned short x;
    unsigned short y;
};

namespace t2t::cpu_device {

// The compiler's own 16-bit type, where the processor converts it in one instruction.
#if defined(__F16C__) && !defined(__clang__)
#define T2T_NATIVE_HALF _Float16
#elif defined(__F16C__) || defined(__aarch64__)
#define T2T_NATIVE_HALF __fp16
#endif

/// The bits of `value` as a __half, rounded to nearest even.
inline unsigned short to_half_bits(float value) {
#if defined(T2T_NATIVE_HALF)
    // The processor keeps a NaN's sign and payload; CUDA has one NaN.
    const auto bits = __builtin_bit_cast(unsigned short, static_cast<T2T_NATIVE_HALF>(value));
    return value == value ? bits : fp16.nan();
#else
    return encode<fp16>(value);
#endif
}

/// The value of a __half of these bits.
inline float from_half_bits(unsigned short bits) {
#if defined(T2T_NATIVE_HALF)
    return static_cast<float>(__builtin_bit_cast(T2T_NATIVE_HALF, bits));
#else
    return decode<fp16>(bits);
#endif
}

#undef T2T_NATIVE_HALF

}  // namespace t2t::cpu_device

/// One value of 16 bits. Converts to and from the arithmetic types as CUDA's own does, rounding
/// once.
struct alignas(2) __half : t2t::cpu_device::NarrowScalar<__half> {
    /// What a check build counts its arithmetic as.
    static constexpr auto additions = t2t::observer::NarrowOperation::fp16_add;
    static constexpr auto multiplications = t2t::observer::NarrowOperation::fp16_mul;
    static constexpr auto multiply_adds = t2t::observer::NarrowOperation::fp16_fma;
    static constexpr auto special_operations = t2t::observer::NarrowOperation::fp16_special;

    __half() = default;
    constexpr __half(const __half_raw& raw) : bits_(raw.x) {}
    __half(float value) : bits_(t2t::cpu_device::to_half_bits(value)) {}
    __half(double value) : bits_(t2t::cpu_device::encode<t2t::cpu_device::fp16>(value)) {}
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    __half(Integer value) : __half(t2t::cpu_device::to_odd_double<long long>(value)) {}
    __half(unsigned long value) : __half(t2t::cpu_device::to_odd_double(value)) {}
    __half(unsigned long long value) : __half(t2t::cpu_device::to_odd_double(value)) {}
    explicit __half(__nv_bfloat16 value);  // defined in cuda_bf16.h

    operator __half_raw() const { return {bits_}; }
    operator float() const { return t2t::cpu_device::from_half_bits(bits_); }
    constexpr operator bool() const { return (bits_ & 0x7fff) != 0; }
    /// Toward zero; out of range saturates.
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    operator Integer() const {
        return t2t::cpu_device::to_integer<Integer, t2t::cpu_device::Rounding::toward_zero>(
            float(*this));
    }

    /// The 16 bits: sign, exponent, mantissa.
    constexpr unsigned short bits() const { return bits_; }
    /// The value of these 16 bits.
    static constexpr __half from_bits(unsigned bits) {
        return __half_raw{static_cast<unsigned short>(bits)};
    }

 private:
    unsigned short bits_;
};

/// Two values in one word: x in its lower half, y in its upper.
struct [[gnu::may_alias]] alignas(4) __half2 : t2t::cpu_device::NarrowPair<__half2, __half> {
    __half x;
    __half y;

    __half2() = default;
    constexpr __half2(const __half& x, const __half& y) : x(x), y(y) {}
    constexpr __half2(const __half2_raw& raw) : x(__half_raw{raw.x}), y(__half_raw{raw.y}) {}
    constexpr operator __half2_raw() const { return {x.bits(), y.bits()}; }
};

using half = __half;
using half2 = __half2;
using nv_half = __half;
using nv_half2 = __half2;
using __nv_half = __half;
using __nv_half2 = __half2;
using __nv_half_raw = __half_raw;
using __nv_half2_raw = __half2_raw;

/// @name From and to float and double
/// _rn to nearest even, _rz toward zero, _rd down, _ru up; without a suffix to nearest even.
///@{
inline __half __double2half(double a) {
    return a;
}
inline __half __float2half(float a) {
    return a;
}
inline __half __float2half_rn(float a) {
    return a;
}
#define T2T_FROM_FLOAT(suffix, mode)                               \
    inline __half __float2half_##suffix(float a) {                 \
        using namespace t2t::cpu_device;                           \
        return __half::from_bits(encode<fp16, Rounding::mode>(a)); \
    }
T2T_FROM_FLOAT(rz, toward_zero)
T2T_FROM_FLOAT(rd, down)
T2T_FROM_FLOAT(ru, up)
#undef T2T_FROM_FLOAT
inline float __half2float(__half a) {
    return a;
}

inline __half2 __float2half2_rn(float a) {
    return {a, a};
}
inline __half2 __floats2half2_rn(float a, float b) {
    return {a, b};
}
inline __half2 __float22half2_rn(float2 a) {
    return {a.x, a.y};
}
inline float2 __half22float2(__half2 a) {
    return {a.x, a.y};
}
///@}

/// @name From and to integers
/// Out of range saturates; to_integer says what becomes of NaN.
///@{
#define T2T_INTEGER(name, integer, suffix, mode)                                  \
    inline integer __half2##name##_##suffix(__half a) {                           \
        using namespace t2t::cpu_device;                                          \
        return to_integer<integer, Rounding::mode>(float(a));                     \
    }                                                                             \
    inline __half __##name##2half_##suffix(integer a) {                           \
        using namespace t2t::cpu_device;                                          \
        return __half::from_bits(encode<fp16, Rounding::mode>(to_odd_double(a))); \
    }
#define T2T_INTEGERS(suffix, mode)                    \
    T2T_INTEGER(short, short, suffix, mode)           \
    T2T_INTEGER(ushort, unsigned short, suffix, mode) \
    T2T_INTEGER(int, int, suffix, mode)               \
    T2T_INTEGER(uint, unsigned, suffix, mode)         \
    T2T_INTEGER(ll, long long, suffix, mode)          \
    T2T_INTEGER(ull, unsigned long long, suffix, mode)
T2T_INTEGERS(rn, nearest_even)
T2T_INTEGERS(rz, toward_zero)
T2T_INTEGERS(rd, down)
T2T_INTEGERS(ru, up)
#undef T2T_INTEGERS
#undef T2T_INTEGER
inline signed char __half2char_rz(__half a) {
    return a;
}
inline unsigned char __half2uchar_rz(__half a) {
    return a;
}
///@}

/// @name Bits
///@{
inline short __half_as_short(__half a) {
    return static_cast<short>(a.bits());
}
inline unsigned short __half_as_ushort(__half a) {
    return a.bits();
}
inline __half __short_as_half(short bits) {
    return __half::from_bits(static_cast<unsigned short>(bits));
}
inline __half __ushort_as_half(unsigned short bits) {
    return __half::from_bits(bits);
}
///@}

/// @name Pairs from scalars and scalars from pairs
///@{
inline __half2 make_half2(__half x, __half y) {
    return {x, y};
}
inline __half2 __halves2half2(__half a, __half b) {
    return {a, b};
}
inline __half2 __half2half2(__half a) {
    return {a, a};
}
inline __half __low2half(__half2 a) {
    return a.x;
}
inline __half __high2half(__half2 a) {
    return a.y;
}
inline __half2 __low2half2(__half2 a) {
    return {a.x, a.x};
}
inline __half2 __high2half2(__half2 a) {
    return {a.y, a.y};
}
inline __half2 __lows2half2(__half2 a, __half2 b) {
    return {a.x, b.x};
}
inline __half2 __highs2half2(__half2 a, __half2 b) {
    return {a.y, b.y};
}
///@}

/// @file
/// __nv_bfloat16 and __nv_bfloat162: the upper half of a float, with 1 sign, 8 exponent and 7
/// mantissa bits.
#pragma once

#include <type_traits>

#include "crt/host_defines.h"
#include "crt/narrow_pair.h"
#include "cuda_fp16.h"
#include "vector_types.h"

/// The bits of a __nv_bfloat16.
struct alignas(2) __nv_bfloat16_raw {
    unsigned short x;
};

/// The bits of a __nv_bfloat162.
struct alignas(4) __nv_bfloat162_raw {
    unsigned short x;
    unsigned short y;
};

namespace t2t::cpu_device {

/// The bits of `value` as a __nv_bfloat16, rounded to nearest even.
inline unsigned short to_bfloat16_bits(float value) {
    const auto bits = __builtin_bit_cast(unsigned, value);
    // Just under half of the last bit kept, or half when that bit is odd: a tie then goes to the
    // even.
    const unsigned rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return static_cast<unsigned short>(value == value ? rounded : bf16.nan());
}

/// The value of a __nv_bfloat16 of these bits.
inline float from_bfloat16_bits(unsigned short bits) {
    return __builtin_bit_cast(float, static_cast<unsigned>(bits) << 16);
}

}  // namespace t2t::cpu_device

/// One value of 16 bits. Converts to and from the arithmetic types as CUDA's own does, rounding
/// once.
struct alignas(2) __nv_bfloat16 : t2t::cpu_device::NarrowScalar<__nv_bfloat16> {
    /// What a check build counts its arithmetic as.
    static constexpr auto additions = t2t::observer::NarrowOperation::bf16_add;
    static constexpr auto multiplications = t2t::observer::NarrowOperation::bf16_mul;
    static constexpr auto multiply_adds = t2t::observer::NarrowOperation::bf16_fma;
    static constexpr auto special_operations = t2t::observer::NarrowOperation::bf16_special;

    __nv_bfloat16() = default;
    constexpr __nv_bfloat16(const __nv_bfloat16_raw& raw) : bits_(raw.x) {}
    __nv_bfloat16(float value) : bits_(t2t::cpu_device::to_bfloat16_bits(value)) {}
    __nv_bfloat16(double value) : bits_(t2t::cpu_device::encode<t2t::cpu_device::bf16>(value)) {}
    template <typename Integer, typename = std::enable_if_t<std::is_integral_v<Integer>>>
    __nv_bfloat16(Integer value)
        : __nv_bfloat16(t2t::cpu_device::to_odd_double<long long>(value)) {}
    __nv_bfloat16(unsigned long value) : __nv_bfloat16(t2t::cpu_device::to_odd_double(value)) {}
    __nv_bfloat16(unsigned long long value)
        : __nv_bfloat16(t2t::cpu_device::to_odd_double(value)) {}
    explicit __nv_bfloat16(__half value) : __nv_bfloat16(float(value)) {}

    operator __nv_bfloat16_raw() const { return {bits_}; }
    operator float() const { return t2t::cpu_device::from_bfloat16_bits(bits_); }
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
    static constexpr __nv_bfloat16 from_bits(unsigned bits) {
        return __nv_bfloat16_raw{static_cast<unsigned short>(bits)};
    }

 private:
    unsigned short bits_;
};

/// Two values in one word: x in its lower half, y in its upper.
struct [[gnu::may_alias]] alignas(4) __nv_bfloat162
    : t2t::cpu_device::NarrowPair<__nv_bfloat162, __nv_bfloat16> {
    __nv_bfloat16 x;
    __nv_bfloat16 y;

    __nv_bfloat162() = default;
    constexpr __nv_bfloat162(const __nv_bfloat16& x, const __nv_bfloat16& y) : x(x), y(y) {}
    constexpr __nv_bfloat162(const __nv_bfloat162_raw& raw)
        : x(__nv_bfloat16_raw{raw.x}), y(__nv_bfloat16_raw{raw.y}) {}
    constexpr operator __nv_bfloat162_raw() const { return {x.bits(), y.bits()}; }
};

using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

/// @name From and to float and double
/// _rn to nearest even, _rz toward zero, _rd down, _ru up; without a suffix to nearest even.
///@{
inline __nv_bfloat16 __double2bfloat16(double a) {
    return a;
}
inline __nv_bfloat16 __float2bfloat16(float a) {
    return a;
}
inline __nv_bfloat16 __float2bfloat16_rn(float a) {
    return a;
}
#define T2T_FROM_FLOAT(suffix, mode)                                      \
    inline __nv_bfloat16 __float2bfloat16_##suffix(float a) {             \
        using namespace t2t::cpu_device;                                  \
        return __nv_bfloat16::from_bits(encode<bf16, Rounding::mode>(a)); \
    }
T2T_FROM_FLOAT(rz, toward_zero)
T2T_FROM_FLOAT(rd, down)
T2T_FROM_FLOAT(ru, up)
#undef T2T_FROM_FLOAT
inline float __bfloat162float(__nv_bfloat16 a) {
    return a;
}

inline __nv_bfloat162 __float2bfloat162_rn(float a) {
    return {a, a};
}
inline __nv_bfloat162 __floats2bfloat162_rn(float a, float b) {
    return {a, b};
}
inline __nv_bfloat162 __float22bfloat162_rn(float2 a) {
    return {a.x, a.y};
}
inline float2 __bfloat1622float2(__nv_bfloat162 a) {
    return {a.x, a.y};
}
///@}

/// @name From and to integers
/// Out of range saturates; to_integer says what becomes of NaN.
///@{
#define T2T_INTEGER(name, integer, suffix, mode)                                         \
    inline integer __bfloat162##name##_##suffix(__nv_bfloat16 a) {                       \
        using namespace t2t::cpu_device;                                                 \
        return to_integer<integer, Rounding::mode>(float(a));                            \
    }                                                                                    \
    inline __nv_bfloat16 __##name##2bfloat16_##suffix(integer a) {                       \
        using namespace t2t::cpu_device;                                                 \
        return __nv_bfloat16::from_bits(encode<bf16, Rounding::mode>(to_odd_double(a))); \
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
inline signed char __bfloat162char_rz(__nv_bfloat16 a) {
    return a;
}
inline unsigned char __bfloat162uchar_rz(__nv_bfloat16 a) {
    return a;
}
///@}

/// @name Bits
///@{
inline short __bfloat16_as_short(__nv_bfloat16 a) {
    return static_cast<short>(a.bits());
}
inline unsigned short __bfloat16_as_ushort(__nv_bfloat16 a) {
    return a.bits();
}
inline __nv_bfloat16 __short_as_bfloat16(short bits) {
    return __nv_bfloat16::from_bits(static_cast<unsigned short>(bits));
}
inline __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
    return __nv_bfloat16::from_bits(bits);
}
///@}

/// @name Pairs from scalars and scalars from pairs
///@{
inline __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) {
    return {x, y};
}
inline __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 a, __nv_bfloat16 b) {
    return {a, b};
}
inline __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 a) {
    return {a, a};
}
inline __nv_bfloat16 __low2bfloat16(__nv_bfloat162 a) {
    return a.x;
}
inline __nv_bfloat16 __high2bfloat16(__nv_bfloat162 a) {
    return a.y;
}
inline __nv_bfloat162 __low2bfloat162(__nv_bfloat162 a) {
    return {a.x, a.x};
}
inline __nv_bfloat162 __high2bfloat162(__nv_bfloat162 a) {
    return {a.y, a.y};
}
inline __nv_bfloat162 __lows2bfloat162(__nv_bfloat162 a, __nv_bfloat162 b) {
    return {a.x, b.x};
}
inline __nv_bfloat162 __highs2bfloat162(__nv_bfloat162 a, __nv_bfloat162 b) {
    return {a.y, b.y};
}
///@}

inline __half::__half(__nv_bfloat16 value) : __half(float(value)) {}

/// @file
/// Integer intrinsics: counting and permuting bits, wide products, averages, dot products of bytes.
#pragma once

#include "vector_types.h"

/// @name Bits
/// Population count, leading zeros, 1-based position of the lowest one (0 if none), reversal.
///@{
inline int __popc(unsigned x) {
    return __builtin_popcount(x);
}
inline int __popcll(unsigned long long x) {
    return __builtin_popcountll(x);
}
inline int __clz(int x) {
    return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x));
}
inline int __clzll(long long x) {
    return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x));
}
inline int __ffs(int x) {
    return __builtin_ffs(x);
}
inline int __ffsll(long long x) {
    return __builtin_ffsll(x);
}
inline unsigned __brev(unsigned x) {
    x = (x >> 1 & 0x5555'5555) | (x & 0x5555'5555) << 1;
    x = (x >> 2 & 0x3333'3333) | (x & 0x3333'3333) << 2;
    x = (x >> 4 & 0x0f0f'0f0f) | (x & 0x0f0f'0f0f) << 4;
    return __builtin_bswap32(x);
}
inline unsigned long long __brevll(unsigned long long x) {
    const auto low = static_cast<unsigned>(x);
    const auto high = static_cast<unsigned>(x >> 32);
    return static_cast<unsigned long long>(__brev(low)) << 32 | __brev(high);
}
///@}

/// @name Bytes and shifts across two words
///@{
/// Four bytes chosen from the eight of x (bytes 0–3) and y (4–7). Each of the selector's lower four
/// hex digits names one, from the result's lowest byte up; with 8 added it gives the byte's sign
/// bit, 8 times.
inline unsigned __byte_perm(unsigned x, unsigned y, unsigned selector) {
    const unsigned long long bytes = static_cast<unsigned long long>(y) << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) {
        const unsigned digit = selector >> (4 * i) & 0xf;
        unsigned byte = static_cast<unsigned>(bytes >> (8 * (digit & 7))) & 0xff;
        if (digit & 8) byte = byte & 0x80 ? 0xff : 0;
        result |= byte << (8 * i);
    }
    return result;
}
/// The upper word of high:low shifted left by shift modulo 32.
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
    const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
    return static_cast<unsigned>(both << (shift & 31) >> 32);
}
/// The upper word of high:low shifted left by min(shift, 32).
inline unsigned __funnelshift_lc(unsigned low, unsigned high, unsigned shift) {
    return shift >= 32 ? low : __funnelshift_l(low, high, shift);
}
/// The lower word of high:low shifted right by shift modulo 32.
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
    const unsigned long long both = static_cast<unsigned long long>(high) << 32 | low;
    return static_cast<unsigned>(both >> (shift & 31));
}
/// The lower word of high:low shifted right by min(shift, 32).
inline unsigned __funnelshift_rc(unsigned low, unsigned high, unsigned shift) {
    return shift >= 32 ? high : __funnelshift_r(low, high, shift);
}
///@}

/// @name Products
/// The upper half of the full product; the product of the lower 24 bits.
///@{
inline int __mulhi(int a, int b) {
    return static_cast<int>(static_cast<long long>(a) * b >> 32);
}
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>(static_cast<unsigned long long>(a) * b >> 32);
}
inline long long __mul64hi(long long a, long long b) {
    return static_cast<long long>(static_cast<__int128>(a) * b >> 64);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}
inline unsigned __umul24(unsigned a, unsigned b) {
    return (a & 0xff'ffff) * (b & 0xff'ffff);
}
inline int __mul24(int a, int b) {
    const int first = static_cast<int>(static_cast<unsigned>(a) << 8) >> 8;
    const int second = static_cast<int>(static_cast<unsigned>(b) << 8) >> 8;
    return static_cast<int>(static_cast<unsigned>(first) * static_cast<unsigned>(second));
}
///@}

/// @name Differences and averages
/// |a − b| + c; the average rounded down (__hadd) or up (__rhadd), with no overflow on the way.
///@{
inline unsigned __usad(unsigned a, unsigned b, unsigned c) {
    return (a < b ? b - a : a - b) + c;
}
inline unsigned __sad(int a, int b, unsigned c) {
    const auto first = static_cast<unsigned>(a);
    const auto second = static_cast<unsigned>(b);
    return (a < b ? second - first : first - second) + c;
}
inline int __hadd(int a, int b) {
    return static_cast<int>((static_cast<long long>(a) + b) >> 1);
}
inline int __rhadd(int a, int b) {
    return static_cast<int>((static_cast<long long>(a) + b + 1) >> 1);
}
inline unsigned __uhadd(unsigned a, unsigned b) {
    return static_cast<unsigned>((static_cast<unsigned long long>(a) + b) >> 1);
}
inline unsigned __urhadd(unsigned a, unsigned b) {
    return static_cast<unsigned>((static_cast<unsigned long long>(a) + b + 1) >> 1);
}
///@}

namespace t2t::cpu_device {

/// Lane `index` of `word`, seen as an array of Lane.
template <typename Lane>
constexpr Lane lane(unsigned word, int index) {
    return static_cast<Lane>(word >> (8 * sizeof(Lane) * index));
}

/// c + Σ a[i] · b[first + i], modulo 2^32: `Wide` lanes of a, byte lanes of b.
template <typename Wide, typename Byte>
inline unsigned dot(unsigned a, unsigned b, int first, unsigned c) {
    constexpr int lanes = 4 / sizeof(Wide);
    for (int i = 0; i < lanes; ++i) {
        c += static_cast<unsigned>(lane<Wide>(a, i) * lane<Byte>(b, first + i));
    }
    return c;
}

/// The bits of a vector of four bytes.
template <typename Vector>
inline unsigned word(Vector vector) {
    return __builtin_bit_cast(unsigned, vector);
}

}  // namespace t2t::cpu_device

/// The place of the `offset`-th set bit of `mask`, counted from bit `base` upwards, or downwards when
/// `offset` is negative; bit `base` itself must be set when it is 0. All ones when there is none.
inline unsigned __fns(unsigned mask, unsigned base, int offset) {
    constexpr unsigned none = 0xffffffffu;
    if (base > 31) return none;
    if (offset == 0) return (mask >> base & 1) != 0 ? base : none;
    const int step = offset > 0 ? 1 : -1;
    for (int bit = static_cast<int>(base); bit >= 0 && bit < 32; bit += step) {
        if ((mask >> bit & 1) == 0) continue;
        offset -= step;
        if (offset == 0) return static_cast<unsigned>(bit);
    }
    return none;
}

/// @name Dot products
/// __dp4a: c + the sum of four products of bytes. __dp2a: c + two products of the 16-bit halves of
/// `a` with the lower or the upper two bytes of `b`.
///@{
inline int __dp4a(int a, int b, int c) {
    return static_cast<int>(t2t::cpu_device::dot<signed char, signed char>(a, b, 0, c));
}
inline unsigned __dp4a(unsigned a, unsigned b, unsigned c) {
    return t2t::cpu_device::dot<unsigned char, unsigned char>(a, b, 0, c);
}
inline int __dp4a(char4 a, char4 b, int c) {
    using t2t::cpu_device::word;
    return static_cast<int>(t2t::cpu_device::dot<signed char, signed char>(word(a), word(b), 0, c));
}
inline unsigned __dp4a(uchar4 a, uchar4 b, unsigned c) {
    using t2t::cpu_device::word;
    return t2t::cpu_device::dot<unsigned char, unsigned char>(word(a), word(b), 0, c);
}
#define T2T_DP2A(name, first)                                                              \
    inline int name(int a, int b, int c) {                                                 \
        return static_cast<int>(t2t::cpu_device::dot<short, signed char>(a, b, first, c)); \
    }                                                                                      \
    inline unsigned name(unsigned a, unsigned b, unsigned c) {                             \
        return t2t::cpu_device::dot<unsigned short, unsigned char>(a, b, first, c);        \
    }                                                                                      \
    inline int name(short2 a, char4 b, int c) {                                            \
        return name(static_cast<int>(t2t::cpu_device::word(a)),                            \
                    static_cast<int>(t2t::cpu_device::word(b)), c);                        \
    }                                                                                      \
    inline unsigned name(ushort2 a, uchar4 b, unsigned c) {                                \
        return name(t2t::cpu_device::word(a), t2t::cpu_device::word(b), c);                \
    }
T2T_DP2A(__dp2a_lo, 0)
T2T_DP2A(__dp2a_hi, 2)
#undef T2T_DP2A
///@}

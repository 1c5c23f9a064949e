/// @file
/// Arithmetic on the four bytes or two 16-bit halves that a word packs.
///
/// The last digit of a name is the number of lanes; s and u say how a lane is read. Where
/// signedness does not matter the name has neither.
#pragma once

#include "crt/integer_intrinsics.h"

namespace t2t::cpu_device {

/// Applies `operation` to each pair of lanes; the result's lower bits become the lane.
template <typename Lane, typename Operation>
inline unsigned lane_by_lane(unsigned a, unsigned b, Operation operation) {
    constexpr int bits = 8 * sizeof(Lane);
    constexpr unsigned mask = (1u << bits) - 1;
    unsigned result = 0;
    for (int i = 0; i < 32 / bits; ++i) {
        const int value = operation(int{lane<Lane>(a, i)}, int{lane<Lane>(b, i)});
        result |= (static_cast<unsigned>(value) & mask) << (bits * i);
    }
    return result;
}

/// `value` held to what a Lane can be.
template <typename Lane>
inline int saturated(int value) {
    constexpr int bits = 8 * sizeof(Lane);
    constexpr bool is_signed = Lane(-1) < Lane(0);
    constexpr int smallest = is_signed ? -(1 << (bits - 1)) : 0;
    constexpr int largest = is_signed ? (1 << (bits - 1)) - 1 : (1 << bits) - 1;
    return value < smallest ? smallest : value > largest ? largest : value;
}

}  // namespace t2t::cpu_device

/// @name Lane by lane
/// Sum and difference (wrapping, or saturating with ss and us), |a − b|, minimum, maximum, average
/// (vavg: a half away from zero; vhadd: down), −a, |a|, and comparisons that give all ones (vcmp) or
/// a one (vset).
///@{
#define T2T_PACKED(name, Lane, expression)                                  \
    inline unsigned name(unsigned first, unsigned second) {                 \
        return t2t::cpu_device::lane_by_lane<Lane>(                         \
            first, second, [](int a, int b) -> int { return expression; }); \
    }
#define T2T_PACKED_ONE(name, Lane, expression)                                                    \
    inline unsigned name(unsigned word) {                                                         \
        return t2t::cpu_device::lane_by_lane<Lane>(word, 0,                                       \
                                                   [](int a, int) -> int { return expression; }); \
    }
#define T2T_PACKED_LANES(lanes, Signed, Unsigned)                                      \
    T2T_PACKED(__vadd##lanes, Unsigned, a + b)                                         \
    T2T_PACKED(__vsub##lanes, Unsigned, a - b)                                         \
    T2T_PACKED(__vaddss##lanes, Signed, t2t::cpu_device::saturated<Signed>(a + b))     \
    T2T_PACKED(__vaddus##lanes, Unsigned, t2t::cpu_device::saturated<Unsigned>(a + b)) \
    T2T_PACKED(__vsubss##lanes, Signed, t2t::cpu_device::saturated<Signed>(a - b))     \
    T2T_PACKED(__vsubus##lanes, Unsigned, t2t::cpu_device::saturated<Unsigned>(a - b)) \
    T2T_PACKED(__vabsdiffs##lanes, Signed, a < b ? b - a : a - b)                      \
    T2T_PACKED(__vabsdiffu##lanes, Unsigned, a < b ? b - a : a - b)                    \
    T2T_PACKED(__vmins##lanes, Signed, a < b ? a : b)                                  \
    T2T_PACKED(__vminu##lanes, Unsigned, a < b ? a : b)                                \
    T2T_PACKED(__vmaxs##lanes, Signed, a < b ? b : a)                                  \
    T2T_PACKED(__vmaxu##lanes, Unsigned, a < b ? b : a)                                \
    T2T_PACKED(__vavgu##lanes, Unsigned, (a + b + 1) / 2)                              \
    T2T_PACKED(__vcmpeq##lanes, Unsigned, a == b ? -1 : 0)                             \
    T2T_PACKED(__vcmpne##lanes, Unsigned, a != b ? -1 : 0)                             \
    T2T_PACKED(__vcmpgts##lanes, Signed, a > b ? -1 : 0)                               \
    T2T_PACKED(__vcmpgtu##lanes, Unsigned, a > b ? -1 : 0)                             \
    T2T_PACKED(__vcmplts##lanes, Signed, a < b ? -1 : 0)                               \
    T2T_PACKED(__vcmpltu##lanes, Unsigned, a < b ? -1 : 0)                             \
    T2T_PACKED(__vcmpges##lanes, Signed, a >= b ? -1 : 0)                              \
    T2T_PACKED(__vcmpgeu##lanes, Unsigned, a >= b ? -1 : 0)                            \
    T2T_PACKED(__vcmples##lanes, Signed, a <= b ? -1 : 0)                              \
    T2T_PACKED(__vcmpleu##lanes, Unsigned, a <= b ? -1 : 0)                            \
    T2T_PACKED(__vseteq##lanes, Unsigned, a == b)                                      \
    T2T_PACKED(__vsetne##lanes, Unsigned, a != b)                                      \
    T2T_PACKED(__vsetgts##lanes, Signed, a > b)                                        \
    T2T_PACKED(__vsetgtu##lanes, Unsigned, a > b)                                      \
    T2T_PACKED(__vsetlts##lanes, Signed, a < b)                                        \
    T2T_PACKED(__vsetltu##lanes, Unsigned, a < b)                                      \
    T2T_PACKED(__vsetges##lanes, Signed, a >= b)                                       \
    T2T_PACKED(__vsetgeu##lanes, Unsigned, a >= b)                                     \
    T2T_PACKED(__vsetles##lanes, Signed, a <= b)                                       \
    T2T_PACKED(__vsetleu##lanes, Unsigned, a <= b)                                     \
    T2T_PACKED(__vhaddu##lanes, Unsigned, (a + b) / 2)                                 \
    T2T_PACKED(__vavgs##lanes, Signed, (a + b + (a + b >= 0)) >> 1)                    \
    T2T_PACKED_ONE(__vneg##lanes, Signed, -a)                                          \
    T2T_PACKED_ONE(__vnegss##lanes, Signed, t2t::cpu_device::saturated<Signed>(-a))    \
    T2T_PACKED_ONE(__vabs##lanes, Signed, a < 0 ? -a : a)                              \
    T2T_PACKED_ONE(__vabsss##lanes, Signed, t2t::cpu_device::saturated<Signed>(a < 0 ? -a : a))
T2T_PACKED_LANES(2, short, unsigned short)
T2T_PACKED_LANES(4, signed char, unsigned char)
#undef T2T_PACKED_LANES
#undef T2T_PACKED_ONE
#undef T2T_PACKED
///@}

/// @name The sum over the lanes of |a − b|
///@{
#define T2T_SUM_OF_DIFFERENCES(name, Lane)                                                       \
    inline unsigned name(unsigned a, unsigned b) {                                               \
        int sum = 0;                                                                             \
        for (int i = 0; i < static_cast<int>(4 / sizeof(Lane)); ++i) {                           \
            const int difference =                                                               \
                int{t2t::cpu_device::lane<Lane>(a, i)} - int{t2t::cpu_device::lane<Lane>(b, i)}; \
            sum += difference < 0 ? -difference : difference;                                    \
        }                                                                                        \
        return static_cast<unsigned>(sum);                                                       \
    }
T2T_SUM_OF_DIFFERENCES(__vsads2, short)
T2T_SUM_OF_DIFFERENCES(__vsadu2, unsigned short)
T2T_SUM_OF_DIFFERENCES(__vsads4, signed char)
T2T_SUM_OF_DIFFERENCES(__vsadu4, unsigned char)
#undef T2T_SUM_OF_DIFFERENCES
///@}

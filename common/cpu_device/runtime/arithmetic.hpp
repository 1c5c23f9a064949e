/// @file
/// Arithmetic of device code that C++ leaves open where a GPU does not: casts of values that do not fit, and shifts
/// by the width of a word or more. The launch translator puts these names into device code.
///
/// Sources: PTX ISA, "cvt", "shl" and "shr".
#pragma once

#include <type_traits>

#include "common/cpu_device/runtime/cxx17.hpp"

namespace t2t::cpu_device {

/// On a function whose conversions to integers fit, so that the compiler need not check them (float_casts.cpp).
#define T2T_FITS __attribute__((no_sanitize("float-cast-overflow")))
#define T2T_ARITHMETIC __attribute__((always_inline)) constexpr

/// The nearest integer toward zero. What does not fit becomes the nearest integer that does; NaN becomes 0, or the
/// top bit alone when either side has 64 bits.
template <typename Integer, typename Real>
T2T_FITS T2T_ARITHMETIC Integer saturated(Real value) {
    constexpr int bits = 8 * sizeof(Integer);
    constexpr bool is_signed = std::is_signed_v<Integer>;
    constexpr auto top_bit = static_cast<Integer>(1ull << (bits - 1));
    constexpr Integer smallest = is_signed ? top_bit : Integer(0);
    constexpr auto largest = static_cast<Integer>(is_signed ? ~top_bit : ~Integer(0));
    // 2^(bits - 1) or 2^bits: the first value too large, exact in any floating-point type.
    constexpr Real limit = (is_signed ? Real(1) : Real(2)) * static_cast<Real>(1ull << (bits - 1));

    if (value >= limit) return largest;
    if (value >= static_cast<Real>(smallest)) return static_cast<Integer>(value);
    if (value == value) return smallest;
    return bits == 64 || sizeof(Real) == 8 ? top_bit : Integer(0);
}

/// Whether a cast from one to the other saturates on a GPU. To bool it does not: it asks whether the value is 0.
template <typename To, typename From>
inline constexpr bool saturates =
    std::is_integral_v<To> && !std::is_same_v<To, bool> && std::is_floating_point_v<From>;

/// (To)value, as a GPU computes it. nvcc converts to 32 bits first when `To` is narrower, and keeps the low bits.
template <typename To, typename From>
T2T_ARITHMETIC auto cast(From value) -> std::enable_if_t<!std::is_class_v<From>, To> {
    if constexpr (!saturates<To, From>) {
        return (To)(value);
    } else if constexpr (sizeof(To) >= sizeof(int)) {
        return saturated<To>(value);
    } else {
        using Word = std::conditional_t<std::is_signed_v<To>, int, unsigned>;
        return static_cast<To>(saturated<Word>(value));
    }
}
template <typename To, typename From>
T2T_ARITHMETIC auto cast(const From& value) -> std::enable_if_t<std::is_class_v<From>, To> {
    return (To)(value);
}

/// static_cast<To>(value), as a GPU computes it.
template <typename To, typename From>
T2T_ARITHMETIC auto to(From value) -> std::enable_if_t<!std::is_class_v<From>, To> {
    if constexpr (saturates<To, From>) {
        return cast<To>(value);
    } else {
        return static_cast<To>(value);
    }
}
template <typename To, typename From>
T2T_ARITHMETIC auto to(const From& value) -> std::enable_if_t<std::is_class_v<From>, To> {
    return static_cast<To>(value);
}

/// The pointer. In a check build the compiler does not know where it points, and so trusts its type: an access
/// that is not aligned as the type wants remains one access, and is reported.
template <typename Pointer>
__attribute__((always_inline)) inline Pointer hidden(Pointer pointer) {
#if defined(T2T_OBSERVE)
    asm("" : "+r"(pointer));
#endif
    return pointer;
}
/// (Pointer)value
template <typename Pointer, typename From>
__attribute__((always_inline)) inline Pointer pointer_cast(From&& value) {
    return hidden((Pointer)value);
}
/// reinterpret_cast<Pointer>(value)
template <typename Pointer, typename From>
__attribute__((always_inline)) inline Pointer reinterpret(From&& value) {
    return hidden(reinterpret_cast<Pointer>(value));
}

/// `a <<shift<< b` is a << b, as a GPU computes it.
struct Shift {};
inline constexpr Shift shift;

/// What `a <<= shift <<= b` and `a >>= shift >>= b` have to shift by.
struct ShiftBy {
    unsigned count;
};

/// The left operand of a shift, widened to an int as C++ does.
template <typename Word>
struct Shifted {
    Word word;
};

/// A left operand that is an object: its own operator is called.
template <typename Object>
struct ShiftedObject {
    Object&& object;
};

template <typename Word>
T2T_ARITHMETIC Word shifted_left(Word word, unsigned count) {
    using Bits = std::make_unsigned_t<Word>;
    return count < 8 * sizeof(Word) ? static_cast<Word>(static_cast<Bits>(word) << count) : Word(0);
}
template <typename Word>
T2T_ARITHMETIC Word shifted_right(Word word, unsigned count) {
    constexpr unsigned last = 8 * sizeof(Word) - 1;
    if (count > last) return std::is_signed_v<Word> ? word >> last : Word(0);
    return word >> count;
}

template <typename T>
inline constexpr bool is_object = std::is_class_v<std::remove_cv_t<std::remove_reference_t<T>>>;

#define T2T_SHIFT(op, compute)                                                        \
    template <typename T>                                                             \
    T2T_ARITHMETIC auto operator op(T value, Shift)                                   \
        ->std::enable_if_t<!is_object<T>, Shifted<decltype(+value)>> {                \
        return {value};                                                               \
    }                                                                                 \
    template <typename Word, typename Count>                                          \
    T2T_ARITHMETIC Word operator op(Shifted<Word> left, Count count) {                \
        return compute(left.word, static_cast<unsigned>(count));                      \
    }                                                                                 \
    template <typename T>                                                             \
    T2T_ARITHMETIC auto operator op(T&& object, Shift)                                \
        ->std::enable_if_t<is_object<T>, ShiftedObject<T>> {                          \
        return {static_cast<T&&>(object)};                                            \
    }                                                                                 \
    template <typename T, typename Count>                                             \
    T2T_ARITHMETIC decltype(auto) operator op(ShiftedObject<T> left, Count&& count) { \
        return static_cast<T&&>(left.object) op static_cast<Count&&>(count);          \
    }                                                                                 \
    template <typename Count>                                                         \
    T2T_ARITHMETIC ShiftBy operator op##=(Shift, Count count) {                       \
        return {static_cast<unsigned>(count)};                                        \
    }                                                                                 \
    template <typename T>                                                             \
    T2T_ARITHMETIC T& operator op##=(T& left, ShiftBy by) {                           \
        left = static_cast<std::remove_cv_t<T>>(compute(+left, by.count));            \
        return left;                                                                  \
    }
T2T_SHIFT(<<, shifted_left)
T2T_SHIFT(>>, shifted_right)
#undef T2T_SHIFT
#undef T2T_ARITHMETIC
#undef T2T_FITS

}  // namespace t2t::cpu_device

/// @file
/// memcpy, memmove and memset in a check build. The compiler's hooks stand before loads and stores,
/// but not in these functions, so they report what they read and write themselves.
#pragma once

#include <cstddef>
#include <cstring>

#include "common/cpu_device/observer/log/marks.hpp"

// Only where the compiler calls hooks: what the CPU device copies is its own affair. And not where the
// C library has such definitions of its own (_FORTIFY_SOURCE); a check build turns them off.
#if defined(T2T_OBSERVE) && defined(__SANITIZE_THREAD__) && __USE_FORTIFY_LEVEL == 0

/// Whether g++ makes one load and one store of a copy of so many bytes, which its hooks see.
#define T2T_COPY_IS_ONE_ACCESS(bytes) \
    (__builtin_constant_p(bytes) &&   \
     ((bytes) == 1 || (bytes) == 2 || (bytes) == 4 || (bytes) == 8 || (bytes) == 16))
/// A definition for inlining alone; the C library's remains for those who take its address.
#define T2T_LIBRARY_INLINE extern inline __attribute__((gnu_inline, always_inline, artificial))

extern "C" {

T2T_LIBRARY_INLINE void* memcpy(void* to, const void* from, std::size_t bytes) noexcept {
    if (!T2T_COPY_IS_ONE_ACCESS(bytes)) t2t::observer::copies_bytes(to, from, bytes);
    return __builtin_memcpy(to, from, bytes);
}
T2T_LIBRARY_INLINE void* memmove(void* to, const void* from, std::size_t bytes) noexcept {
    if (!T2T_COPY_IS_ONE_ACCESS(bytes)) t2t::observer::copies_bytes(to, from, bytes);
    return __builtin_memmove(to, from, bytes);
}
T2T_LIBRARY_INLINE void* memset(void* to, int value, std::size_t bytes) noexcept {
    t2t::observer::sets_bytes(to, bytes);
    return __builtin_memset(to, value, bytes);
}

}  // extern "C"

#undef T2T_LIBRARY_INLINE
#undef T2T_COPY_IS_ONE_ACCESS

#endif

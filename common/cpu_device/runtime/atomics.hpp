/// @file
/// Atomics of device code on plain types. Blocks run on several cores, so these are real atomics;
/// each returns the value that was there before.
#pragma once

#include <cstdint>
#include <type_traits>

#include "common/cpu_device/runtime/block.hpp"

namespace t2t::cpu_device {

template <typename T>
inline constexpr bool is_atomic_integer =
    std::is_same_v<T, int> || std::is_same_v<T, unsigned> || std::is_same_v<T, unsigned long long>;

/// Replaces *address by change(*address) until no other thread came between.
template <typename T, typename Change>
T2T_EMULATION T exchange_until_alone(T* address, Change change) {
    const observer::Pause the_devices_work;
    using Bits = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    static_assert(sizeof(T) == sizeof(Bits));
    auto* word = reinterpret_cast<Bits*>(address);
    Bits before = __atomic_load_n(word, __ATOMIC_RELAXED);
    for (;;) {
        const T old = __builtin_bit_cast(T, before);
        const Bits after = __builtin_bit_cast(Bits, static_cast<T>(change(old)));
        if (__atomic_compare_exchange_n(word, &before, after, true, __ATOMIC_SEQ_CST,
                                        __ATOMIC_RELAXED)) {
            return old;
        }
    }
}

/// Replaces *address by `desired` if it is `expected`. @returns what was there
template <typename T>
T2T_EMULATION T compare_exchange(T* address, T expected, T desired) {
    const observer::Pause the_devices_work;
    __atomic_compare_exchange_n(address, &expected, desired, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return expected;
}

/// Reports an atomic operation. @param traits see observer::access()
template <typename T>
T2T_DEVICE_INLINE void report_atomic(T* address, observer::Scope scope, std::uint32_t traits = 0) {
    observer::access(observer::Kind::atomic, address, sizeof(T),
                     observer::with_scope(scope) | traits);
}

/// An atomic operation: `change` gives the new value for an old one.
template <typename T, typename Change>
T2T_DEVICE_INLINE T atomic_update(T* address, observer::Scope scope, Change change,
                                  std::uint32_t traits = 0) {
    report_atomic(address, scope, traits);
    const T old = exchange_until_alone(address, change);
    memory_may_change();
    return old;
}

}  // namespace t2t::cpu_device

// Each operation also exists with CUDA's narrower and wider scopes. All threads share one memory here,
// so that a check alone makes a difference between them.
#define T2T_ATOMIC_SCOPES(name, parameters, ...)                \
    template <typename T>                                       \
    T2T_DEVICE_INLINE T name##_block parameters {               \
        return name(__VA_ARGS__, t2t::observer::Scope::block);  \
    }                                                           \
    template <typename T>                                       \
    T2T_DEVICE_INLINE T name##_system parameters {              \
        return name(__VA_ARGS__, t2t::observer::Scope::device); \
    }

template <typename T>
T2T_DEVICE_INLINE T atomicAdd(T* address, t2t::cpu_device::Exactly<T> value,
                              t2t::observer::Scope scope = t2t::observer::Scope::device) {
    if constexpr (t2t::cpu_device::is_atomic_integer<T>) {
        t2t::cpu_device::report_atomic(address, scope);
        const T before = __atomic_fetch_add(address, value, __ATOMIC_SEQ_CST);
        t2t::cpu_device::memory_may_change();
        return before;
    } else {
        static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                      "atomicAdd takes int, unsigned, unsigned long long, float or double here");
        return t2t::cpu_device::atomic_update(address, scope,
                                              [value](T old) { return old + value; });
    }
}
T2T_ATOMIC_SCOPES(atomicAdd, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

// Vectors: each component on its own (compute capability 9.0).
T2T_DEVICE_INLINE float2 atomicAdd(float2* address, float2 value) {
    return {atomicAdd(&address->x, value.x), atomicAdd(&address->y, value.y)};
}
T2T_DEVICE_INLINE float4 atomicAdd(float4* address, float4 value) {
    return {atomicAdd(&address->x, value.x), atomicAdd(&address->y, value.y),
            atomicAdd(&address->z, value.z), atomicAdd(&address->w, value.w)};
}

template <typename T>
T2T_DEVICE_INLINE T atomicSub(T* address, t2t::cpu_device::Exactly<T> value,
                              t2t::observer::Scope scope = t2t::observer::Scope::device) {
    static_assert(std::is_same_v<T, int> || std::is_same_v<T, unsigned>,
                  "atomicSub takes int or unsigned");
    t2t::cpu_device::report_atomic(address, scope);
    const T before = __atomic_fetch_sub(address, value, __ATOMIC_SEQ_CST);
    t2t::cpu_device::memory_may_change();
    return before;
}
T2T_ATOMIC_SCOPES(atomicSub, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

template <typename T>
T2T_DEVICE_INLINE T atomicExch(T* address, t2t::cpu_device::Exactly<T> value,
                               t2t::observer::Scope scope = t2t::observer::Scope::device) {
    static_assert(t2t::cpu_device::is_atomic_integer<T> || std::is_same_v<T, float>,
                  "atomicExch takes int, unsigned, unsigned long long or float");
    return t2t::cpu_device::atomic_update(
        address, scope, [value](T) { return value; }, t2t::observer::only_writes);
}
T2T_ATOMIC_SCOPES(atomicExch, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

template <typename T>
T2T_DEVICE_INLINE T atomicMin(T* address, t2t::cpu_device::Exactly<T> value,
                              t2t::observer::Scope scope = t2t::observer::Scope::device) {
    static_assert(t2t::cpu_device::is_atomic_integer<T> || std::is_same_v<T, long long>,
                  "atomicMin takes int, unsigned, long long or unsigned long long");
    return t2t::cpu_device::atomic_update(address, scope,
                                          [value](T old) { return value < old ? value : old; });
}
T2T_ATOMIC_SCOPES(atomicMin, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

template <typename T>
T2T_DEVICE_INLINE T atomicMax(T* address, t2t::cpu_device::Exactly<T> value,
                              t2t::observer::Scope scope = t2t::observer::Scope::device) {
    static_assert(t2t::cpu_device::is_atomic_integer<T> || std::is_same_v<T, long long>,
                  "atomicMax takes int, unsigned, long long or unsigned long long");
    return t2t::cpu_device::atomic_update(address, scope,
                                          [value](T old) { return old < value ? value : old; });
}
T2T_ATOMIC_SCOPES(atomicMax, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

/// Counts up and starts again at 0 after `limit`.
T2T_DEVICE_INLINE unsigned atomicInc(unsigned* address, unsigned limit,
                                     t2t::observer::Scope scope = t2t::observer::Scope::device) {
    return t2t::cpu_device::atomic_update(
        address, scope, [limit](unsigned old) { return old >= limit ? 0 : old + 1; });
}
/// Counts down and starts again at `limit` from 0 or from above it.
T2T_DEVICE_INLINE unsigned atomicDec(unsigned* address, unsigned limit,
                                     t2t::observer::Scope scope = t2t::observer::Scope::device) {
    return t2t::cpu_device::atomic_update(address, scope, [limit](unsigned old) {
        return old == 0 || old > limit ? limit : old - 1;
    });
}
T2T_DEVICE_INLINE unsigned atomicInc_block(unsigned* address, unsigned limit) {
    return atomicInc(address, limit, t2t::observer::Scope::block);
}
T2T_DEVICE_INLINE unsigned atomicInc_system(unsigned* address, unsigned limit) {
    return atomicInc(address, limit);
}
T2T_DEVICE_INLINE unsigned atomicDec_block(unsigned* address, unsigned limit) {
    return atomicDec(address, limit, t2t::observer::Scope::block);
}
T2T_DEVICE_INLINE unsigned atomicDec_system(unsigned* address, unsigned limit) {
    return atomicDec(address, limit);
}

template <typename T>
T2T_DEVICE_INLINE T atomicCAS(T* address, t2t::cpu_device::Exactly<T> expected,
                              t2t::cpu_device::Exactly<T> desired,
                              t2t::observer::Scope scope = t2t::observer::Scope::device) {
    static_assert(t2t::cpu_device::is_atomic_integer<T> || std::is_same_v<T, unsigned short>,
                  "atomicCAS takes int, unsigned, unsigned long long or unsigned short");
    t2t::cpu_device::report_atomic(address, scope);
    const T old = t2t::cpu_device::compare_exchange(address, expected, desired);
    if (old == expected && old != desired) t2t::observer::takes_lock(address);
    t2t::cpu_device::memory_may_change();
    return old;
}
T2T_ATOMIC_SCOPES(atomicCAS,
                  (T * address, t2t::cpu_device::Exactly<T> expected,
                   t2t::cpu_device::Exactly<T> desired),
                  address, expected, desired)

#define T2T_ATOMIC_BITS(name, function)                                                   \
    template <typename T>                                                                 \
    T2T_DEVICE_INLINE T name(T* address, t2t::cpu_device::Exactly<T> value,               \
                             t2t::observer::Scope scope = t2t::observer::Scope::device) { \
        static_assert(t2t::cpu_device::is_atomic_integer<T>,                              \
                      #name " takes int, unsigned or unsigned long long");                \
        t2t::cpu_device::report_atomic(address, scope);                                   \
        const T before = function(address, value, __ATOMIC_SEQ_CST);                      \
        t2t::cpu_device::memory_may_change();                                             \
        return before;                                                                    \
    }                                                                                     \
    T2T_ATOMIC_SCOPES(name, (T * address, t2t::cpu_device::Exactly<T> value), address, value)

T2T_ATOMIC_BITS(atomicAnd, __atomic_fetch_and)
T2T_ATOMIC_BITS(atomicOr, __atomic_fetch_or)
T2T_ATOMIC_BITS(atomicXor, __atomic_fetch_xor)

#undef T2T_ATOMIC_BITS
#undef T2T_ATOMIC_SCOPES

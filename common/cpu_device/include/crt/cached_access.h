/// @file
/// Loads and stores with a cache hint, for every type: plain accesses, since the hints change no
/// value.
#pragma once

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/cxx17.hpp"

namespace t2t::cpu_device {

/// The compiler reads and writes no memory across this point, so a polling loop reads afresh.
inline void forget_memory() {
    asm volatile("" ::: "memory");
}

}  // namespace t2t::cpu_device

/// @name Loads
/// __ldg through the read-only path, __ldca cached everywhere, __ldcg in L2 alone, __ldcs streaming
/// (used once), __ldlu for the last time, __ldcv never from a cache.
///@{
template <typename T>
T2T_DEVICE_INLINE T __ldg(const T* address) {
    return *address;
}
template <typename T>
T2T_DEVICE_INLINE T __ldca(const T* address) {
    return *address;
}
template <typename T>
T2T_DEVICE_INLINE T __ldcs(const T* address) {
    return *address;
}
template <typename T>
T2T_DEVICE_INLINE T __ldlu(const T* address) {
    return *address;
}
template <typename T>
T2T_DEVICE_INLINE T __ldcg(const T* address) {
    t2t::cpu_device::forget_memory();
    return *address;
}
template <typename T>
T2T_DEVICE_INLINE T __ldcv(const T* address) {
    t2t::cpu_device::forget_memory();
    return *address;
}
///@}

/// @name Stores
/// __stwb cached everywhere, __stcg in L2 alone, __stcs streaming, __stwt through to memory at
/// once.
///@{
template <typename T>
T2T_DEVICE_INLINE void __stwb(T* address, t2t::cpu_device::Exactly<T> value) {
    *address = value;
}
template <typename T>
T2T_DEVICE_INLINE void __stcs(T* address, t2t::cpu_device::Exactly<T> value) {
    *address = value;
}
template <typename T>
T2T_DEVICE_INLINE void __stcg(T* address, t2t::cpu_device::Exactly<T> value) {
    *address = value;
    t2t::cpu_device::forget_memory();
}
template <typename T>
T2T_DEVICE_INLINE void __stwt(T* address, t2t::cpu_device::Exactly<T> value) {
    *address = value;
    t2t::cpu_device::forget_memory();
}
///@}

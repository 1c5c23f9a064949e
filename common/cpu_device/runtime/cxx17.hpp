/// @file
/// What the CPU device's headers need and C++17 lacks: programs of others are C++17, which is nvcc's default.
#pragma once

/// A variable whose initial value is a constant, so that no access has to ask whether it is initialised.
#if defined(__cpp_constinit)
#define T2T_CONSTINIT constinit
#elif defined(__clang__)
#define T2T_CONSTINIT [[clang::require_constant_initialization]]
#else
#define T2T_CONSTINIT __constinit
#endif

namespace t2t::cpu_device {

template <typename T>
struct NotDeduced {
    using Type = T;
};

/// T, which no argument decides: `atomicAdd(&sum, 1)` takes it from `sum` alone (C++20: std::type_identity_t).
template <typename T>
using Exactly = typename NotDeduced<T>::Type;

}  // namespace t2t::cpu_device

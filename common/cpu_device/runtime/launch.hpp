/// @file
/// Kernel launches: what the launch translator turns `kernel<<<grid, block, shared, stream>>>(…)`
/// into.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>

#include "common/cpu_device/include/driver_types.h"
#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/launch_record.hpp"

namespace t2t::cpu_device {

/// What stands between `<<<` and `>>>`.
struct LaunchConfiguration {
    dim3 grid;
    dim3 block;
    std::size_t shared_bytes = 0;
    cudaStream_t stream = nullptr;
    bool cooperative = false;
};

inline LaunchConfiguration configure(dim3 grid, dim3 block, std::size_t shared_bytes = 0,
                                     cudaStream_t stream = nullptr) {
    return {grid, block, shared_bytes, stream, false};
}

/// A launch with its arguments bound.
struct BoundLaunch {
    const char* kernel;   ///< as written in the source
    const void* address;  ///< the kernel's address, or nullptr when it has none to name
    LaunchConfiguration configuration;
    void (*runner)(const void* body);  ///< run_unstarted_threads for the body's type
    const void* body;
    std::size_t body_bytes;
    PointerList pointers;  ///< the arguments; null those that are no pointers
    std::function<void()> (*again)(
        const BoundLaunch& launch);  ///< a copy that can run later, for graphs
};

/// An argument's address when it is a pointer to memory, else nullptr.
template <typename T>
const void* pointer_in(const T& argument) {
    if constexpr (std::is_convertible_v<T, const volatile void*>) {
        return const_cast<const void*>(static_cast<const volatile void*>(argument));
    } else {
        return nullptr;
    }
}

/// Checks the launch as CUDA does, then runs it, or records it when its stream is being captured.
/// @returns what cudaGetLastError() will say, too
cudaError_t run_or_record(const BoundLaunch& launch);

/// Runs `call` with copies of `arguments` for every thread of the grid.
template <typename Call, typename... Arguments>
cudaError_t launch(const char* kernel, const LaunchConfiguration& configuration,
                   const void* address, Call call, Arguments... arguments) {
    struct Body {
        Call call;
        mutable std::tuple<Arguments...> arguments;
        std::array<const void*, sizeof...(Arguments)> pointers;
        void operator()() const { std::apply(call, arguments); }
    };
    const Body body{call, {arguments...}, {pointer_in(arguments)...}};
    const auto again = [](const BoundLaunch& bound) -> std::function<void()> {
        return [bound, copy = *static_cast<const Body*>(bound.body)] {
            BoundLaunch replayed = bound;
            replayed.body = &copy;
            replayed.pointers = {copy.pointers.data(), copy.pointers.size()};
            replayed.configuration.stream = cudaStreamPerThread;  // waits for no capture
            run_or_record(replayed);
        };
    };
    return run_or_record({kernel,
                          address,
                          configuration,
                          &run_unstarted_threads<Body>,
                          &body,
                          sizeof body,
                          {body.pointers.data(), body.pointers.size()},
                          again});
}

/// A launch that lacks its arguments, for macros that pass theirs on: prepare(…)(arguments…).
template <typename Call>
auto prepare(const char* kernel, const LaunchConfiguration& configuration, const void* address,
             Call call) {
    return [=](auto... arguments) {
        return launch(kernel, configuration, address, call, arguments...);
    };
}

/// The address of a kernel, whatever its parameters.
template <typename... Parameters>
const void* address_of(int, void (*kernel)(Parameters...)) {
    return reinterpret_cast<const void*>(kernel);
}

/// What `address`, of T2T_KERNEL_ADDRESS, returns; nullptr when it cannot be called.
template <typename Address>
const void* address_or_null(Address address) {
    if constexpr (std::is_invocable_v<Address, int>) {
        return address(0);
    } else {
        return nullptr;
    }
}

/// Launches through a typed pointer, with CUDA's array of pointers to the arguments.
template <typename... Parameters, std::size_t... I>
cudaError_t launch_with_pointers(void (*kernel)(Parameters...),
                                 const LaunchConfiguration& configuration, void** arguments,
                                 std::index_sequence<I...>) {
    return launch(
        "kernel", configuration, reinterpret_cast<const void*>(kernel),
        [kernel](auto&... values) { kernel(values...); },
        *static_cast<std::remove_cv_t<std::remove_reference_t<Parameters>>*>(arguments[I])...);
}

}  // namespace t2t::cpu_device

/// The address of the kernel that an expression names; nullptr when only the arguments choose among
/// template instances. The tag makes the expression dependent, so that choosing fails softly.
#define T2T_KERNEL_ADDRESS(...)                                                              \
    ::t2t::cpu_device::address_or_null(                                                      \
        [=](auto t2t_tag) -> decltype(::t2t::cpu_device::address_of(t2t_tag, __VA_ARGS__)) { \
            return ::t2t::cpu_device::address_of(t2t_tag, __VA_ARGS__);                      \
        })

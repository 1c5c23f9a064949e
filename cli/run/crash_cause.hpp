/// @file
/// Why the host's code of a program crashed, as far as a signal tells.
#pragma once

#include <signal.h>
#include <ucontext.h>

#include <cstdint>

#include "common/cpu_device/runtime/memory.hpp"

namespace t2t::own {

/// A few words about `signal`, raised by an access to `address`, for a signal handler.
/// @param context the handler's ucontext_t
inline const char* crash_cause(int signal, const void* address, const void* context) {
    if (signal == SIGFPE) return "an integer division by zero";
    if (signal != SIGSEGV && signal != SIGBUS) return "an instruction that cannot be executed";
    if (cpu_device::host_access_faults() &&
        !cpu_device::describe_host_access(address, false).empty()) {
        return "a pointer to device memory";
    }
#if defined(__x86_64__)
    const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
    constexpr long long general_protection = 13;  // raised without an address
    if (registers[REG_TRAPNO] == general_protection) return "a pointer that is garbage";
    constexpr std::uintptr_t near = 1 << 16;  // bytes: what one call may take of the stack
    const auto place = reinterpret_cast<std::uintptr_t>(address);
    const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
    if (place + near > stack && place < stack + near) {
        return "the stack overflowed, by a recursion without end or by a local array that belongs "
               "into a std::vector";
    }
#endif
    constexpr std::uintptr_t page = 4096;  // bytes: the first one belongs to nobody
    return reinterpret_cast<std::uintptr_t>(address) < page ? "a null pointer"
                                                            : "a pointer to no memory";
}

}  // namespace t2t::own

/// @file
/// What happens when a kernel does what a GPU would not survive: the launch ends with an error that
/// names the kernel, the block and the thread, and the process goes on.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "common/cpu_device/include/driver_types.h"
#include "common/cpu_device/runtime/source_location.hpp"

namespace t2t::cpu_device {

struct LaunchRecord;

/// Ends the current launch with `code`; the message names kernel, block and thread before `what`.
/// Does not return: the block's fibers are dropped where they stand.
[[noreturn]] void fault(cudaError_t code, const std::string& what);

/// The same for what a whole block does wrong: names kernel and block.
[[noreturn]] void fault_of_block(cudaError_t code, const std::string& what);

/// Leaves the current block because another one has ended the launch with a fault.
[[noreturn]] void leave_cancelled_block();

/// True while the calling operating-system thread runs a kernel.
bool in_kernel();

/// Calls `report` when a signal ends the program outside of kernels, before it does.
/// @param report gets the signal, the address that was accessed, and the handler's ucontext_t
void on_host_crash(void (*report)(int signal, const void* address, void* context));

/// Takes over the signals that a wrong access raises, in kernels and, see host_access_faults(), on the host.
void install_handlers();

/// Runs `step(launch)` on the calling thread; a fault or a signal inside ends it and is recorded in
/// `launch`.
void run_guarded(LaunchRecord& launch, void (*step)(LaunchRecord&));

/// Stops the kernel that another operating-system thread runs; the watchdog's tool.
/// @param thread a pthread_t that is inside run_guarded
void interrupt_kernel(unsigned long thread);

/// Of the signal that has ended the running kernel, the address behind the instruction that raised it,
/// or behind the call of what is no function; nullptr when it was an access, or no signal has.
const void* place_of_signal();

/// While one of these lives, interrupt_kernel() waits: the calling operating-system thread holds a
/// lock or allocates on a kernel's behalf.
class Uninterrupted {
 public:
    Uninterrupted();
    ~Uninterrupted();
    Uninterrupted(const Uninterrupted&) = delete;
    Uninterrupted& operator=(const Uninterrupted&) = delete;
};

/// "file:line" of a call.
std::string place(const SourceLocation& where);
/// "0x0000ffff".
std::string hex(unsigned mask);
/// Lowest address and size of the calling operating-system thread's own stack.
std::pair<const void*, std::size_t> home_stack();

}  // namespace t2t::cpu_device

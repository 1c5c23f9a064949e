// Linked into programs of `t2t run`: when the program ends without having asked what went wrong in its kernels,
// it is told; and when its host code crashes, why.
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "cli/run/crash_cause.hpp"
#include "cli/run/report_at_end.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"

namespace t2t::own {
namespace {

void tell_unread_error() {
    const std::string error = cpu_device::unread_error();
    if (error.empty()) return;
    std::fflush(nullptr);
    std::fprintf(stderr, "t2t: the program did not ask, but %s; ./t2t check finds out more\n",
                 error.c_str());
}

void print(const char* text) {
    if (::write(STDERR_FILENO, text, strlen(text)) < 0) return;  // nobody listens
}

// A handler may neither allocate nor take a lock.
void tell_crash(int signal, const void* address, void* context) {
    print("t2t: the host's code crashed: ");
    print(crash_cause(signal, address, context));
    print("; ./t2t check says where\n");
}

// Before the constructors of the program, so that its destructors have run when this reports.
[[gnu::constructor(101)]] void begin() {
    std::atexit(tell_unread_error);
    cpu_device::on_host_crash(tell_crash);
}

}  // namespace

bool report_now() {
    return false;
}

}  // namespace t2t::own

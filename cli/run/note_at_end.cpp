// Linked into programs of `t2t run`: when the program ends without having asked what went wrong in its kernels,
// it is told; and when its host code crashes, why.
#include <string.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cli/run/crash_cause.hpp"
#include "cli/run/report_at_end.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"

namespace t2t::own {
namespace {

void tell(const std::string& what) {
    std::fflush(nullptr);
    std::fprintf(stderr, "t2t: %s; ./t2t check finds out more\n", what.c_str());
}

void tell_what_went_wrong() {
    const std::string note = cpu_device::host_pointer_note();
    if (!note.empty()) tell(note);
    const std::string error = cpu_device::unread_error();
    if (!error.empty()) tell("the program did not ask, but " + error);
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
    std::atexit(tell_what_went_wrong);
    cpu_device::on_host_crash(tell_crash);
    cpu_device::watch_for_host_pointers();
}

}  // namespace

bool report_now() {
    return false;
}

}  // namespace t2t::own

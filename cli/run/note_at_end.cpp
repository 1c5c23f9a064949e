// Linked into programs of `t2t run`: when the program ends without having asked what went wrong in its kernels,
// it is told.
#include <cstdio>
#include <cstdlib>

#include "cli/run/report_at_end.hpp"
#include "common/cpu_device/runtime/errors.hpp"

namespace t2t::own {
namespace {

void tell_unread_error() {
    const std::string error = cpu_device::unread_error();
    if (error.empty()) return;
    std::fflush(nullptr);
    std::fprintf(stderr, "t2t: the program did not ask, but %s; ./t2t check finds out more\n",
                 error.c_str());
}

// Before the constructors of the program, so that its destructors have run when this reports.
[[gnu::constructor(101)]] void begin() {
    std::atexit(tell_unread_error);
}

}  // namespace

bool report_now() {
    return false;
}

}  // namespace t2t::own

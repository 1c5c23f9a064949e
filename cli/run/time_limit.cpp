// Linked into programs of one's own: ends them after the time that `--timeout` names.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "cli/run/flush_output.hpp"
#include "cli/run/report_at_end.hpp"
#include "cli/run/setting_names.hpp"

namespace t2t::own {
namespace {

constexpr int exit_code_of_timeout = 124;  // as of the command `timeout`

[[gnu::constructor]] void start_time_limit() {
    const char* text = std::getenv(setting_names::time_limit);
    if (text == nullptr) return;
    const std::chrono::seconds limit(std::atoi(text));
    unsetenv(setting_names::time_limit);
    std::thread([limit] {
        std::this_thread::sleep_for(limit);
        flush_output();
        std::fprintf(stderr, "t2t: the program was ended after %lld s, its --timeout\n",
                     static_cast<long long>(limit.count()));
        report_now();
        _exit(exit_code_of_timeout);
    }).detach();
}

}  // namespace
}  // namespace t2t::own

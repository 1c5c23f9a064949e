/// @file
/// The program of one chapter: the commands that run its benchmark. In a check build, which sees every
/// access and is slow, these are others.

#include "cli/commands.hpp"
#if defined(T2T_OBSERVE)
#include "cli/check/command.hpp"
#endif
#if defined(T2T_OBSERVE) || defined(T2T_DEVICE_CUDA)
#include "cli/profile/command.hpp"
#endif

namespace t2t::cli {

void add_commands(CLI::App& app) {
#if defined(T2T_OBSERVE)
    rung_check::add_check_command(app);
#else
    add_bench_command(app);
#endif
#if defined(T2T_OBSERVE) || defined(T2T_DEVICE_CUDA)
    profile::add_profile_command(app);
#endif
}

}  // namespace t2t::cli

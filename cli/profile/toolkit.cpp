#include "cli/profile/toolkit.hpp"

#include <cstdlib>

#include "common/process/child_process.hpp"

namespace t2t::profile {

std::string with_toolkit(const std::string& command) {
    const char* home = std::getenv("CUDA_HOME");
    const std::string folder = home != nullptr ? home : "/usr/local/cuda";
    return "PATH=\"$PATH\":" + process::shell_word(folder + "/bin") + ' ' + command;
}

CodeAnswer ask_cuobjdump(const std::string& file, const std::string& symbol) {
    const process::Output output =
        process::run(with_toolkit("cuobjdump --dump-sass --function " +
                                  process::shell_word(symbol) + ' ' + process::shell_word(file)) +
                     " 2>/dev/null");
    if (output.status == 127) {
        return {{},
                "cuobjdump is not found, so nothing is said about machine code; it is part of "
                "the CUDA Toolkit."};
    }
    CodeAnswer answer{machine_code(output.text, symbol)};
    if (!answer.code) {
        answer.why_not = "cuobjdump finds no machine code of " + plain_kernel_name(symbol) + '.';
    }
    return answer;
}

}  // namespace t2t::profile

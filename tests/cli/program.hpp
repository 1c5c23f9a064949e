// The programs behind ./t2t, which the tests call as the script does.
#pragma once

#include <sstream>
#include <string>

#include "cli/chapter_list.hpp"
#include "cli/usage_error.hpp"
#include "common/process/child_process.hpp"

namespace t2t::tests {

// The program that has the command `words` begin with, quoted for a shell. Which chapter's it is, the script
// decides: here, the first word that names one.
inline std::string program_of(const std::string& words) {
    std::istringstream in(words);
    std::string command, name;
    in >> command;
    if (command == "docs") command = "dev";
    if (command == "bench" || command == "check" || command == "profile") {
        std::string chapter = "01_vector_add";
        while (in >> name) {
            try {
                chapter = cli::find_chapter(name).folder();
                break;
            } catch (const cli::UsageError&) {
            }
        }
        command += '_' + chapter;
    }
    return process::shell_word(T2T_PROGRAMS "/t2t_" + command);
}

// Runs `./t2t words`.
inline process::Output run_program(const std::string& words) {
    return process::run(program_of(words) + " " + words);
}

}  // namespace t2t::tests

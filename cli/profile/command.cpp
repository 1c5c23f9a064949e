#include "cli/profile/command.hpp"

#include <iostream>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/output_file.hpp"
#include "cli/profile/profile_rung.hpp"

namespace t2t::profile {
namespace {

/// What the words after `t2t profile` say.
struct ProfileWords {
    std::string chapter;
    std::string rung;
    std::string json;  ///< a file, `-` for standard output, or empty
};

void profile(const ProfileWords& words) {
    const Subject subject = find_subject(words.chapter, words.rung, device_properties());
    cli::require_writable("--json", words.json);
    const Profile made = profile_rung(subject);
    if (words.json != "-") print(std::cout, made);
    if (!words.json.empty()) {
        const std::string command = "./t2t profile " + words.chapter + ' ' + made.rung;
        cli::write_output("--json", words.json, to_json(made, command).dump(2) + '\n');
    }
}

}  // namespace

void add_profile_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "profile", "Says in five sentences what a rung does with the machine, and what would help");
    const auto words = std::make_shared<ProfileWords>();
    command->add_option("CHAPTER", words->chapter, "03, 3, shared_memory or 03_shared_memory")
        ->required();
    command->add_option("RUNG", words->rung,
                        "v3_padded, or v3 for short; by default the highest that runs here of the "
                        "chapter's first ladder");
    command->add_option("--json", words->json, "writes the profile to a file; - is standard output")
        ->type_name("FILE");
    command->footer(
        "Takes the best source there is: ncu, through the chapter's profile.sh; where ncu may not read\n"
        "the GPU's counters, it says how to allow it, and takes events, the occupancy calls and the\n"
        "machine code; without a GPU, the CPU device counts.\n"
        "Examples: ./t2t profile 03\n"
        "          ./t2t profile shared_memory v2_tile --json tile.json");
    command->callback([words] { profile(*words); });
}

}  // namespace t2t::profile

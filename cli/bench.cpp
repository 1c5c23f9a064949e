/// @file
/// `t2t bench`: times a chapter's rungs beside the library and this machine's roofs.

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cli/chapter_list.hpp"
#include "cli/commands.hpp"
#include "cli/output_file.hpp"
#include "cli/program.hpp"
#include "cli/usage_error.hpp"
#include "common/date.hpp"
#include "common/device/properties.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/report.hpp"
#include "common/lab/bench/roofs.hpp"

namespace t2t::cli {
namespace {

/// What the words after `t2t bench` say.
struct BenchWords {
    std::string chapter;  ///< or `roofs`
    std::string rung;
    std::string json;  ///< a file, `-` for standard output, or empty
    int repetitions = lab::BenchOptions{}.repetitions;
    bool quick = false;
    bool small = false;  ///< the CPU device's shapes, on a GPU too
};

/// The command as one would type it again.
std::string command_line(const BenchWords& words) {
    std::string line = "./t2t bench " + words.chapter;
    if (!words.rung.empty()) line += " " + words.rung;
    if (words.small) line += " --small";
    if (words.quick) line += " --quick";
    if (!words.quick && words.repetitions != lab::BenchOptions{}.repetitions) {
        line += " --repetitions " + std::to_string(words.repetitions);
    }
    return line;
}

/// The cases that hold a rung that `rung` names, or all when it is empty.
std::vector<lab::BenchCase> select_cases(const Chapter& chapter, const std::string& rung,
                                         lab::Shapes shapes) {
    std::vector<lab::BenchCase> cases = lab::bench_cases(chapter.number, shapes);
    if (cases.empty()) throw UsageError("chapter " + chapter.folder() + " has no benchmark");
    if (rung.empty()) return cases;

    std::erase_if(cases, [&](const lab::BenchCase& bench_case) {
        return std::ranges::none_of(bench_case.rungs,
                                    [&](const auto& name) { return names_rung(rung, name); });
    });
    if (!cases.empty()) return cases;
    std::string known;
    for (const LadderEntry& ladder : lab::bench_ladders(chapter.number)) {
        for (const RungEntry& entry : ladder.rungs) known.append(" ").append(entry.name);
    }
    throw UsageError("chapter " + chapter.folder() + " has no rung '" + rung +
                     "'; there are:" + known);
}

void bench_roofs(const BenchWords& words) {
    if (!words.rung.empty()) throw UsageError("bench roofs takes no rung; leave out " + words.rung);
    if (words.small) throw UsageError("bench roofs has no shapes; leave out --small");
    const DeviceProperties device = device_properties();
    const lab::Roofs roofs = lab::measure_roofs(device);
    const std::filesystem::path file = lab::roofs_file(device.name);
    const bool kept = lab::store_roofs(roofs, file);
    if (words.json != "-") {
        lab::print_header(std::cout, device, roofs.date);
        lab::print_roofs(std::cout, roofs, device);
        if (kept) std::cout << "kept in " << file.string() << '\n';
    }
    if (!words.json.empty()) write_output("--json", words.json, lab::to_json(roofs).dump(2) + '\n');
}

void bench_chapter(const BenchWords& words) {
    const std::vector<lab::BenchCase> cases =
        select_cases(find_chapter(words.chapter), words.rung,
                     words.small ? lab::Shapes::of_cpu_device : lab::Shapes::of_this_device);
    const DeviceProperties device = device_properties();
    const lab::Roofs roofs = lab::machine_roofs(device);
    const std::string date = utc_now();
    const bool tables = words.json != "-";
    if (tables) lab::print_header(std::cout, device, date);

    const lab::BenchOptions options{.repetitions = words.quick ? 5 : words.repetitions,
                                    .only_rung = words.rung};
    std::vector<lab::CaseResult> results;
    bool wrong = false;
    for (const lab::BenchCase& bench_case : cases) {
        results.push_back(lab::measure(bench_case, options, device));
        wrong |= results.back().any_wrong();
        if (tables) lab::print_table(std::cout, results.back(), roofs.fp32_tflop_s, device);
    }
    if (!words.json.empty()) {
        const auto json = lab::to_json(results, device, roofs, date, command_line(words));
        write_output("--json", words.json, json.dump(2) + '\n');
    }
    if (wrong) {
        std::cerr << "t2t: a rung's result is wrong; ./t2t test " << words.chapter
                  << " says more about it\n";
        throw CLI::RuntimeError{1};
    }
}

}  // namespace

void add_bench_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand(
        "bench", "Times a chapter's rungs beside the library and this machine's roofs");
    const auto words = std::make_shared<BenchWords>();
    command
        ->add_option(
            "CHAPTER", words->chapter,
            "03, 3, shared_memory or 03_shared_memory; or roofs, to measure again what this "
            "machine can do")
        ->required();
    command->add_option("RUNG", words->rung,
                        "this rung alone, beside the library: v3_padded, or v3 for short");
    command->add_option("--json", words->json, "writes the results to a file; - is standard output")
        ->type_name("FILE");
    CLI::Option* repetitions =
        add_whole_number(*command, "--repetitions", words->repetitions, 1, 10000, "samples per row")
            ->type_name("N");
    command->add_flag("--quick", words->quick, "5 samples per row: a first look, not a result")
        ->excludes(repetitions);
    command->add_flag("--small", words->small,
                      "the shapes that the CPU device uses, on a GPU too: the same work on both");
    command->footer(
        "A sample is the mean over a batch of runs, timed with events; runs shorter than 30 µs are\n"
        "replayed as a CUDA graph, so that the kernel is timed and not the host that launches it. The\n"
        "samples of all rows are taken in random order. Every result is checked before and after.\n"
        "Examples: ./t2t bench 03\n"
        "          ./t2t bench shared_memory v3_padded --json padded.json\n"
        "          ./t2t bench roofs");
    command->callback([words] {
        require_writable("--json", words->json);
        if (words->chapter == "roofs") {
            bench_roofs(*words);
        } else {
            bench_chapter(*words);
        }
    });
}

}  // namespace t2t::cli

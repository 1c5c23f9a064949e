#include "cli/check/command.hpp"

#include <algorithm>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/chapter_list.hpp"
#include "cli/check/annotate.hpp"
#include "cli/check/draw.hpp"
#include "cli/check/json.hpp"
#include "cli/check/observe_rung.hpp"
#include "cli/check/select.hpp"
#include "cli/check/text.hpp"
#include "cli/output_file.hpp"
#include "cli/project_root.hpp"
#include "cli/usage_error.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/date.hpp"
#include "common/lab/bench/bench.hpp"

namespace t2t::rung_check {
namespace {

/// What the words after `t2t check` say.
struct CheckWords {
    std::string chapter;
    std::string rung;
    std::string json;  ///< a file, `-` for standard output, or empty
    std::string draw;  ///< a line, see parse_drawn_line(), or empty
    std::string out = "check.svg";
    bool annotate = false;
    bool all_shapes = false;

    bool prints() const { return json != "-"; }
};

/// The command as one would type it again.
std::string command_line(const CheckWords& words) {
    std::string line = "./t2t check " + words.chapter;
    if (!words.rung.empty()) line += ' ' + words.rung;
    if (words.all_shapes) line += " --all-shapes";
    return line;
}

/// The ladders' names, in the order of their first case.
std::vector<std::string> operations(const std::vector<lab::BenchCase>& cases) {
    std::vector<std::string> names;
    for (const lab::BenchCase& one : cases) {
        if (std::ranges::find(names, one.operation) == names.end()) names.push_back(one.operation);
    }
    return names;
}

bool shows_traffic(const RungReport& rung, const CheckWords& words) {
    return !rung.report.kernels.empty() && (rung.first_shape || words.all_shapes);
}

void print(const RungReport& rung, const CheckWords& words, SourceFiles& sources) {
    std::cout << '\n' << heading(rung) << verdict(rung);
    if (shows_traffic(rung, words)) {
        std::cout << (words.annotate ? annotated(rung.report, sources)
                                     : traffic_tables(rung.report, sources))
                  << '\n'
                  << totals(rung.report.total());
    }
    std::cout << std::flush;
}

/// Observes every rung of `cases` on every shape; prints each as it comes.
std::vector<RungReport> observe_all(const std::vector<lab::BenchCase>& cases,
                                    const CheckWords& words) {
    const DeviceProperties device = device_properties();
    SourceFiles sources(cli::project_root());
    std::vector<RungReport> reports;
    for (const std::string& operation : operations(cases)) {
        std::vector<const lab::BenchCase*> shapes;
        for (const lab::BenchCase& one : cases) {
            if (one.operation == operation) shapes.push_back(&one);
        }
        for (const std::string& rung : shapes.front()->rungs) {
            for (const lab::BenchCase* shape : shapes) {
                reports.push_back(observe_rung(*shape, rung, device));
                reports.back().first_shape = shape == shapes.front();
                if (words.prints()) print(reports.back(), words, sources);
                if (!reports.back().skipped.empty()) break;  // on other shapes, too
            }
        }
    }
    return reports;
}

void check_chapter(const CheckWords& words) {
    const Chapter& chapter = cli::find_chapter(words.chapter);
    const std::vector<lab::BenchCase> cases =
        select_rungs(lab::bench_cases(chapter.number), words.rung, chapter.folder());
    cli::require_writable("--json", words.json);
    DrawnLine drawn;
    if (!words.draw.empty()) {
        drawn = parse_drawn_line(words.draw);
        cli::require_writable("--out", words.out);
    }
    if (const std::string why = observer::why_no_source_lines(); !why.empty()) {
        throw std::runtime_error(why);
    }

    const std::vector<RungReport> reports = observe_all(cases, words);
    const auto was_skipped = [](const RungReport& rung) { return !rung.skipped.empty(); };
    if (!words.rung.empty() && std::ranges::all_of(reports, was_skipped)) {
        throw std::runtime_error(reports.front().rung + ' ' + reports.front().skipped);
    }
    if (!words.json.empty()) {
        cli::write_output("--json", words.json, json_text(reports, command_line(words), utc_now()));
    }
    if (!words.draw.empty()) {
        cli::write_output("--out", words.out, picture(requests_of(drawn, reports)));
        if (words.prints()) std::cout << "\ndrawn in " << words.out << '\n';
    }
    if (words.prints()) {
        observer::Traffic shown;
        for (const RungReport& rung : reports) {
            if (shows_traffic(rung, words)) shown += rung.report.total();
        }
        std::cout << metric_names(shown);
        std::cout << '\n' << summary(reports);
    }
    if (!std::ranges::all_of(reports, &RungReport::clean)) {
        if (!words.prints()) std::cerr << "t2t: " << summary(reports);
        throw CLI::RuntimeError{1};
    }
}

}  // namespace

void add_check_command(CLI::App& app) {
    CLI::App* command =
        app.add_subcommand("check", "Finds a rung's faults and counts its memory traffic");
    const auto words = std::make_shared<CheckWords>();
    command->add_option("CHAPTER", words->chapter, "03, 3, shared_memory or 03_shared_memory")
        ->required();
    command->add_option("RUNG", words->rung, "this rung alone: v3_padded, or v3 for short");
    command
        ->add_option("--json", words->json, "writes all there is to a file; - is standard output")
        ->type_name("FILE");
    command->add_flag("--annotate", words->annotate,
                      "the source with its traffic beside each line, instead of tables");
    CLI::Option* draw =
        command
            ->add_option("--draw", words->draw,
                         "draws which lane touches what in a request of this line of the rung's "
                         "file, or of FILE:LINE")
            ->type_name("LINE");
    command->add_option("--out", words->out, "where --draw puts its picture")
        ->type_name("FILE.svg")
        ->capture_default_str()
        ->needs(draw);
    command->add_flag("--all-shapes", words->all_shapes,
                      "prints the traffic of every shape, not only of each ladder's first");
    command->footer(
        "Runs the rungs on the CPU device, which sees every access of every thread: races, accesses\n"
        "out of bounds, reads of what nobody wrote, barriers that not all threads reach. Every shape\n"
        "of the chapter's benchmark is run. The traffic is what Nsight Compute counts on a GPU.\n"
        "Exit code 1 when there is a fault or a wrong result.\n"
        "Examples: ./t2t check 03\n"
        "          ./t2t check shared_memory v2 --annotate\n"
        "          ./t2t check 03 v2_tile --draw 42 --out tile.svg");
    command->callback([words] { check_chapter(*words); });
}

}  // namespace t2t::rung_check

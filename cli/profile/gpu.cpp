// Profiles on a GPU: from ncu, or from events and CUDA's own words where ncu is not allowed.

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <utility>

#include "cli/profile/launches.hpp"
#include "cli/profile/ncu.hpp"
#include "cli/profile/profile_rung.hpp"
#include "cli/profile/sources.hpp"
#include "cli/profile/toolkit.hpp"
#include "cli/project_root.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/report.hpp"
#include "common/lab/bench/roofs.hpp"

namespace t2t::profile {
namespace {

/// Samples of a time that is only the background of a profile.
constexpr int repetitions = 5;

std::string this_program() {
    return std::filesystem::read_symlink("/proc/self/exe").string();
}

/// Adds the machine code of each kernel, or one note about why there is none.
void disassemble(std::vector<Kernel>& kernels, std::vector<std::string>& notes) {
    for (Kernel& kernel : kernels) {
        CodeAnswer answer = ask_cuobjdump(this_program(), kernel.symbol);
        kernel.code = answer.code;
        if (!answer.code) {
            notes.push_back(answer.why_not);
            return;
        }
    }
}

/// A speed without its time.
Speed expectation(const Subject& subject, const lab::Roofs& roofs) {
    const bool arithmetic = subject.bench_case.roof == lab::Roof::fp32;
    return {.work = subject.work(),
            .arithmetic = arithmetic,
            .roof = arithmetic ? roofs.fp32_tflop_s : roofs.copy_gb_s,
            .measured_by = ""};
}

Profile from_ncu(const Subject& subject, const lab::Roofs& roofs, std::vector<Kernel> kernels) {
    Profile profile = profile_of(subject);
    profile.source = "ncu, through chapters/" + profile.chapter + "/profile.sh " + profile.rung;
    disassemble(kernels, profile.notes);

    Speed speed = expectation(subject, roofs);
    speed.measured_by = kernels.size() == 1
                            ? "under ncu"
                            : "under ncu, " + std::to_string(kernels.size()) + " kernels together";
    for (const Kernel& kernel : kernels) {
        speed.milliseconds += value_of(kernel.metrics, duration).value_or(0) / 1e6;
    }
    profile.sentences = chosen(sentences_of_ncu(kernels, speed));
    profile.figures = longest(kernels).metrics;
    profile.code = longest(kernels).code;
    profile.kernels = std::move(kernels);
    return profile;
}

/// The kernels of one run of the rung; nothing is computed. See recorded_kernels().
std::optional<std::vector<RecordedKernel>> kernels_of(const Subject& subject) {
    const lab::BenchOperands operands = subject.bench_case.prepare(1);
    for (const lab::BenchRow& row : operands.rows) {
        if (row.is_library || row.name != subject.rung->name) continue;
        return recorded_kernels([&](cudaStream_t stream) { row.run(0, stream); });
    }
    return std::nullopt;
}

/// What a copy can reach: not the roof of device memory but what the library's own copy reached.
void compare_with_library(Speed& speed, const lab::CaseResult& result, double fp32_roof) {
    for (std::size_t row = 0; row < result.rows.size(); ++row) {
        if (result.rows[row].kind != lab::RowKind::library) continue;
        const auto figures = lab::figures(result, row, fp32_roof);
        speed.roof = figures ? figures->gb_s : 0;
        speed.roof_name = result.rows[row].name;
        return;
    }
    speed.roof = 0;
}

Profile from_events(const Subject& subject, const lab::Roofs& roofs, const std::string& why_not) {
    Profile profile = profile_of(subject);
    profile.notes.push_back(why_not);

    const lab::CaseResult result =
        lab::measure(subject.bench_case, {.repetitions = repetitions, .only_rung = profile.rung},
                     subject.device);
    constexpr std::size_t own = 0;  // before the library's row and the copy's
    EventFacts facts{.speed = expectation(subject, roofs),
                     .fp32_roof = roofs.fp32_tflop_s,
                     .copy_roof = roofs.copy_gb_s,
                     .wrong = result.rows[own].fault};
    facts.speed.measured_by =
        "by events, the median of " + std::to_string(repetitions) + " samples";
    if (const auto figures = lab::figures(result, own, roofs.fp32_tflop_s)) {
        facts.speed.milliseconds = figures->median_ms;
    }

    const auto recorded = kernels_of(subject);
    if (!recorded) {
        profile.notes.push_back(
            "Its kernels could not be recorded, as it waits for the device in between.");
    }
    for (const RecordedKernel& one : recorded.value_or(std::vector<RecordedKernel>())) {
        facts.kernels.push_back(one.kernel);
        facts.fits.push_back(one.fit);
    }
    facts.launches_kernels = !recorded || !recorded->empty();
    if (!facts.launches_kernels) {
        compare_with_library(facts.speed, result, roofs.fp32_tflop_s);
        std::erase_if(profile.next, [](const Pointer& pointer) {
            return pointer.where.starts_with("./t2t check ");
        });
    }
    disassemble(facts.kernels, profile.notes);

    profile.sentences = chosen(sentences_of_events(facts));
    if (!facts.kernels.empty()) {
        const Kernel& kernel = facts.kernels[largest(facts.kernels)];
        profile.figures = kernel.metrics;
        profile.code = kernel.code;
        // The time of the run is that of its launch when there is but one.
        if (facts.kernels.size() == 1 && kernel.launch.times == 1 && facts.speed.milliseconds > 0) {
            profile.figures[std::string(duration)] = 1e6 * facts.speed.milliseconds;
        }
    }
    profile.source = facts.kernels.empty() ? "CUDA's events"
                     : profile.code        ? "CUDA's events and occupancy calls, and cuobjdump"
                                           : "CUDA's events and occupancy calls";
    profile.kernels = std::move(facts.kernels);
    return profile;
}

}  // namespace

Profile profile_rung(const Subject& subject) {
    const lab::Roofs roofs = lab::machine_roofs(subject.device);
    const std::filesystem::path script =
        cli::project_root() / "chapters" / subject.chapter->folder() / "profile.sh";
    std::cerr << "t2t: profiling " << subject.rung->name << ", which takes some seconds\n";
    NcuAnswer answer = ask_ncu(script, std::string(subject.rung->name));
    if (!answer.kernels.empty()) return from_ncu(subject, roofs, std::move(answer.kernels));
    return from_events(subject, roofs, answer.why_not);
}

}  // namespace t2t::profile

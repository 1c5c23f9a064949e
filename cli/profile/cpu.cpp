// Profiles without a GPU: the CPU device counts what ncu would. Only in a check build.

#include <iostream>
#include <stdexcept>
#include <utility>

#include "cli/check/observe_rung.hpp"
#include "cli/profile/from_report.hpp"
#include "cli/profile/profile_rung.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"

namespace t2t::profile {
namespace {

/// Replaces the LINE of the hint at `--draw` by `line`. Where there is none, nothing can be drawn or listed.
void point_at(std::vector<Pointer>& next, const std::string& line) {
    std::erase_if(next, [&](const Pointer& pointer) {
        return line.empty() && pointer.where.starts_with("./t2t check ");
    });
    for (Pointer& pointer : next) {
        const std::size_t found = pointer.where.find(" LINE");
        if (found != std::string::npos) pointer.where.replace(found + 1, 4, line);
    }
}

}  // namespace

Profile profile_rung(const Subject& subject) {
    if (const std::string why = observer::why_no_source_lines(); !why.empty()) {
        throw std::runtime_error(why);
    }
    const std::string rung(subject.rung->name);
    std::cerr << "t2t: the CPU device runs " << rung << " and counts every access\n";
    const rung_check::RungReport seen =
        rung_check::observe_rung(subject.bench_case, rung, subject.device);

    Profile profile = profile_of(subject);
    profile.source = "the CPU device, which counts what ncu would";
    profile.notes.push_back(
        "No GPU was used, so nothing is said about time. On a machine with an NVIDIA GPU, "
        "./t2t profile asks ncu.");
    profile.sentences = chosen(sentences_of_report(seen.report, subject.work(), seen.wrong));
    profile.kernels = kernels_of(seen.report);
    std::string line;  // of the rung's own file by its number alone
    if (!profile.kernels.empty()) {
        const std::size_t index = heaviest(seen.report);
        profile.figures = profile.kernels[index].metrics;
        line = worst_line(seen.report.kernels[index]);
        if (line.starts_with(rung + ".cu:")) line.erase(0, rung.size() + 4);
    }
    point_at(profile.next, line);
    return profile;
}

}  // namespace t2t::profile

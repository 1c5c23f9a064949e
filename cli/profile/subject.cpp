#include "cli/profile/subject.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "cli/chapter_list.hpp"
#include "cli/usage_error.hpp"
#include "common/date.hpp"
#include "common/lab/bench/bench.hpp"
#include "common/lab/bench/measure.hpp"
#include "common/lab/bench/roofs.hpp"

namespace t2t::profile {
namespace {

struct Found {
    const LadderEntry* ladder;
    const RungEntry* rung;
};

/// The highest rung of the first ladder that `device` runs; its lowest when it runs none.
Found top_of(const Chapter& chapter, const DeviceProperties& device) {
    const LadderEntry& ladder = lab::bench_ladders(chapter.number).front();
    const auto runs = [&](const RungEntry& rung) { return unmet(rung.needs, device).empty(); };
    const auto top = std::find_if(ladder.rungs.rbegin(), ladder.rungs.rend(), runs);
    return {&ladder, top == ladder.rungs.rend() ? &ladder.rungs.front() : &*top};
}

std::string names(const std::vector<Found>& rungs) {
    std::string text;
    for (const Found& one : rungs) text.append(" ").append(one.rung->name);
    return text;
}

Found find_rung(const Chapter& chapter, const std::string& word) {
    std::vector<Found> all, meant;
    for (const LadderEntry& ladder : lab::bench_ladders(chapter.number)) {
        for (const RungEntry& rung : ladder.rungs) {
            all.push_back({&ladder, &rung});
            if (names_rung(word, rung.name)) meant.push_back(all.back());
        }
    }
    if (meant.size() == 1) return meant.front();
    if (meant.empty()) {
        throw cli::UsageError("chapter " + chapter.folder() + " has no rung '" + word +
                              "'; there are:" + names(all));
    }
    throw cli::UsageError("chapter " + chapter.folder() + " has several rungs '" + word +
                          "', and a profile is about one; name it in full:" + names(meant));
}

/// What the lesson and the other commands say about the rung.
std::vector<Pointer> pointers(const Subject& subject) {
    const std::string number = subject.chapter->folder().substr(0, 2);
    const std::string folder = "chapters/" + subject.chapter->folder();
    const std::string rung(subject.rung->name);
    std::vector<Pointer> next{
        {"the lesson", folder + "/README.md#" + rung},
        {"line by line", "./t2t check " + number + ' ' + rung + " --annotate"},
        {"a picture", "./t2t check " + number + ' ' + rung + " --draw LINE"},
        {"the time", "./t2t bench " + number + ' ' + rung},
        {subject.device.is_cpu_device ? "with a GPU" : "the profiler",
         folder + "/profile.sh " + rung},
    };
    const RungEntry* above = subject.rung + 1;
    if (above < subject.ladder->rungs.data() + subject.ladder->rungs.size()) {
        next.push_back(
            {"the rung above", "./t2t profile " + number + ' ' + std::string(above->name)});
    }
    return next;
}

}  // namespace

Subject find_subject(const std::string& chapter_word, const std::string& rung_word,
                     const DeviceProperties& device) {
    const Chapter& chapter = cli::find_chapter(chapter_word);
    const auto [ladder, rung] =
        rung_word.empty() ? top_of(chapter, device) : find_rung(chapter, rung_word);
    if (const std::string reason = unmet(rung->needs, device); !reason.empty()) {
        throw std::runtime_error(std::string(rung->name) + ' ' + reason +
                                 "; profile another rung, or use a GPU that has it");
    }
    for (lab::BenchCase& bench_case : lab::bench_cases(chapter.number)) {
        const auto& rungs = bench_case.rungs;
        if (std::ranges::find(rungs, rung->name) != rungs.end()) {
            return {&chapter, ladder, rung, std::move(bench_case), device};
        }
    }
    throw cli::UsageError("chapter " + chapter.folder() + " has no benchmark of " +
                          std::string(rung->name) + ", and so nothing to run");
}

Profile profile_of(const Subject& subject) {
    Profile profile;
    profile.chapter = subject.chapter->folder();
    profile.rung = subject.rung->name;
    profile.shape = subject.bench_case.shape;
    profile.device = subject.device.name;
    profile.date = utc_now();
    profile.next = pointers(subject);
    return profile;
}

}  // namespace t2t::profile

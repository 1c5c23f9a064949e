/// @file
/// What a profile is about: a rung, the shape it runs on, and the device.
#pragma once

#include <string>

#include "chapters/chapters.hpp"
#include "cli/profile/profile.hpp"
#include "common/device/properties.hpp"
#include "common/lab/bench/bench_case.hpp"
#include "common/lab/ladder_entry.hpp"

namespace t2t::profile {

/// One rung and all that is needed to run it.
struct Subject {
    const Chapter* chapter = nullptr;     ///< one that stands
    const LadderEntry* ladder = nullptr;  ///< of the chapter's benchmark
    const RungEntry* rung = nullptr;      ///< of the ladder
    lab::BenchCase bench_case;            ///< the first that holds the rung
    DeviceProperties device;              ///< runs the rung

    /// What one run has to do.
    const Work& work() const { return bench_case.work; }
};

/// Finds the rung that the words of a command mean.
/// @param chapter `03`, `shared_memory` …
/// @param rung    `v3_padded`, or `v3`; empty for the highest rung of the chapter's first ladder that
///                `device` runs
/// @throws cli::UsageError when there is no such chapter or rung, or several
/// @throws std::runtime_error when `device` does not run it
Subject find_subject(const std::string& chapter, const std::string& rung,
                     const DeviceProperties& device);

/// A profile with everything that does not depend on the source: names, date, where to look next.
Profile profile_of(const Subject& subject);

}  // namespace t2t::profile

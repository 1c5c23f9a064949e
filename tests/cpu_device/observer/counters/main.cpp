/// @file
/// `access_patterns`: launches kernels whose memory accesses are known, once each.
///
///     access_patterns           every pattern, in order
///     access_patterns NAME      this one
///     access_patterns --rungs   every rung of chapters 01 to 03, on the CPU device's shapes
///
/// Before each launch it says the name: a profiler's table has its launches in the same order. In a
/// check build the observer counts, and each line is an object of JSON: `name`, `faults` in words,
/// and `total`, the traffic as `t2t check --json` has it.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/cpu_device/observer/counters/launches.hpp"
#if defined(T2T_OBSERVE)
#include <nlohmann/json.hpp>

#include "cli/check/json.hpp"
#include "common/cpu_device/observer/observe.hpp"
#endif

namespace t2t::counters {
namespace {

std::vector<Launch> all_patterns() {
    std::vector<Launch> all;
    for (const auto& launches :
         {global_launches(), shared_launches(), atomic_launches(), arithmetic_launches()}) {
        all.insert(all.end(), launches.begin(), launches.end());
    }
    return all;
}

// What the program's only word, or none, asks for.
std::vector<Launch> chosen(const std::string& word) {
    if (word.empty()) return all_patterns();
    if (word == "--rungs") return rung_launches();
    for (const Launch& launch : all_patterns()) {
        if (launch.name == word) return {launch};
    }
    throw std::invalid_argument("there is no pattern '" + word +
                                "'; run access_patterns without a word to see all names");
}

// Launches, and says so. @returns whether nothing is wrong with how the kernel uses memory, as far as
// this build can see
bool run(const Launch& launch) {
#if defined(T2T_OBSERVE)
    const observer::Report report = observer::observe(launch.run);
    const nlohmann::ordered_json line{{"name", launch.name},
                                      {"faults", report.faults_text()},
                                      {"total", rung_check::to_json(report.total())}};
    std::printf("%s\n", line.dump().c_str());
    std::fflush(stdout);
    return report.clean();
#else
    std::printf("%s\n", launch.name.c_str());
    std::fflush(stdout);
    launch.run();
    return true;
#endif
}

}  // namespace
}  // namespace t2t::counters

int main(int argument_count, char** arguments) {
    try {
        if (argument_count > 2) throw std::invalid_argument("name one pattern, or none for all");
        const std::string word = argument_count == 2 ? arguments[1] : "";
        bool clean = true;
        for (const auto& launch : t2t::counters::chosen(word)) clean &= t2t::counters::run(launch);
        if (!clean) throw std::runtime_error("a kernel that is sound was found faulty, see above");
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "access_patterns: %s\n", error.what());
        return 1;
    }
}

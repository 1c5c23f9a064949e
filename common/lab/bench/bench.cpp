#include "common/lab/bench/bench.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <future>
#include <map>
#include <sstream>
#include <thread>

namespace t2t::lab {
namespace {

using Describe = void (*)(Bench&);

/// Chapter number to its descriptions. A function, so that it exists before any bench.cu registers.
std::map<int, std::vector<Describe>>& registry() {
    static std::map<int, std::vector<Describe>> chapters;
    return chapters;
}

/// What bench_cases() was asked for, while it asks a bench.cu.
Shapes wanted = Shapes::of_this_device;

/// The types of a ladder that entry_of() has read.
const std::vector<std::string_view>& types(const LadderEntry& ladder) {
    return ladder.rungs.front().types;
}

Bench described(int chapter, Shapes shapes) {
    Bench bench;
    wanted = shapes;
    if (const auto found = registry().find(chapter); found != registry().end()) {
        for (const Describe describe : found->second) describe(bench);
    }
    wanted = Shapes::of_this_device;
    return bench;
}

}  // namespace

BenchChapter::BenchChapter(int chapter, void (*describe)(Bench&)) {
    registry()[chapter].push_back(describe);
}

std::vector<BenchCase> bench_cases(int chapter, Shapes shapes) {
    return described(chapter, shapes).cases();
}

const std::vector<LadderEntry>& bench_ladders(int chapter) {
    static std::map<int, std::vector<LadderEntry>> known;
    const auto [place, is_new] = known.try_emplace(chapter);
    if (!is_new) return place->second;

    // A ladder has a table for each shape, and an operation a ladder for each type.
    std::vector<std::vector<LadderEntry>> operations;
    const Bench bench = described(chapter, Shapes::of_this_device);
    for (const LadderEntry& ladder : bench.ladders()) {
        const auto same = std::ranges::find_if(operations, [&](const auto& ladders) {
            return ladders.front().operation == ladder.operation;
        });
        if (same == operations.end()) {
            operations.push_back({ladder});
        } else if (std::ranges::none_of(*same, [&](const LadderEntry& known_one) {
                       return types(known_one) == types(ladder);
                   })) {
            same->push_back(ladder);
        }
    }
    for (const auto& ladders : operations) place->second.push_back(merged(ladders));
    return place->second;
}

std::string why_not(const BenchRow& row, const DeviceProperties& device) {
    const std::string needs = unmet(row.needs, device);
    return needs.empty() ? row.refusal : needs;
}

bool wants_small_shapes() {
    return wanted == Shapes::of_cpu_device;
}

std::string shape_label(std::initializer_list<std::int64_t> sizes) {
    if (sizes.size() == 1) {
        const auto size = static_cast<std::uint64_t>(*sizes.begin());
        if (size >= 4096 && std::has_single_bit(size)) {
            return "2^" + std::to_string(std::countr_zero(size));
        }
    }
    std::string label;
    for (const std::int64_t size : sizes) {
        if (!label.empty()) label += " × ";
        label += std::to_string(size);
    }
    return label;
}

std::size_t first_in_parallel(
    std::size_t count,
    const std::function<std::size_t(std::size_t begin, std::size_t end)>& first_in) {
    const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
    const std::size_t length = count / cores + 1;
    std::vector<std::future<std::size_t>> searches;
    for (std::size_t begin = 0; begin < count; begin += length) {
        searches.push_back(
            std::async(std::launch::async, first_in, begin, std::min(begin + length, count)));
    }
    for (std::size_t i = 0; i < searches.size(); ++i) {
        const std::size_t found = searches[i].get();
        if (found < std::min((i + 1) * length, count)) return found;
    }
    return count;
}

std::string fault_sentence(std::size_t index, double expected, double actual, double tolerance) {
    std::ostringstream text;
    text.precision(9);
    text << "element " << index << " is ";
    if (std::isnan(actual)) {
        text << "NaN, as if never written";
    } else {
        text << actual;
    }
    text << ", expected " << expected;
    if (tolerance > 0) text << " ± " << tolerance;
    return text.str();
}

}  // namespace t2t::lab

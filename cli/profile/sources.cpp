#include "cli/profile/sources.hpp"

#include <algorithm>
#include <utility>

#include "common/text.hpp"

namespace t2t::profile {
namespace {

/// Collects sentences, leaving out those that do not apply.
class Collection {
 public:
    void add(Sentence sentence) { all_.push_back(std::move(sentence)); }
    void add(std::optional<Sentence> sentence) {
        if (sentence) all_.push_back(*std::move(sentence));
    }
    std::vector<Sentence> take() { return std::move(all_); }

 private:
    std::vector<Sentence> all_;
};

/// Accesses of global memory, from ncu's ratio and the width that the machine code has.
std::optional<Accesses> global_accesses(const Kernel& kernel, std::string_view ratio,
                                        int MachineCode::*widest) {
    const auto sectors = value_of(kernel.metrics, ratio);
    if (!sectors) return std::nullopt;
    // 32 lanes of w bytes side by side fill w sectors of 32 bytes.
    return Accesses{*sectors, kernel.code ? static_cast<double>((*kernel.code).*widest) : 0};
}

/// Accesses of shared memory: passes over instructions.
std::optional<Accesses> shared_accesses(const Kernel& kernel, std::string_view requests,
                                        std::string_view passes, int MachineCode::*widest) {
    const auto asked = value_of(kernel.metrics, requests);
    const auto taken = value_of(kernel.metrics, passes);
    if (!asked || !taken || *asked <= 0) return std::nullopt;
    // A pass serves 128 bytes: 32 lanes of w bytes take w / 4, and at least one.
    const double least = kernel.code ? std::max(1.0, (*kernel.code).*widest / 4.0) : 0;
    return Accesses{*taken / *asked, least};
}

std::optional<double> sum_of(const std::vector<Kernel>& kernels, std::string_view metric) {
    std::optional<double> sum;
    for (const Kernel& kernel : kernels) {
        if (const auto value = value_of(kernel.metrics, metric)) sum = sum.value_or(0) + *value;
    }
    return sum;
}

std::string share_of_time(const std::vector<Kernel>& kernels, const Kernel& one) {
    const double all = sum_of(kernels, duration).value_or(0);
    const double own = value_of(one.metrics, duration).value_or(0);
    return all > 0 ? formatted("%.0f %% of their time", 100 * own / all) : "";
}

}  // namespace

const Kernel& longest(const std::vector<Kernel>& kernels) {
    return *std::ranges::max_element(kernels, {}, [](const Kernel& kernel) {
        return value_of(kernel.metrics, duration).value_or(0);
    });
}

std::size_t largest(const std::vector<Kernel>& kernels) {
    const auto most = std::ranges::max_element(kernels, {}, [](const Kernel& kernel) {
        return kernel.launch.blocks * kernel.launch.threads * kernel.launch.times;
    });
    return static_cast<std::size_t>(most - kernels.begin());
}

std::vector<Sentence> sentences_of_ncu(const std::vector<Kernel>& kernels, const Speed& speed) {
    const Kernel& kernel = longest(kernels);
    const auto read = sum_of(kernels, dram_read), written = sum_of(kernels, dram_written);
    const double must_move = speed.work.bytes;
    const double dram_times = read && written && must_move > 0 ? (*read + *written) / must_move : 0;

    Collection all;
    all.add(launch_sentence(kernels.size(), kernel, share_of_time(kernels, kernel),
                            " that ncu watched"));
    all.add(speed_sentence(speed));
    all.add(limit_sentence(kernel.metrics, dram_times));
    all.add(coalescing_sentence(
        global_accesses(kernel, sectors_per_load, &MachineCode::widest_global_load),
        global_accesses(kernel, sectors_per_store, &MachineCode::widest_global_store)));
    all.add(banks_sentence(
        shared_accesses(kernel, shared_loads, shared_load_passes, &MachineCode::widest_shared_load),
        shared_accesses(kernel, shared_stores, shared_store_passes,
                        &MachineCode::widest_shared_store)));
    all.add(filling_sentence(kernel.metrics));
    all.add(waiting_sentence(kernel.metrics));
    all.add(dram_sentence(read, written, must_move));
    all.add(caches_sentence(kernel.metrics));
    all.add(instructions_sentence(kernel.metrics, kernel.launch));
    if (kernel.code) all.add(code_sentence(*kernel.code));
    return all.take();
}

std::vector<Sentence> sentences_of_events(const EventFacts& facts) {
    Collection all;
    if (!facts.wrong.empty()) {
        all.add(Sentence{"The result is wrong, so all else can wait: " + facts.wrong + ".", true});
    }
    if (facts.speed.milliseconds > 0) all.add(speed_sentence(facts.speed));
    if (!facts.launches_kernels) {
        all.add(Sentence{"It launches no kernel: it copies, and the bus or the host sets its pace.",
                         true});
        return all.take();
    }
    if (facts.copy_roof > 0) {
        all.add(intensity_sentence(facts.speed.work, 1e3 * facts.fp32_roof / facts.copy_roof,
                                   "this GPU"));
    }
    if (facts.kernels.empty()) return all.take();
    const std::size_t index = largest(facts.kernels);
    const Kernel& kernel = facts.kernels[index];
    all.add(launch_sentence(facts.kernels.size(), kernel, "the most threads"));
    all.add(occupancy_sentence(facts.fits[index]));
    if (kernel.code) all.add(code_sentence(*kernel.code));
    if (const auto blocks = value_of(kernel.metrics, waves)) all.add(waves_sentence(*blocks));
    return all.take();
}

}  // namespace t2t::profile

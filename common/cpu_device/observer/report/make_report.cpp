// Lines for addresses, names for memory, sentences for faults.
#include "common/cpu_device/observer/report/make_report.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/observe.hpp"
#include "common/cpu_device/observer/program/debug_information.hpp"
#include "common/cpu_device/observer/program/machine_code.hpp"
#include "common/cpu_device/observer/program/source_lines.hpp"
#include "common/cpu_device/observer/report/words.hpp"

namespace t2t::observer {
namespace {

using Lines = std::unordered_map<std::uint64_t, SourceLine>;

Lines look_up(const std::set<std::uint64_t>& wanted) {
    const std::vector<std::uint64_t> addresses(wanted.begin(), wanted.end());
    const std::vector<SourceLine> found = source_lines(addresses);
    Lines lines;
    for (std::size_t i = 0; i < addresses.size(); ++i) lines[addresses[i]] = found[i];
    return lines;
}

/// Lines of functions that called, looked up at once.
class Callers {
 public:
    explicit Callers(const std::set<std::uint64_t>& addresses) : lines_(look_up(addresses)) {}

    /// The first of a chain of callers that is neither the device's nor a buffer's nor a library's.
    SourceLine of(const CallChain& chain) const {
        for (const std::uint64_t address : chain) {
            const SourceLine& line = lines_.at(address);
            if (line.line != 0 && is_of_the_course(line.file)) return line;
        }
        return {};
    }

 private:
    Lines lines_;
};

/// Lines and costs of all places that were seen, looked up at once.
class Places {
 public:
    Places(const std::vector<SeenKernel>& kernels, const std::vector<SeenFault>& faults) {
        std::set<std::uint64_t> addresses;
        std::vector<std::uint64_t> markers;
        for (const SeenKernel& kernel : kernels) {
            if (kernel.address != nullptr)
                addresses.insert(reinterpret_cast<std::uint64_t>(kernel.address));
            for (const auto& [code, site] : kernel.sites) {
                addresses.insert(address_of(code));
                if (kind_of(code) == Kind::block && costs_.try_emplace(address_of(code)).second)
                    markers.push_back(address_of(code));
            }
        }
        std::set<std::uint64_t> callers;
        for (const SeenFault& fault : faults) {
            if (fault.code != 0) addresses.insert(address_of(fault.code));
            if (fault.other_code != 0) addresses.insert(address_of(fault.other_code));
            for (const std::uint32_t code : fault.trail) addresses.insert(address_of(code));
            callers.insert(fault.allocated_by.begin(), fault.allocated_by.end());
            callers.insert(fault.freed_by.begin(), fault.freed_by.end());
            callers.insert(fault.issued_by.begin(), fault.issued_by.end());
            const CallChain& other = fault.other_operation.issued_by;
            callers.insert(other.begin(), other.end());
        }
        lines_ = look_up(addresses);
        callers_.emplace(callers);
        const std::vector<BlockCost> found = block_costs(markers);
        for (std::size_t i = 0; i < markers.size(); ++i) costs_[markers[i]] = found[i];
    }

    SourceLine line(std::uint32_t code) const { return line_at(address_of(code)); }
    SourceLine line_at(std::uint64_t address) const {
        const auto found = lines_.find(address);
        return found == lines_.end() ? SourceLine{} : found->second;
    }
    /// The latest place of a trail that lies in the course's own files.
    SourceLine last_of(const std::vector<std::uint32_t>& trail) const {
        for (const std::uint32_t code : trail) {
            const SourceLine here = line(code);
            if (here.line != 0 && is_of_the_course(here.file)) return here;
        }
        return {};
    }
    const BlockCost& cost(std::uint32_t code) const { return costs_.at(address_of(code)); }
    /// The first of a chain of callers that is neither the device's nor a buffer's.
    SourceLine caller(const CallChain& chain) const { return callers_->of(chain); }

 private:
    Lines lines_;
    std::optional<Callers> callers_;
    std::unordered_map<std::uint64_t, BlockCost> costs_;
};

bool is_write(Kind kind) {
    return kind == Kind::write || kind == Kind::flag_write || kind == Kind::async_write;
}

SourceLine relative(SourceLine place) {
    const std::string& root = debug_information().root;
    if (place.file.starts_with(root)) place.file = place.file.substr(root.size());
    return place;
}

void times(Flops& flops, std::uint64_t factor) {
    flops.add *= factor;
    flops.mul *= factor;
    flops.fma *= factor;
    flops.special *= factor;
}

void add_narrow(Traffic& traffic, const Site& site) {
    using enum NarrowOperation;
    switch (static_cast<NarrowOperation>(site.extra)) {
        case fp16_add:
            traffic.fp16.add += site.threads;
            return;
        case fp16_mul:
            traffic.fp16.mul += site.threads;
            return;
        case fp16_fma:
            traffic.fp16.fma += site.threads;
            return;
        case fp16_special:
            traffic.fp16.special += site.threads;
            return;
        case bf16_add:
            traffic.bf16.add += site.threads;
            return;
        case bf16_mul:
            traffic.bf16.mul += site.threads;
            return;
        case bf16_fma:
            traffic.bf16.fma += site.threads;
            return;
        case bf16_special:
            traffic.bf16.special += site.threads;
            return;
    }
}

Traffic traffic_of(const Site& site, const Places& places) {
    Traffic traffic;
    switch (kind_of(site.code)) {
        case Kind::block: {
            const BlockCost& cost = places.cost(site.code);
            traffic.warp_instructions = site.warps * cost.instructions;
            traffic.thread_instructions = site.threads * cost.instructions;
            traffic.fp32 = cost.fp32;
            traffic.fp64 = cost.fp64;
            times(traffic.fp32, site.threads);
            times(traffic.fp64, site.threads);
            break;
        }
        case Kind::read:
        case Kind::flag_read:
        case Kind::async_read:
            traffic.global_load = site.global;
            traffic.shared_load = site.shared;
            break;
        case Kind::write:
        case Kind::flag_write:
        case Kind::async_write:
            traffic.global_store = site.global;
            traffic.shared_store = site.shared;
            break;
        case Kind::atomic:
            traffic.global_atomic = site.global_atomic;
            traffic.shared_atomic = site.shared_atomic;
            break;
        case Kind::barrier:
            traffic.barriers = site.warps;
            break;
        case Kind::warp_sync:
        case Kind::warp_operation:
            traffic.warp_operations = site.warps;
            break;
        case Kind::tensor:
            traffic.tensor_flops = site.extra;
            break;
        case Kind::narrow:
            add_narrow(traffic, site);
            break;
        case Kind::call:
        case Kind::leave:
        case Kind::fence:
        case Kind::lock:
            break;
    }
    traffic.l2_bytes = site.l2_bytes;
    return traffic;
}

Request request_of(const Site& site, const SourceLine& where, const SeenKernel& kernel,
                   const std::vector<std::string>& parameters) {
    const SeenRequest& seen = site.request;
    Request request;
    request.where = where;
    request.shared = seen.space == Space::shared;
    const Kind kind = kind_of(site.code);
    request.store = is_write(kind);
    request.atomic = kind == Kind::atomic;
    request.bytes = seen.bytes;
    request.lanes = seen.lanes;
    request.sectors = seen.sectors;
    request.passes = seen.passes;
    request.warp = seen.warp;
    for (unsigned lane = 0; lane < 32; ++lane) {
        if ((seen.lanes >> lane & 1) != 0)
            request.offset[lane] = static_cast<std::int64_t>(seen.address[lane] - seen.begin);
    }
    if (seen.name != nullptr) request.memory = seen.name;
    for (std::size_t i = 0; i < std::min(kernel.parameters.size(), parameters.size()); ++i) {
        if (kernel.parameters[i] >= seen.begin && kernel.parameters[i] < seen.end)
            request.memory = parameters[i];
    }
    return request;
}

// A template whose arguments the launch deduces has no address that the launch could name; then it
// is where its first basic block is.
SourceLine definition_of(const SeenKernel& kernel, const Places& places) {
    if (kernel.address != nullptr)
        return places.line_at(reinterpret_cast<std::uint64_t>(kernel.address));
    SourceLine first;
    for (const auto& [code, site] : kernel.sites) {
        const SourceLine here = places.line(code);
        if (here.function == plain_name(kernel.name) && (first.line == 0 || here.line < first.line))
            first = here;
    }
    return first;
}

KernelReport kernel_report(const SeenKernel& kernel, const Places& places,
                           const std::vector<std::string>& parameters) {
    KernelReport report;
    report.definition = definition_of(kernel, places);
    const bool is_named = kernel.address != nullptr && !report.definition.function.empty();
    report.kernel = is_named ? report.definition.function : plain_name(kernel.name);
    report.grid = kernel.grid;
    report.block = kernel.block;
    report.shared_bytes = kernel.shared_bytes;
    report.launches = kernel.launches;

    std::map<SourceLine, LineTraffic> lines;
    for (const auto& [code, site] : kernel.sites) {
        const SourceLine where = places.line(code);
        if (where.file.starts_with("common/cpu_device/")) continue;  // what starts the threads
        const Traffic traffic = traffic_of(site, places);
        report.total += traffic;
        LineTraffic& line = lines[where];
        line.where = where;
        line.traffic += traffic;
        if (site.request.lanes != 0)
            report.requests.push_back(request_of(site, where, kernel, parameters));
    }
    for (auto& [where, line] : lines) report.lines.push_back(std::move(line));
    std::sort(
        report.requests.begin(), report.requests.end(), [](const Request& a, const Request& b) {
            return std::tie(a.where, a.store, a.memory) < std::tie(b.where, b.store, b.memory);
        });
    return report;
}

// Which of the two accesses of a race came first may differ from block to block: both ways are one
// race, the one in which the later place in the program comes second.
std::vector<SeenFault> each_pair_once(const std::vector<SeenFault>& faults) {
    std::vector<SeenFault> once;
    for (const SeenFault& fault : faults) {
        const auto mirrored = std::find_if(once.begin(), once.end(), [&](const SeenFault& other) {
            return fault.knows_other && other.knows_other && fault.kind == other.kind &&
                   fault.kernel == other.kernel && fault.code == other.other_code &&
                   fault.other_code == other.code && fault.code != fault.other_code;
        });
        if (mirrored == once.end()) {
            once.push_back(fault);
            continue;
        }
        SeenFault& kept = *mirrored;
        const std::uint64_t count = kept.count + fault.count;
        const bool crosses_warps = kept.crosses_warps || fault.crosses_warps;
        const bool same_value = kept.same_value && fault.same_value;
        if (fault.code > kept.code) kept = fault;
        kept.count = count;
        kept.crosses_warps = crosses_warps;
        kept.same_value = same_value;
    }
    return once;
}

// A line of a kernel.
using KernelLine = std::pair<unsigned, SourceLine>;

// Those where several threads write one word: no barrier mends that.
std::set<KernelLine> contested_lines(const std::vector<SeenFault>& faults, const Places& places) {
    std::set<KernelLine> lines;
    for (const SeenFault& fault : faults) {
        if (!fault.knows_other) continue;
        const SourceLine line = places.line(fault.code);
        if (is_write(kind_of(fault.code)) && is_write(kind_of(fault.other_code)) &&
            line == places.line(fault.other_code)) {
            lines.insert({fault.kernel, line});
        }
    }
    return lines;
}

// The two lines of a kernel's race.
using LinePair = std::tuple<unsigned, SourceLine, SourceLine>;

LinePair lines_of(const SeenFault& fault, const Places& places) {
    const SourceLine one = places.line(fault.code);
    const SourceLine other = places.line(fault.other_code);
    return {fault.kernel, std::min(one, other), std::max(one, other)};
}

// Those between which threads of several warps race, too: what orders lanes is not enough.
std::set<LinePair> pairs_across_warps(const std::vector<SeenFault>& faults, const Places& places) {
    std::set<LinePair> pairs;
    for (const SeenFault& fault : faults) {
        if (fault.knows_other && fault.crosses_warps) pairs.insert(lines_of(fault, places));
    }
    return pairs;
}

struct RankedFault {
    unsigned kernel;
    Fault fault;

    // A barrier that not all threads reach makes races and reads of nothing; a race often makes reads
    // that nothing has written: what is missing is the barrier.
    int rank() const {
        if (fault.kind == FaultKind::divergent_barrier) return 0;
        const bool is_consequence = fault.kind == FaultKind::uninitialised_shared ||
                                    fault.kind == FaultKind::uninitialised_global;
        return is_consequence ? 2 : 1;
    }
    friend bool operator<(const RankedFault& a, const RankedFault& b) {
        const auto key = [](const RankedFault& one) {
            return std::tuple(one.kernel, one.rank(), one.fault.where, one.fault.kind,
                              one.fault.other.value_or(SourceLine{}));
        };
        return key(a) < key(b);
    }
};

}  // namespace

Report make_report(const std::vector<SeenKernel>& kernels, const std::vector<SeenFault>& faults) {
    const Places places(kernels, faults);
    std::vector<std::vector<std::string>> parameters;
    for (const SeenKernel& kernel : kernels) {
        const SourceLine definition = definition_of(kernel, places);
        parameters.push_back(definition.line == 0 ? std::vector<std::string>{}
                                                  : parameter_names(definition));
    }

    Report report;
    for (std::size_t i = 0; i < kernels.size(); ++i) {
        report.kernels.push_back(kernel_report(kernels[i], places, parameters[i]));
    }
    const std::vector<SeenFault> once = each_pair_once(faults);
    const std::set<KernelLine> contested = contested_lines(once, places);
    const std::set<LinePair> crossing = pairs_across_warps(once, places);
    std::vector<RankedFault> found;
    for (const SeenFault& seen : once) {
        const bool in_a_kernel = seen.kernel != not_in_a_kernel;
        Fault fault;
        fault.kind = seen.same_value ? FaultKind::same_value_race : seen.kind;
        fault.where = !seen.issued_by.empty() ? places.caller(seen.issued_by)
                      : seen.code != 0        ? places.line(seen.code)
                      : seen.place.line != 0  ? relative(seen.place)
                                              : places.last_of(seen.trail);
        fault.kernel =
            in_a_kernel ? report.kernels[seen.kernel].kernel : plain_name(fault.where.function);
        fault.thread = seen.thread;
        fault.count = seen.count;
        if (seen.knows_other) {
            fault.other = places.line(seen.other_code);
            if (seen.knows_thread) fault.other_thread = seen.other_thread;
        }
        static const std::vector<std::string> none;
        const auto& names = in_a_kernel ? parameters[seen.kernel] : none;
        FaultWords words;
        if (seen.kind == FaultKind::stream_race) {
            const bool is_a_copy = seen.other_code == 0;
            fault.other = is_a_copy ? places.caller(seen.other_operation.issued_by)
                                    : places.line(seen.other_code);
            words.other_work = is_a_copy ? seen.other_operation.what
                                         : "the kernel `" + plain_name(fault.other->function) + '`';
        }
        if (seen.parameter >= 0 && static_cast<std::size_t>(seen.parameter) < names.size())
            words.memory = names[static_cast<std::size_t>(seen.parameter)];
        words.allocated = places.caller(seen.allocated_by);
        words.freed = places.caller(seen.freed_by);
        words.is_contested = contested.contains({seen.kernel, fault.where}) ||
                             (fault.other && contested.contains({seen.kernel, *fault.other}));
        words.crosses_warps = crossing.contains(lines_of(seen, places));
        words.has_atomics =
            in_a_kernel && report.kernels[seen.kernel].total.global_atomic.requests != 0;
        fault.what = what_happened(seen, words);
        fault.cause = usual_cause(seen, fault, words);
        found.push_back({seen.kernel, std::move(fault)});
    }
    std::stable_sort(found.begin(), found.end());
    for (RankedFault& one : found) report.faults.push_back(std::move(one.fault));
    return report;
}

std::vector<LiveAllocations> live_allocations() {
    std::vector<std::pair<CallChain, std::size_t>> alive;  // who made it, and its bytes
    std::set<std::uint64_t> addresses;
    {
        const std::lock_guard lock(global_memory().mutex);
        global_memory().for_each_live([&](const Allocation& one) {
            alive.emplace_back(one.allocated_by, one.bytes);
            addresses.insert(one.allocated_by.begin(), one.allocated_by.end());
        });
    }
    const Callers callers(addresses);
    std::map<SourceLine, LiveAllocations> by_line;
    for (const auto& [chain, bytes] : alive) {
        const SourceLine line = callers.of(chain);
        LiveAllocations& there = by_line[line];
        there.allocated = line;
        ++there.count;
        there.bytes += bytes;
    }
    std::vector<LiveAllocations> list;
    for (const auto& [line, there] : by_line) list.push_back(there);
    return list;
}

}  // namespace t2t::observer

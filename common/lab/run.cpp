#include "common/lab/run.hpp"

#include <algorithm>
#include <stdexcept>

namespace t2t {
namespace {

thread_local const Selection* selection_now = nullptr;
thread_local Trace* trace_now = nullptr;

}  // namespace

std::string capability_text(int compute_capability) {
    return std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10);
}

std::string needs_text(const Needs& needs) {
    return "needs compute capability " + (needs.exactly != 0
                                              ? capability_text(needs.exactly) + " exactly"
                                              : capability_text(needs.at_least));
}

std::string unmet(const Needs& needs, const DeviceProperties& device) {
    if (needs.met_by(device.compute_capability)) return {};
    return needs_text(needs) + "; " + (device.is_cpu_device ? "the CPU device" : device.name) +
           " has " + capability_text(device.compute_capability);
}

std::string not_taken(std::string_view takes, const std::vector<std::int64_t>& sizes) {
    std::string text = "takes " + std::string(takes) + ", and this is ";
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        text += (i == 0 ? "" : " × ") + std::to_string(sizes[i]);
    }
    return text;
}

void Selection::name(std::string operation, std::string rung) {
    const auto found = std::ranges::find(
        named_, operation, [](const auto& pair) -> const auto& { return pair.first; });
    if (found != named_.end()) {
        found->second = std::move(rung);
    } else {
        named_.emplace_back(std::move(operation), std::move(rung));
    }
}

std::string_view Selection::named(std::string_view operation) const {
    for (const auto& [known, rung] : named_) {
        if (known == operation) return rung;
    }
    return {};
}

void Selection::refuse_named(std::string_view operation, std::string_view types,
                             std::string_view named, const std::vector<Refusal>& refusals) {
    const std::string what = std::string(operation) + " " + std::string(named);
    std::string rungs;
    for (const Refusal& refusal : refusals) {
        if (refusal.rung == named) {
            throw std::invalid_argument(what + " " + refusal.reason +
                                        "; name another rung, or none");
        }
        rungs += (rungs.empty() ? "" : ", ") + std::string(refusal.rung);
    }
    const std::string for_types = types.empty() ? "" : " for " + std::string(types);
    throw std::invalid_argument(what + " does not exist" + for_types +
                                "; name none, or one of these: " + rungs);
}

void Selection::refuse_all(std::string_view operation, const std::vector<Refusal>& refusals) {
    std::string rungs;
    for (const Refusal& refusal : refusals) {
        rungs +=
            (rungs.empty() ? "" : ", ") + std::string(refusal.rung) + " (" + refusal.reason + ")";
    }
    throw std::invalid_argument("no rung of " + std::string(operation) + " can run this: " + rungs +
                                "; use another device or other sizes");
}

UseSelection::UseSelection(const Selection& selection, Trace* trace)
    : selection_before_(selection_now), trace_before_(trace_now) {
    selection_now = &selection;
    trace_now = trace;
}

UseSelection::~UseSelection() {
    selection_now = selection_before_;
    trace_now = trace_before_;
}

const Selection& selection_in_force() {
    if (selection_now != nullptr) return *selection_now;
    thread_local const Selection of_device(device_properties());
    return of_device;
}

Trace* trace_in_force() {
    return trace_now;
}

}  // namespace t2t

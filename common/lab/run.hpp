/// @file
/// Running an operation: which rung of its ladder serves it, and who takes the time.
///
/// `run(ladder, op, stream)` is the only place where a rung is chosen. The generator calls it, and so
/// does a rung that is a chain of other operations: whatever serves an operation serves it everywhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/properties.hpp"
#include "common/lab/ladder.hpp"
#include "common/lab/trace.hpp"

namespace t2t {

/// Which rung serves which operation: on this device the highest that takes the operation, unless one
/// is named.
class Selection {
 public:
    /// Nothing is named yet.
    /// @param device where the rungs will run
    explicit Selection(DeviceProperties device) : device_(std::move(device)) {}

    /// From now on `rung` serves `operation`, whatever the operation's types and sizes: pick() says so
    /// where it cannot.
    /// @param rung its whole name, `v1_naive`
    void name(std::string operation, std::string rung);

    /// The rung that was named for `operation`; empty: none.
    std::string_view named(std::string_view operation) const;

    /// Where the rungs run.
    const DeviceProperties& device() const { return device_; }

    /// The rung of `ladder` that serves `op`.
    /// @throws std::invalid_argument the named rung does not exist for these types, does not run here or
    ///         does not take `op`, or no rung does: says which, and why
    template <typename Op, std::size_t Count>
    const Rung<Op>& pick(const Ladder<Op, Count>& ladder, const Op& op) const;

 private:
    /// Why one rung cannot serve, for messages.
    struct Refusal {
        std::string_view rung;
        std::string reason;  ///< empty: it can
    };
    [[noreturn]] static void refuse_named(std::string_view operation, std::string_view types,
                                          std::string_view named,
                                          const std::vector<Refusal>& refusals);
    [[noreturn]] static void refuse_all(std::string_view operation,
                                        const std::vector<Refusal>& refusals);

    template <typename Op>
    bool serves(const Rung<Op>& rung, const Op& op) const {
        return rung.needs.met_by(device_.compute_capability) && rung.takes(op);
    }
    template <typename Op, std::size_t Count>
    std::vector<Refusal> refusals(const Ladder<Op, Count>& ladder, const Op& op) const;

    DeviceProperties device_;
    std::vector<std::pair<std::string, std::string>> named_;  // operation, rung; a handful at most
};

/// `takes k that is a multiple of 8, and this is 1 × 4096 × 4095`.
std::string not_taken(std::string_view takes, const std::vector<std::int64_t>& sizes);

/// Puts a selection, and perhaps a trace, in force for run() on this thread, as long as it lives.
class UseSelection {
 public:
    /// @param selection must outlive this object
    /// @param trace     told of every run; may be null
    explicit UseSelection(const Selection& selection, Trace* trace = nullptr);
    ~UseSelection();
    UseSelection(const UseSelection&) = delete;
    UseSelection& operator=(const UseSelection&) = delete;

 private:
    const Selection* selection_before_;
    Trace* trace_before_;
};

/// The selection in force on this thread; without one, that of the device in use, with nothing named.
const Selection& selection_in_force();
/// The trace in force on this thread, or null.
Trace* trace_in_force();

/// Queues `op` on `stream`, by the rung of `ladder` that the selection in force picks.
///
/// `op.workspace` must be as large as workspace_of() says.
/// @throws std::invalid_argument as Selection::pick(), and what the operation's check() throws
/// @throws CudaError the device refused the launch
template <typename Op, std::size_t Count>
void run(const Ladder<Op, Count>& ladder, const Op& op, cudaStream_t stream) {
    const Rung<Op>& rung = selection_in_force().pick(ladder, op);
    Trace* trace = trace_in_force();
    if (trace == nullptr) return rung.run(op, stream);
    const std::size_t entry = trace->begin(ladder.operation, rung.name, stream);
    try {
        rung.run(op, stream);
    } catch (...) {
        trace->end(entry, {}, {}, stream);  // whoever catches this may go on tracing
        throw;
    }
    trace->end(entry, op.sizes(), op.work(), stream);
}

/// Bytes of workspace that run() needs for `op` with the selection in force. Sizes decide; pointers may
/// still be null.
/// @throws std::invalid_argument as Selection::pick()
template <typename Op, std::size_t Count>
std::size_t workspace_of(const Ladder<Op, Count>& ladder, const Op& op) {
    return selection_in_force().pick(ladder, op).workspace(op);
}

template <typename Op, std::size_t Count>
std::vector<Selection::Refusal> Selection::refusals(const Ladder<Op, Count>& ladder,
                                                    const Op& op) const {
    std::vector<Refusal> all;
    for (const Rung<Op>& rung : ladder) {
        std::string reason = unmet(rung.needs, device_);
        if (reason.empty() && !rung.takes(op)) reason = not_taken(rung.takes.what, op.sizes());
        all.push_back({rung.name, std::move(reason)});
    }
    return all;
}

template <typename Op, std::size_t Count>
const Rung<Op>& Selection::pick(const Ladder<Op, Count>& ladder, const Op& op) const {
    const std::string_view named = this->named(ladder.operation);
    if (!named.empty()) {
        for (const Rung<Op>& rung : ladder) {
            if (rung.name == named && serves(rung, op)) return rung;
        }
        refuse_named(ladder.operation, ladder.types, named, refusals(ladder, op));
    }
    if (device_.is_cpu_device && !ladder.on_cpu_device.empty()) {
        for (const Rung<Op>& rung : ladder) {
            if (rung.name == ladder.on_cpu_device && serves(rung, op)) return rung;
        }
    }
    for (std::size_t i = Count; i-- > 0;) {
        if (serves(ladder.rungs[i], op)) return ladder.rungs[i];
    }
    refuse_all(ladder.operation, refusals(ladder, op));
}

}  // namespace t2t

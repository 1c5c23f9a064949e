#include "common/lab/check_rung.hpp"

#include <algorithm>
#include <exception>

#include "common/device/check.hpp"
#include "common/device/properties.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/poison.hpp"

namespace t2t::lab {
namespace {

std::string elements(std::size_t count) {
    return std::to_string(count) + (count == 1 ? " element" : " elements");
}

Finding describe_margin(const std::string& name, std::size_t size,
                        const std::vector<std::ptrdiff_t>& faults) {
    const auto first_after = std::find_if(faults.begin(), faults.end(),
                                          [](std::ptrdiff_t offset) { return offset >= 0; });
    const std::size_t before = first_after - faults.begin();
    const std::size_t after = faults.end() - first_after;
    std::string pattern = name + " was overwritten outside its " + elements(size) + ": ";
    if (before > 0) {
        pattern += elements(before) + " before (nearest offset " +
                   std::to_string(*(first_after - 1)) + ")" + (after > 0 ? ", " : "");
    }
    if (after > 0) {
        pattern += elements(after) + " after (nearest offset " + std::to_string(*first_after) + ")";
    }
    return {
        Cause::margin, pattern,
        "a thread writes outside the buffer: the bounds guard is missing, or an offset is wrong."};
}

}  // namespace

std::string skip_reason(const Needs& needs) {
    if (!has_device()) return "needs a CUDA device, and none is usable; t2t doctor says why";
    return unmet(needs, device_properties());
}

RungCheck::RungCheck(std::string_view operation, std::string_view rung)
    : what_(std::string(operation) + " " + std::string(rung)) {}

RungCheck::Offered& RungCheck::offered() {
    static Offered offered;
    return offered;
}

/// Device memory that a rung may write as it likes. Not null even where it is empty.
std::span<std::byte> RungCheck::workspace(std::size_t bytes) {
    std::vector<std::uint8_t> start(bytes);
    fill_poison(start.data(), bytes, start_poison<float>);  // NaN as whatever the rung puts there
    auto* data = watch<std::uint8_t>("workspace", start, std::nullopt, 0);
    buffers_.back()->is_workspace = true;
    return {reinterpret_cast<std::byte*>(data), bytes};
}

/// Runs once from the starting values. @returns each output, in the order of the buffers
std::vector<Actual> RungCheck::run_once(const std::function<void()>& launch) {
    for (const auto& buffer : buffers_) buffer->reset();
    launch();
    T2T_CHECK(cudaDeviceSynchronize());
    std::vector<Actual> outputs;
    for (const auto& buffer : buffers_) {
        if (buffer->expected) outputs.push_back(buffer->read());
    }
    return outputs;
}

/// What the last run did to memory that is not its to write.
std::vector<Finding> RungCheck::side_effects() const {
    std::vector<Finding> findings;
    for (const auto& buffer : buffers_) {
        const auto faults = buffer->margin_faults();
        if (!faults.empty()) {
            findings.push_back(describe_margin(buffer->name, buffer->size, faults));
        }
        if (!buffer->expected && !buffer->is_workspace && !buffer->unchanged()) {
            findings.push_back(
                {Cause::input_changed, "the input " + buffer->name + " was overwritten",
                 "input and output are exchanged in the launch or in an index, or the kernel "
                 "works in place."});
        }
    }
    return findings;
}

Comparison RungCheck::run(const std::function<void()>& launch) {
    std::vector<Actual> actual;
    std::vector<Actual> again;
    std::vector<Finding> damage;
    Comparison result{what_, {}};
    for (const auto& buffer : buffers_) {
        if (!buffer->expected) continue;
        result.extent = buffer->expected->extent;
        break;
    }
    try {
        actual = run_once(launch);
        damage = side_effects();
        again = run_once(launch);
        if (damage.empty()) damage = side_effects();
    } catch (const std::exception& error) {
        result.findings.push_back(
            {Cause::failed, std::string("it did not run: ") + error.what(), ""});
        return result;
    }

    std::size_t compared = 0;
    for (const auto& buffer : buffers_) {
        if (!buffer->expected) continue;
        const std::size_t i = compared++;
        const std::string what = actual.size() > 1 ? what_ + ", " + buffer->name : what_;
        Comparison comparison = compare(what, *buffer->expected, actual[i], &again[i]);
        if (i == 0 || (result.ok() && !comparison.ok())) {
            result = std::move(comparison);
        } else if (!comparison.ok()) {
            result.notes.push_back("wrong as well: " + buffer->name);
        }
    }
    result.findings.insert(result.findings.end(), damage.begin(), damage.end());
    if (!result.ok()) {
        result.notes.push_back("the same inputs again: T2T_SEED=" + std::to_string(test_seed()));
    }
    return result;
}

}  // namespace t2t::lab

/// @file
/// Benchmarks of ladders: what a chapter's bench.cu describes. `t2t bench` times it.
///
/// A bench.cu says, for each ladder and shape, how to make operands, the operation on them, and how to tell
/// a right result. Rungs are read from the ladder, never named; what must be moved and computed is what the
/// operation counts:
///
/// @code
/// struct Operands {
///     std::vector<float> a, b;            // what the device's copies hold
///     DeviceBuffer<float> a_device, b_device, c_device;
/// };
///
/// void describe(lab::Bench& bench) {
///     for (std::int64_t n : lab::by_device(std::vector{1L << 20, 1L << 28}, std::vector{1L << 22})) {
///         bench.add(ladder, lab::LadderCase<VectorAdd, Operands>{
///             .shape = lab::shape_label({n}),
///             .work = VectorAdd{.n = n}.work(),
///             .make = [=](std::uint64_t seed) { return make_operands(n, seed); },
///             .op = [=](Operands& o) {
///                 return VectorAdd{o.a_device.data(), o.b_device.data(), o.c_device.data(), n};
///             },
///             .output = [](Operands& o) { return lab::bytes_of(o.c_device); },
///             .fault = [](const Operands& o) {
///                 return lab::first_fault(o.c_device, [&](auto i) { return double{o.a[i]} + o.b[i]; });
///             },
///         });
///     }
/// }
///
/// const lab::BenchChapter registration{1, describe};
/// @endcode
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/check.hpp"
#include "common/lab/bench/bench_case.hpp"
#include "common/lab/bench/by_build.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/ladder.hpp"
#include "common/lab/ladder_entry.hpp"
#include "common/lab/run.hpp"

namespace t2t::lab {

/// One ladder on one shape.
/// @tparam Op       the operation
/// @tparam Operands one set of operands: device buffers, and what `fault` needs on the host
template <typename Op, typename Operands>
struct LadderCase {
    std::string shape;       ///< label, see shape_label()
    Work work;               ///< what the operation counts; sizes are enough for that
    Roof roof = Roof::copy;  ///< what bounds it

    /// One set of operands with random data; each set has its own seed. Never zeros: they run faster.
    std::function<Operands(std::uint64_t seed)> make;
    /// The operation on one set of operands. Its launchers must not wait for the device, unless
    /// `waits_for_the_device` says so: short runs are recorded in a graph.
    std::function<Op(Operands& operands)> op;
    /// The device memory that a run overwrites; poisoned before each check. See bytes_of().
    std::function<std::span<std::byte>(Operands& operands)> output;
    /// What is wrong with the output, in one sentence; empty when it is right. See first_fault().
    std::function<std::string(const Operands& operands)> fault;

    std::string library_name = {};  ///< for example `cublasSgeam`; empty when no library does this
    /// Queues one run of the library on the same operands; held to the same check.
    std::function<void(Operands& operands, cudaStream_t stream)> library = {};

    /// Launchers may wait for the device, as an upload does. Nothing is recorded then: all rows are launched
    /// run by run, and a sample holds what the host did between them.
    bool waits_for_the_device = false;
};

/// The cases of one chapter.
class Bench {
 public:
    /// Adds a table for `ladder`: a row for each rung, then one for the library.
    template <typename Op, std::size_t Count, typename Operands>
    void add(const Ladder<Op, Count>& ladder, LadderCase<Op, Operands> ladder_case);

    /// The tables, in the order in which they were added.
    const std::vector<BenchCase>& cases() const { return cases_; }
    /// The ladder of each table.
    const std::vector<LadderEntry>& ladders() const { return ladders_; }

 private:
    std::vector<BenchCase> cases_;
    std::vector<LadderEntry> ladders_;
};

/// Ties a chapter's number to the function that describes its cases. Define one at namespace level in
/// bench.cu; the object file must be linked whole (a CMake OBJECT library).
struct BenchChapter {
    /// @param chapter  the chapter's number
    /// @param describe adds the chapter's cases
    BenchChapter(int chapter, void (*describe)(Bench&));
};

/// Which shapes a bench.cu describes, where it asks by_device().
enum class Shapes {
    of_this_device,
    of_cpu_device,  ///< the small ones, on a GPU too: the same work on both devices
};

/// The cases of `chapter`, in the order of its bench.cu; none when it registered nothing.
std::vector<BenchCase> bench_cases(int chapter, Shapes shapes = Shapes::of_this_device);

/// The ladders that `chapter` has benchmarks of, each once, in the order of its bench.cu.
const std::vector<LadderEntry>& bench_ladders(int chapter);

/// Whether the bench_cases() that runs now wants the CPU device's shapes.
bool wants_small_shapes();

/// What to measure, sizes and shapes: `gpu` in a build for a GPU, `cpu` in a build for the CPU
/// device, where shapes are smaller, and wherever bench_cases() is asked for Shapes::of_cpu_device.
template <typename T>
T by_device(T gpu, T cpu) {
    return is_cpu_device() || wants_small_shapes() ? cpu : gpu;
}

/// `16384 × 16384`; a power of two from 2¹² on that stands alone reads `2^28`.
std::string shape_label(std::initializer_list<std::int64_t> sizes);

/// The memory of `buffer` as bytes.
template <typename T>
std::span<std::byte> bytes_of(DeviceBuffer<T>& buffer) {
    return {reinterpret_cast<std::byte*>(buffer.data()), buffer.bytes()};
}

/// The sentence that first_fault() gives.
std::string fault_sentence(std::size_t index, double expected, double actual, double tolerance);

/// Cuts 0 … `count` into ranges and searches them on all cores.
/// @param first_in searches [begin, end): the first index found, or `end`
/// @returns the lowest index found, or `count`
std::size_t first_in_parallel(
    std::size_t count,
    const std::function<std::size_t(std::size_t begin, std::size_t end)>& first_in);

/// Compares `actual` with `expected(i)`; NaN fails.
/// @param expected  index to value, in float64; called by several threads at once
/// @param tolerance largest difference allowed; 0 where the result is exact
/// @returns a sentence about the first wrong element; empty when all are right
template <typename T, typename Expected>
std::string first_fault(const DeviceBuffer<T>& actual, Expected expected, double tolerance = 0) {
    const std::vector<T> values = actual.download();
    const auto is_right = [&](std::size_t i) {
        return std::abs(static_cast<double>(values[i]) - expected(i)) <= tolerance;
    };
    const std::size_t first =
        first_in_parallel(values.size(), [&](std::size_t begin, std::size_t end) {
            while (begin < end && is_right(begin)) ++begin;
            return begin;
        });
    if (first == values.size()) return {};
    return fault_sentence(first, expected(first), static_cast<double>(values[first]), tolerance);
}

/// As first_fault(), where to compute all elements would take longer than the benchmark: all must be numbers,
/// and 4,096 of them, drawn at random, are compared.
template <typename T, typename Expected>
std::string sampled_fault(const DeviceBuffer<T>& actual, Expected expected, double tolerance) {
    const std::vector<T> values = actual.download();
    const auto value = [&](std::size_t i) { return static_cast<double>(values[i]); };
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(value(i))) return fault_sentence(i, expected(i), value(i), tolerance);
    }
    Random random(1);
    for (int sample = 0; sample < 4096; ++sample) {
        const auto i = static_cast<std::size_t>(
            random.integer(0, static_cast<std::int64_t>(values.size()) - 1));
        const double right = expected(i);
        if (!(std::abs(value(i) - right) <= tolerance)) {
            return fault_sentence(i, right, value(i), tolerance);
        }
    }
    return {};
}

template <typename Op, std::size_t Count, typename Operands>
void Bench::add(const Ladder<Op, Count>& ladder, LadderCase<Op, Operands> ladder_case) {
    BenchCase erased{.operation = std::string(ladder.operation),
                     .shape = ladder_case.shape,
                     .work = ladder_case.work,
                     .roof = ladder_case.roof,
                     .waits_for_the_device = ladder_case.waits_for_the_device};
    for (const auto& rung : ladder) erased.rungs.emplace_back(rung.name);

    erased.prepare = [ladder, ladder_case = std::move(ladder_case)](std::size_t count) {
        auto sets = std::make_shared<std::vector<Operands>>();
        for (std::size_t i = 0; i < count; ++i) sets->push_back(ladder_case.make(1 + i));

        BenchOperands operands;
        for (const auto& rung : ladder) {
            const Op first = ladder_case.op(sets->front());
            const bool takes = rung.takes(first);
            // One workspace for all sets: runs on one stream come one after the other.
            const auto workspace =
                std::make_shared<DeviceBuffer<std::byte>>(takes ? rung.workspace(first) : 0);
            operands.rows.push_back(
                {std::string(rung.name), rung.needs, false,
                 takes ? std::string() : not_taken(rung.takes.what, first.sizes()),
                 [=](std::size_t set, cudaStream_t stream) {
                     Op op = ladder_case.op((*sets)[set]);
                     op.workspace = {workspace->data(), workspace->size()};
                     rung.run(op, stream);
                 }});
        }
        if (ladder_case.library) {
            operands.rows.push_back({ladder_case.library_name, Needs{}, true, "",
                                     [=](std::size_t set, cudaStream_t stream) {
                                         ladder_case.library((*sets)[set], stream);
                                     }});
        }
        operands.poison = [=](std::size_t set) {
            const std::span<std::byte> output = ladder_case.output((*sets)[set]);
            T2T_CHECK(cudaMemset(output.data(), 0xff, output.size()));
        };
        operands.fault = [=](std::size_t set) { return ladder_case.fault((*sets)[set]); };
        return operands;
    };
    cases_.push_back(std::move(erased));
    ladders_.push_back(entry_of(ladder));
}

}  // namespace t2t::lab

/// @file
/// Everything that one rung must get right, in one call.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/lab/compare.hpp"
#include "common/lab/guarded_buffer.hpp"
#include "common/lab/ladder.hpp"
#include "common/lab/run.hpp"

namespace t2t::lab {

/// Why a rung cannot run on the device in use, as unmet() says it, or that there is none; empty when it
/// can.
std::string skip_reason(const Needs& needs);

/// One rung on one set of inputs.
///
/// Name the buffers, then run. The rung runs twice, each time with outputs that start as NaN, and
/// the result says whether both runs gave what is expected, left every margin and input alone, and
/// agreed.
/// @code
/// RungCheck check("vector_add", rung.name);
/// const float* a = check.input("a", x);
/// const float* b = check.input("b", y);
/// float* c = check.output<float>("c", {reference::add(x, y), {1, n}});
/// const Comparison result = check.run(rung, VectorAdd{a, b, c, n});
/// EXPECT_TRUE(result.ok()) << result.message();
/// @endcode
class RungCheck {
 public:
    /// Both names are for messages: "transpose", "v2_tile".
    RungCheck(std::string_view operation, std::string_view rung);

    /// Memory that the rung only reads.
    /// @param name    the parameter's name, for messages
    /// @param values  what it holds
    /// @param offset  elements from a multiple of 256 bytes to the first one
    /// @returns device memory that lives as long as this object; not null even when `values` is
    ///          empty
    template <typename T>
    const T* input(std::string name, const std::vector<T>& values, std::size_t offset = 0) {
        return watch<T>(std::move(name), values, std::nullopt, offset);
    }

    /// Memory that the rung writes and may not read. Starts as NaN.
    /// @param name      the parameter's name, for messages
    /// @param expected  what it must hold afterwards
    /// @param offset    elements from a multiple of 256 bytes to the first one
    /// @returns device memory that lives as long as this object; not null even when it is empty
    template <typename T>
    T* output(std::string name, Expected expected, std::size_t offset = 0) {
        const std::vector<T> start(expected.extent.count(), poisoned_value<T>());
        return watch<T>(std::move(name), start, std::move(expected), offset);
    }

    /// Memory that the rung reads and overwrites, such as x in x += y. Both runs start from
    /// `values`.
    /// @param name      the parameter's name, for messages
    /// @param values    what it holds before
    /// @param expected  what it must hold afterwards
    /// @param offset    elements from a multiple of 256 bytes to the first one
    /// @returns device memory that lives as long as this object; not null even when it is empty
    template <typename T>
    T* in_out(std::string name, const std::vector<T>& values, Expected expected,
              std::size_t offset = 0) {
        return watch<T>(std::move(name), values, std::move(expected), offset);
    }

    /// Runs `launch` twice and compares. It need not wait for the device, and what it throws is a
    /// finding.
    /// @returns the first output that is wrong, or the first of all when they are right, with
    ///          everything that was found at margins and inputs
    Comparison run(const std::function<void()>& launch);

    /// As above, for `op` by `rung`, which gets the workspace that it asks for: NaN at the start, and
    /// with margins. An operation that the rung does not take is not run: nothing is wrong with it,
    /// and offered() counts it.
    template <typename Op>
    Comparison run(const Rung<Op>& rung, Op op) {
        ++offered().operations;
        if (!rung.takes(op)) {
            Comparison skipped{what_, {}};
            skipped.notes.push_back("not run: it " + not_taken(rung.takes.what, op.sizes()));
            return skipped;
        }
        ++offered().taken;
        op.workspace = workspace(rung.workspace(op));
        return run([&] { rung.run(op, nullptr); });
    }

    /// What the rungs of this process were offered. A test sets it to zero before it begins, and looks
    /// at it when it ends: a rung that took nothing was not tested.
    struct Offered {
        std::size_t operations = 0;  ///< that a rung was to be checked on
        std::size_t taken = 0;       ///< of these, the ones that it took
    };
    /// Of this process, since somebody set it to zero.
    static Offered& offered();

 private:
    /// One buffer, whatever its type.
    struct Watched {
        virtual ~Watched() = default;
        virtual void reset() = 0;
        virtual Actual read() const = 0;
        virtual bool unchanged() const = 0;
        virtual std::vector<std::ptrdiff_t> margin_faults() const = 0;

        std::string name;
        std::size_t size = 0;
        std::optional<Expected> expected;  // of an output
        bool is_workspace = false;         // anything may be left in it
    };

    template <typename T>
    struct WatchedBuffer : Watched {
        WatchedBuffer(const std::vector<T>& values, std::size_t offset)
            : start(values), buffer(values, offset) {}

        void reset() override { buffer.reset(); }
        Actual read() const override { return read_back<T>(buffer.download(), start); }
        bool unchanged() const override { return buffer.unchanged(); }
        std::vector<std::ptrdiff_t> margin_faults() const override {
            return buffer.margin_faults();
        }

        std::vector<T> start;
        GuardedBuffer<T> buffer;
    };

    template <typename T>
    T* watch(std::string name, const std::vector<T>& start, std::optional<Expected> expected,
             std::size_t offset) {
        auto watched = std::make_unique<WatchedBuffer<T>>(start, offset);
        watched->name = std::move(name);
        watched->size = start.size();
        if (expected) watched->expected = rounded_to<T>(std::move(*expected));
        T* data = watched->buffer.data();
        buffers_.push_back(std::move(watched));
        return data;
    }

    std::span<std::byte> workspace(std::size_t bytes);
    std::vector<Actual> run_once(const std::function<void()>& launch);
    std::vector<Finding> side_effects() const;

    std::string what_;
    std::vector<std::unique_ptr<Watched>> buffers_;
};

}  // namespace t2t::lab

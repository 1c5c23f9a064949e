/// @file
/// Ladders: an operation's implementations as data, from the plainest to the fastest.
///
/// An operation is a value: one struct that holds its arguments, checks them and counts its work. A
/// chapter declares the struct and its ladder once, in its header. Tests, benchmarks, the profiler, the
/// docs and the generator all walk that one declaration.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include "common/device/properties.hpp"

namespace t2t {

/// The device a rung runs on. The CPU device offers what compute capability 8.0 offers. Numbers are
/// major × 10 + minor: 75, 80, 90 …
struct Needs {
    int at_least = 75;  ///< this compute capability or a newer one
    int exactly = 0;    ///< this one alone, as wgmma and TMA exist on 9.0 alone; 0: any

    /// Does a device of this compute capability run it?
    constexpr bool met_by(int compute_capability) const {
        return exactly != 0 ? compute_capability == exactly : compute_capability >= at_least;
    }
    bool operator==(const Needs&) const = default;
};

/// `9.0` for 90.
std::string capability_text(int compute_capability);

/// `needs compute capability 9.0 exactly`; without the last word when newer ones will do.
std::string needs_text(const Needs& needs);

/// `needs compute capability 9.0; NVIDIA A100 has 8.0`; empty when `device` meets `needs`.
std::string unmet(const Needs& needs, const DeviceProperties& device);

/// What one run must move and compute: each input read once, each output written once.
struct Work {
    double bytes = 0;  ///< that must cross device memory
    double flops = 0;  ///< floating-point operations
};

/// Which operations a rung takes. Rung 1 of a ladder takes everything.
template <typename Op>
struct Takes {
    std::string_view what = "everything";  ///< for messages: `k that is a multiple of 8`
    bool (*test)(const Op&) = [](const Op&) { return true; };  ///< whether it takes this one

    /// Whether the rung takes `op`.
    constexpr bool operator()(const Op& op) const { return test(op); }
};

/// One implementation of an operation.
/// @tparam Op the operation's struct. It has `bool check() const` (throws when an argument is wrong;
///         false: there is nothing to do), `Work work() const`, `std::vector<std::int64_t> sizes()
///         const` (for traces and messages) and `std::span<std::byte> workspace`.
template <typename Op>
struct Rung {
    std::string_view name;  ///< `v1_naive`: the launcher's and its file's name
    void (*run)(const Op& op, cudaStream_t stream);  ///< the launcher
    std::string_view idea;                           ///< one line: what this rung does differently
    Needs needs{};                                   ///< the devices it runs on
    Takes<Op> takes{};                               ///< the operations it takes
    /// Bytes of device memory that it needs for an operation besides the arguments. The caller hands
    /// them in as `op.workspace`; no launcher allocates.
    std::size_t (*workspace)(const Op& op) = [](const Op&) { return std::size_t{0}; };
};

/// All implementations of one operation, from the ground up.
template <typename Op, std::size_t Count>
struct Ladder {
    using Operation = Op;  ///< the struct that all rungs take

    std::string_view operation;         ///< the operation's name, for example `vector_add`
    std::array<Rung<Op>, Count> rungs;  ///< in climbing order
    std::string_view types = {};  ///< of a ladder for several types, this one's: `fp32 × bf16`
    std::string_view on_cpu_device =
        {};  ///< the rung that is best on the CPU device; empty: the highest

    constexpr auto begin() const { return rungs.begin(); }
    constexpr auto end() const { return rungs.end(); }
    /// The number of rungs.
    constexpr std::size_t size() const { return Count; }
};

/// Lets a chapter write `Ladder{"vector_add", std::array{Rung<VectorAdd>{…}, …}}`.
template <typename Op, std::size_t Count>
Ladder(std::string_view, std::array<Rung<Op>, Count>, std::string_view = {}, std::string_view = {})
    -> Ladder<Op, Count>;

/// What messages call a type, for Ladder::types.
template <typename T>
inline constexpr std::string_view type_text = std::is_same_v<T, float> ? "fp32" : "bf16";

/// The same for activations and weights: `fp32 × bf16`.
template <typename X, typename W>
inline constexpr std::string_view type_pair_text = std::is_same_v<X, float>
                                                       ? (std::is_same_v<W, float> ? "fp32 × fp32"
                                                                                   : "fp32 × bf16")
                                                       : "bf16 × bf16";

/// Whether `word` names `rung`: `v3_padded` and `v3` name v3_padded; `v1` does not name v10_wide.
inline bool names_rung(std::string_view word, std::string_view rung) {
    return rung == word ||
           (!word.empty() && rung.starts_with(word) && rung.substr(word.size()).starts_with('_'));
}

}  // namespace t2t

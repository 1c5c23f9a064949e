/// @file
/// Ladders: an operation's implementations as data, from the plainest to the fastest.
///
/// A chapter declares each ladder once, in its header. Tests, benchmarks, the profiler, the docs and the
/// generator all walk that one declaration.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace t2t {

/// The least device a rung runs on. The CPU device offers what compute capability 8.0 offers.
struct Needs {
    int compute_capability = 75;  ///< major × 10 + minor: 75, 80, 90 …
};

/// Whether `word` names `rung`: `v3_padded` and `v3` name v3_padded; `v1` does not name v10_wide.
inline bool names_rung(std::string_view word, std::string_view rung) {
    return rung == word ||
           (!word.empty() && rung.starts_with(word) && rung.substr(word.size()).starts_with('_'));
}

/// One implementation of an operation.
/// @tparam Function the type that all rungs of one ladder share, for example
///         `void(const float* a, const float* b, float* c, std::int64_t n, cudaStream_t stream)`
template <typename Function>
struct Rung {
    std::string_view name;  ///< `v1_naive`: the name of the launcher and of its file
    Function* run;          ///< the launcher
    std::string_view idea;  ///< one line: what this rung does differently
    Needs needs{};          ///< the least device it runs on
};

/// All implementations of one operation, from the ground up.
template <typename Function, std::size_t Count>
struct Ladder {
    std::string_view operation;               ///< the operation's name, for example `vector_add`
    std::array<Rung<Function>, Count> rungs;  ///< in climbing order

    constexpr auto begin() const { return rungs.begin(); }
    constexpr auto end() const { return rungs.end(); }
    /// The number of rungs.
    constexpr std::size_t size() const { return Count; }
    /// The rung that the ladder ends with.
    constexpr const Rung<Function>& top() const { return rungs.back(); }
    /// The rung called `name`, or nullptr.
    constexpr const Rung<Function>* find(std::string_view name) const {
        for (const auto& rung : rungs) {
            if (rung.name == name) return &rung;
        }
        return nullptr;
    }
};

/// Lets a chapter write `Ladder{"vector_add", std::array{Rung<VectorAdd>{…}, …}}`.
template <typename Function, std::size_t Count>
Ladder(std::string_view, std::array<Rung<Function>, Count>) -> Ladder<Function, Count>;

}  // namespace t2t

/// @file
/// From logits to the next token: the ladders of chapter 18.
///
/// `sample` is the whole way, for all sequences of a batch at once. Its first rung is a chain: `argmax` of
/// chapter 04 for the greedy rows, and for the others `temperature` here, `softmax` of chapter 08,
/// `sort_tokens` here, `scan` of chapter 04, `draw` here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <cuda_runtime.h>

#include "common/device/arguments.hpp"
#include "common/lab/ladder.hpp"

namespace t2t::sampling {

/// How the token of one sequence is chosen.
struct RowRule {
    /// What logits are divided by: below 1 the likely become likelier. 0: greedy, the most probable token
    /// always, and the rest of the rule does not matter.
    float temperature;
    float top_p;         ///< keep the fewest tokens whose probabilities reach top_p; (0, 1]
    std::int32_t top_k;  ///< keep at most so many tokens; 0 for all
    float uniform;       ///< a random number in [0, 1): the same number draws the same token
};

/// Checks the sizes of a table with one row for each sequence. Tokens are 32-bit numbers, so there are
/// fewer than 2³¹ of them.
/// @throws std::invalid_argument a size is negative, too large, or the table overflows
inline void require_table(std::string_view operation, std::int64_t rows, std::int64_t vocabulary) {
    require_extent(operation, {{"rows", rows}, {"vocabulary", vocabulary}}, sizeof(float));
    if (vocabulary > std::numeric_limits<std::int32_t>::max()) {
        throw std::invalid_argument(std::string(operation) + ": vocabulary is " +
                                    std::to_string(vocabulary) +
                                    ", and a token has 32 bits; use fewer than 2^31 tokens");
    }
}

/// Elements of such a table.
inline double table_elements(std::int64_t rows, std::int64_t vocabulary) {
    return static_cast<double>(rows) * static_cast<double>(vocabulary);
}

/// y[r, c] = logits[r, c] / rules[r].temperature; a greedy row is divided by 1.
struct Temperature {
    const float* logits = nullptr;   ///< [rows, vocabulary], row-major
    const RowRule* rules = nullptr;  ///< [rows]
    /// [rows, vocabulary], overwritten; may be logits itself, but must not overlap it in any other way
    float* y = nullptr;
    /// Sequences. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t vocabulary = 0;          ///< tokens to choose from, below 2³¹
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
    bool check() const {
        require_table("temperature", rows, vocabulary);
        if (rows == 0 || vocabulary == 0) return false;
        require_pointer("temperature", "logits", logits, sizeof(float));
        require_pointer("temperature", "rules", rules, alignof(RowRule));
        require_pointer("temperature", "y", y, sizeof(float));
        return true;
    }
    /// A logit in and out, and a temperature for each row; one division for each element.
    Work work() const {
        const double elements = table_elements(rows, vocabulary);
        return {8 * elements + 4 * static_cast<double>(rows), elements};
    }
    /// Rows and vocabulary, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, vocabulary}; }
};

void v1_temperature_element(const Temperature& op, cudaStream_t stream);

/// The ladder of temperature. Every launcher throws what check() throws, and t2t::CudaError when the
/// device refuses the launch.
inline constexpr Ladder temperature_ladder{
    "temperature", std::array{
                       Rung<Temperature>{"v1_temperature_element", v1_temperature_element,
                                         "one thread for each element"},
                   }};

/// Every row in falling order, together with the tokens that its values belong to.
///
/// Of equal values the lower token comes first, so the order is unique. A NaN counts as larger than
/// every number.
struct SortTokens {
    const float* values = nullptr;  ///< [rows, vocabulary], row-major
    float* sorted = nullptr;  ///< [rows, vocabulary], overwritten: each row's values, largest first
    /// [rows, vocabulary], overwritten: tokens[r, i] is the column that sorted[r, i] comes from; outputs
    /// must not overlap each other or the input
    std::int32_t* tokens = nullptr;
    /// Sequences. With no element nothing happens and the pointers may be null.
    std::int64_t rows = 0;
    std::int64_t vocabulary = 0;          ///< tokens to choose from, below 2³¹
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
    bool check() const {
        require_table("sort_tokens", rows, vocabulary);
        if (rows == 0 || vocabulary == 0) return false;
        require_pointer("sort_tokens", "values", values, sizeof(float));
        require_pointer("sort_tokens", "sorted", sorted, sizeof(float));
        require_pointer("sort_tokens", "tokens", tokens, sizeof(std::int32_t));
        return true;
    }
    /// Values in, values and tokens out.
    Work work() const { return {12 * table_elements(rows, vocabulary), 0}; }
    /// Rows and vocabulary, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, vocabulary}; }
};

void v1_sort_bitonic(const SortTokens& op, cudaStream_t stream);

/// The ladder of the sort. Every launcher throws what check() throws, and t2t::CudaError when the device
/// refuses the launch.
inline constexpr Ladder sort_ladder{
    "sort_tokens", std::array{
                       Rung<SortTokens>{"v1_sort_bitonic", v1_sort_bitonic,
                                        "a bitonic network, one block for each row"},
                   }};

/// Draws one token for each row that is not greedy.
///
/// Of a row's tokens, most probable first, the first n are kept: n is the smallest count for which
/// cumulative[r, n − 1] ≥ top_p (all tokens when none reaches it), at most top_k where top_k > 0.
/// Of those, the drawn one is the first whose cumulative probability exceeds
/// uniform · cumulative[r, n − 1]. (Holtzman and others, The Curious Case of Neural Text
/// Degeneration, 2019; Fan, Lewis and Dauphin, Hierarchical Neural Story Generation, 2018.)
///
/// A row whose last cumulative probability is NaN, or whose sums are all 0, draws −1.
struct Draw {
    /// [rows, vocabulary]: the inclusive sums of each row's probabilities, largest first
    const float* cumulative = nullptr;
    const std::int32_t* tokens = nullptr;  ///< [rows, vocabulary]: the tokens in the same order
    const RowRule* rules = nullptr;        ///< [rows]
    /// [rows], overwritten, but for greedy rows, whose elements stay as they are; must not overlap the
    /// others
    std::int32_t* drawn = nullptr;
    std::int64_t rows = 0;  ///< sequences; with none nothing happens and the pointers may be null
    std::int64_t vocabulary = 0;          ///< tokens to choose from, 1 or more, below 2³¹
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, an empty vocabulary, a null pointer, or
    ///                               a misaligned one
    bool check() const {
        require_table("draw", rows, vocabulary);
        if (vocabulary == 0) {
            throw std::invalid_argument("draw: vocabulary is 0; there must be a token to draw");
        }
        if (rows == 0) return false;
        require_pointer("draw", "cumulative", cumulative, sizeof(float));
        require_pointer("draw", "tokens", tokens, sizeof(std::int32_t));
        require_pointer("draw", "rules", rules, alignof(RowRule));
        require_pointer("draw", "drawn", drawn, sizeof(std::int32_t));
        return true;
    }
    /// The sums, once.
    Work work() const { return {4 * table_elements(rows, vocabulary), 0}; }
    /// Rows and vocabulary, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, vocabulary}; }
};

void v1_draw_thread_per_row(const Draw& op, cudaStream_t stream);

/// The ladder of the draw. Every launcher throws what check() throws, and t2t::CudaError when the device
/// refuses the launch.
inline constexpr Ladder draw_ladder{"draw",
                                    std::array{
                                        Rung<Draw>{"v1_draw_thread_per_row", v1_draw_thread_per_row,
                                                   "one thread for each row walks down the sums"},
                                    }};

/// From logits to tokens: for each row one token, as its rule says.
///
/// A greedy row gets the token with the largest logit, of several the lowest. Any other row gets a token
/// that is drawn as in Draw, from the softmax of its logits divided by its temperature.
///
/// A row whose logits hold a NaN gets −1, and so does a row that is not greedy and has no distribution:
/// it holds +∞, or nothing but −∞.
///
/// ids[r] depends on the logits and the rule of row r alone, to the bit: a sequence gets the same token in a
/// batch as alone.
struct Sample {
    const float* logits = nullptr;   ///< [rows, vocabulary], row-major
    const RowRule* rules = nullptr;  ///< [rows]; may be null when all rows are greedy
    std::int32_t* ids = nullptr;     ///< [rows], overwritten; must not overlap the others
    std::int64_t rows = 0;  ///< sequences; with none nothing happens and the pointers may be null
    std::int64_t vocabulary = 0;  ///< tokens to choose from, 1 or more, below 2³¹
    /// Every rule is greedy, as the host knows: then nothing is sorted, and the rules are not read.
    bool all_greedy = false;
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    /// @returns false when there is nothing to do
    /// @throws std::invalid_argument negative or overflowing size, an empty vocabulary, a null pointer, or
    ///                               a misaligned one
    bool check() const {
        require_table("sample", rows, vocabulary);
        if (vocabulary == 0) {
            throw std::invalid_argument("sample: vocabulary is 0; there must be a token to choose");
        }
        if (rows == 0) return false;
        require_pointer("sample", "logits", logits, sizeof(float));
        if (!all_greedy) require_pointer("sample", "rules", rules, alignof(RowRule));
        require_pointer("sample", "ids", ids, sizeof(std::int32_t));
        return true;
    }
    /// The logits and the rules are read, the tokens written.
    Work work() const {
        const double rule = all_greedy ? 0 : sizeof(RowRule);
        return {4 * table_elements(rows, vocabulary) + (rule + 4) * static_cast<double>(rows), 0};
    }
    /// Rows and vocabulary, for traces and messages.
    std::vector<std::int64_t> sizes() const { return {rows, vocabulary}; }
};

void v1_sample_chain(const Sample& op, cudaStream_t stream);
/// Bytes of workspace that v1_sample_chain needs: its arrays, and the largest need of what it runs.
std::size_t v1_sample_chain_workspace(const Sample& op);

/// The ladder of the whole way. Every launcher throws what check() throws, std::invalid_argument when the
/// workspace is too small, and t2t::CudaError when the device refuses the launch.
inline constexpr Ladder sample_ladder{
    "sample",
    std::array{
        Rung<Sample>{
            .name = "v1_sample_chain",
            .run = v1_sample_chain,
            .idea = "a chain of operations: argmax; temperature, softmax, sort, scan, draw",
            .workspace = v1_sample_chain_workspace},
    }};

}  // namespace t2t::sampling

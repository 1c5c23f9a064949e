/// @file
/// From logits to the next token: the ladders of chapter 18.
///
/// A token is drawn in five steps, each for all sequences of a batch at once: `temperature` here,
/// `softmax` of chapter 08, `sort_tokens` here, `scan` of chapter 04, `draw` here.
#pragma once

#include <array>
#include <cstdint>

#include <cuda_runtime.h>

#include "common/lab/ladder.hpp"

namespace t2t::sampling {

/// Sizes of a table with one row for each sequence of a batch.
struct TokensShape {
    std::int64_t rows;        ///< sequences
    std::int64_t vocabulary;  ///< tokens to choose from, below 2³¹
};

/// y[r, c] = logits[r, c] / temperatures[r].
///
/// @param logits       [rows, vocabulary], row-major
/// @param temperatures [rows], each > 0
/// @param y            [rows, vocabulary], overwritten; may be logits itself, but must not overlap
///                     it in any other way
/// @param shape        any sizes; with no element nothing happens and the pointers may be null
/// @param stream       where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
/// @throws t2t::CudaError        the device refused the launch
using Temperature = void(const float* logits, const float* temperatures, float* y,
                         TokensShape shape, cudaStream_t stream);

Temperature v1_temperature_element;

/// The ladder of temperature.
inline constexpr Ladder temperature_ladder{
    "temperature",
    std::array{
        Rung<Temperature>{"v1_temperature_element", v1_temperature_element, "an element a thread"},
    }};

/// Every row in falling order, together with the tokens that its values belong to.
///
/// Of equal values the lower token comes first, so the order is unique. A NaN counts as larger than
/// every number.
///
/// @param values [rows, vocabulary], row-major
/// @param sorted [rows, vocabulary], overwritten: the values of each row, largest first
/// @param tokens [rows, vocabulary], overwritten: tokens[r, i] is the column that sorted[r, i]
///               comes from; outputs must not overlap each other or the input
/// @param shape  any sizes; with no element nothing happens and the pointers may be null
/// @param stream where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, a null pointer, or a misaligned one
/// @throws t2t::CudaError        the device refused the launch
using SortTokens = void(const float* values, float* sorted, std::int32_t* tokens, TokensShape shape,
                        cudaStream_t stream);

SortTokens v1_sort_bitonic;

/// The ladder of the sort.
inline constexpr Ladder sort_ladder{
    "sort_tokens",
    std::array{
        Rung<SortTokens>{"v1_sort_bitonic", v1_sort_bitonic, "a bitonic network, a block a row"},
    }};

/// What a row may draw from.
struct DrawRule {
    float uniform;       ///< a random number in [0, 1): the same number draws the same token
    float top_p;         ///< keep the fewest tokens whose probabilities reach top_p; (0, 1]
    std::int32_t top_k;  ///< keep at most so many tokens; 0 for all
};

/// Draws one token for each row.
///
/// Of a row's tokens, most probable first, the first n are kept: n is the smallest count for which
/// cumulative[r, n − 1] ≥ top_p (all tokens when none reaches it), at most top_k where top_k > 0.
/// Of those, the drawn one is the first whose cumulative probability exceeds
/// uniform · cumulative[r, n − 1]. (Holtzman and others, The Curious Case of Neural Text
/// Degeneration, 2019; Fan, Lewis and Dauphin, Hierarchical Neural Story Generation, 2018.)
///
/// A row whose last cumulative probability is NaN, or whose sums are all 0, draws −1.
///
/// @param cumulative [rows, vocabulary]: the inclusive sums of each row's probabilities, largest
///                   first
/// @param tokens     [rows, vocabulary]: the tokens in the same order
/// @param rules      [rows]
/// @param drawn      [rows], overwritten; must not overlap the others
/// @param shape      rows of any number, vocabulary ≥ 1; with rows = 0 nothing happens and the
///                   pointers may be null
/// @param stream     where the work is queued; the call returns at once
/// @throws std::invalid_argument negative or overflowing size, an empty vocabulary, a null pointer,
///                               or a misaligned one
/// @throws t2t::CudaError        the device refused the launch
using Draw = void(const float* cumulative, const std::int32_t* tokens, const DrawRule* rules,
                  std::int32_t* drawn, TokensShape shape, cudaStream_t stream);

Draw v1_draw_thread_per_row;

/// The ladder of the draw.
inline constexpr Ladder draw_ladder{"draw",
                                    std::array{
                                        Rung<Draw>{"v1_draw_thread_per_row", v1_draw_thread_per_row,
                                                   "a thread a row walks down the sums"},
                                    }};

}  // namespace t2t::sampling

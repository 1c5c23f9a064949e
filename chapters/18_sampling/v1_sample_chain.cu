/// Rung 1: a chain of operations.
///
/// Idea      Sampling has no kernel of its own here: each step is an operation that has a ladder
///           already. argmax writes a token for every row. Unless all rows are greedy, the others are
///           divided, normalised, sorted, summed and drawn, and the draw overwrites their tokens.
///           Every step is one run(): whatever rung serves it elsewhere serves it here.
/// Expect    For each logit argmax reads 4 bytes, temperature moves 8, softmax 8, the sort 12, the
///           scan 8 and the draw 4: 44 where 4 must be read, if every step keeps to what must
///           move. The sort does not, see v1_sort_bitonic, and the draw walks alone, so the chain
///           takes as long as these two. All greedy: 4 bytes a logit and one launch instead of six.
/// Measured  H200, 128,256 tokens: one greedy row 126 µs, 32 greedy rows 207 µs; one drawn row 5.7 ms, of
///           which the sort alone takes 4.9 in a row of random values.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "chapters/04_reduction/reduction.cuh"
#include "chapters/08_softmax/softmax.cuh"
#include "chapters/18_sampling/sampling.cuh"
#include "common/device/workspace.hpp"
#include "common/lab/run.hpp"

namespace t2t::sampling {
namespace {

// What the chain runs, in this order. Pointers may still be null: sizes say what each one needs.
struct Chain {
    reduction::Argmax argmax;  // logits → ids, for all rows
    Temperature temperature;   // logits → probabilities
    softmax::Softmax softmax;  // probabilities, in place
    SortTokens sort;           // probabilities → sorted, tokens
    reduction::Scan scan;      // sorted, in place
    Draw draw;                 // sorted, tokens → ids, for the rows that are not greedy

    Chain(const Sample& op, float* probabilities, float* sorted, std::int32_t* tokens,
          std::span<std::byte> rest)
        : argmax{op.logits, op.ids, op.rows, op.vocabulary, rest},
          temperature{op.logits, op.rules, probabilities, op.rows, op.vocabulary, rest},
          softmax{probabilities, probabilities, op.rows, op.vocabulary, rest},
          sort{probabilities, sorted, tokens, op.rows, op.vocabulary, rest},
          scan{sorted, sorted, op.rows, op.vocabulary, rest},
          draw{sorted, tokens, op.rules, op.ids, op.rows, op.vocabulary, rest} {}
};

// Bytes of workspace that the most demanding operation of the chain needs.
std::size_t largest_need(const Sample& op) {
    const Chain chain(op, nullptr, nullptr, nullptr, {});
    const std::size_t argmax = workspace_of(reduction::argmax_ladder, chain.argmax);
    if (op.all_greedy) return argmax;
    return std::max(
        {argmax, workspace_of(temperature_ladder, chain.temperature),
         workspace_of(softmax::ladder, chain.softmax), workspace_of(sort_ladder, chain.sort),
         workspace_of(reduction::scan_ladder, chain.scan), workspace_of(draw_ladder, chain.draw)});
}

// Elements of one of the chain's arrays, [rows, vocabulary].
std::int64_t array_size(const Sample& op) {
    return op.all_greedy ? 0 : op.rows * op.vocabulary;
}

}  // namespace

std::size_t v1_sample_chain_workspace(const Sample& op) {
    return 2 * workspace_bytes<float>(array_size(op)) +
           workspace_bytes<std::int32_t>(array_size(op)) +
           workspace_bytes<std::byte>(static_cast<std::int64_t>(largest_need(op)));
}

void v1_sample_chain(const Sample& op, cudaStream_t stream) {
    if (!op.check()) return;
    Workspace workspace("sample v1_sample_chain", op.workspace);
    auto* probabilities = workspace.take<float>(array_size(op));
    auto* sorted = workspace.take<float>(array_size(op));
    auto* tokens = workspace.take<std::int32_t>(array_size(op));
    const std::size_t need = largest_need(op);
    auto* rest = workspace.take<std::byte>(static_cast<std::int64_t>(need));
    const Chain chain(op, probabilities, sorted, tokens, {rest, need});

    run(reduction::argmax_ladder, chain.argmax, stream);
    if (op.all_greedy) return;
    run(temperature_ladder, chain.temperature, stream);
    run(softmax::ladder, chain.softmax, stream);
    run(sort_ladder, chain.sort, stream);
    run(reduction::scan_ladder, chain.scan, stream);
    run(draw_ladder, chain.draw, stream);
}

}  // namespace t2t::sampling

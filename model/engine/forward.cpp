#include "model/engine/forward.hpp"

#include <algorithm>
#include <bit>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/device/arguments.hpp"
#include "common/device/check.hpp"

namespace t2t::model {
namespace {

AttentionShape attention_of(const ModelConfig& config, std::int64_t layer) {
    return {config.heads, config.kv_heads, config.head_dim, config.window,
            static_cast<float>(attention_scale(config, layer))};
}

Activation activation_of(const ModelConfig& config) {
    const bool gated = config.family == Family::llama;
    const Activation usual = gated ? Activation::swiglu : Activation::gelu;
    return {config.activation.value_or(usual.function), gated};
}

}  // namespace

void Model::gpt2(const Pass& pass, const Activations& a) {
    ops_.embed(pass, weights_.embedding, a.x);
    ops_.add_positions(pass, weights_.positions, a.x);
    for (std::int64_t i = 0; i < config_.layers; ++i) {
        const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
        const LayerCache cache = cache_.layer(i);
        const Norm attention_norm{w.attention_norm, w.attention_norm_bias, config_.norm_epsilon};
        const Norm mlp_norm{w.mlp_norm, w.mlp_norm_bias, config_.norm_epsilon};

        ops_.norm_linear(pass, a.x, attention_norm, compute_, w.qkv, w.qkv_bias, a.qkv);
        const AttentionShape attention = attention_of(config_, i);
        ops_.split_qkv(pass, a.qkv, /*frequencies=*/{}, attention, cache, a.q);
        ops_.attention(pass, a.q, cache, attention, a.attended);
        ops_.linear(pass, a.attended, w.attention_out, w.attention_out_bias, /*residual=*/{}, a.y);

        ops_.residual_norm(a.x, a.y, mlp_norm, a.normed);
        ops_.up_projection(pass, a.normed, w.up, w.up_bias, activation_of(config_), a.active);
        ops_.linear(pass, a.active, w.down, w.down_bias, /*residual=*/a.x, a.x);
    }
}

void Model::llama(const Pass& pass, const Activations& a) {
    ops_.embed(pass, weights_.embedding, a.x);
    for (std::int64_t i = 0; i < config_.layers; ++i) {
        const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
        const LayerCache cache = cache_.layer(i);
        const Norm attention_norm{w.attention_norm, {}, config_.norm_epsilon};
        const Norm mlp_norm{w.mlp_norm, {}, config_.norm_epsilon};

        ops_.norm_linear(pass, a.x, attention_norm, compute_, w.qkv, w.qkv_bias, a.qkv);
        const AttentionShape attention = attention_of(config_, i);
        ops_.split_qkv(pass, a.qkv, weights_.rope_frequencies, attention, cache, a.q);
        ops_.attention(pass, a.q, cache, attention, a.attended);
        ops_.linear(pass, a.attended, w.attention_out, w.attention_out_bias, /*residual=*/{}, a.y);

        ops_.residual_norm(a.x, a.y, mlp_norm, a.normed);
        if (config_.experts > 0) {
            ops_.linear(pass, a.normed, w.router, /*bias=*/{}, /*residual=*/{}, a.router_logits);
            if (on_router_logits) on_router_logits(i, a.router_logits);
            ops_.route(a.router_logits, config_.experts_per_token, a.chosen, a.shares);
            ops_.experts(a.normed, a.chosen, a.shares, w.expert_gate_up, w.expert_down,
                         activation_of(config_).function, config_.experts, a.y);
            ops_.add(a.x, a.y);
        } else {
            ops_.up_projection(pass, a.normed, w.up, w.up_bias, activation_of(config_), a.active);
            ops_.linear(pass, a.active, w.down, w.down_bias, /*residual=*/a.x, a.x);
        }
    }
}

Tensor Model::output(const Pass& pass, const Activations& a) {
    const Norm norm{weights_.final_norm, weights_.final_norm_bias, config_.norm_epsilon};
    if (limits_.logits_of == LogitsOf::all) {
        ops_.norm_linear(pass, a.x, norm, compute_, weights_.output, /*bias=*/{}, a.logits);
        return a.logits;
    }
    const bool is_every_row = pass.is_decode();
    if (!is_every_row) ops_.copy_rows(a.x, pass.logits_of, a.last);
    ops_.output_layer(is_every_row ? a.x : a.last, norm, compute_, weights_.output, a.logits);
    return a.logits;
}

Tensor Model::queue(const Pass& pass) {
    const bool one_for_each_row = limits_.logits_of == LogitsOf::all || pass.is_decode();
    const std::int64_t logit_rows =
        one_for_each_row ? pass.batch.tokens : static_cast<std::int64_t>(pass.logits_of.size());
    const Activations a = memory_.first(pass.batch.tokens, logit_rows);
    config_.family == Family::gpt2 ? gpt2(pass, a) : llama(pass, a);
    return output(pass, a);
}

Tensor Model::forward(std::span<const Piece> pieces) {
    const Pass pass = place(pieces);
    const Tensor logits = queue(pass);
    return logits.slice(0, std::min(logits.rows, limits_.logits_of == LogitsOf::all
                                                     ? logits.rows
                                                     : static_cast<std::int64_t>(pieces.size())));
}

Tensor Model::prompt(std::int64_t sequence, std::int64_t start, std::span<const std::int32_t> ids) {
    if (ids.empty()) throw std::invalid_argument("a prompt needs at least one token");
    Tensor logits;
    while (!ids.empty()) {
        const Piece piece{sequence, start,
                          ids.first(std::min(ids.size(), static_cast<std::size_t>(chunk_)))};
        logits = forward({&piece, 1});
        start += static_cast<std::int64_t>(piece.ids.size());
        ids = ids.subspan(piece.ids.size());
    }
    return logits;
}

Tensor Model::decode(std::span<const std::int32_t> sequences,
                     std::span<const std::int32_t> positions, std::span<const std::int32_t> ids) {
    if (ids.empty()) throw std::invalid_argument("a decode step needs at least one token");
    if (sequences.size() != ids.size() || positions.size() != ids.size()) {
        throw std::invalid_argument("a decode step has " + std::to_string(ids.size()) +
                                    " tokens, " + std::to_string(positions.size()) +
                                    " positions and " + std::to_string(sequences.size()) +
                                    " sequences; it needs one of each for every token");
    }
    std::vector<Piece> pieces;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        pieces.push_back({sequences[i], positions[i], ids.subspan(i, 1)});
    }
    return forward(pieces);
}

std::int64_t Model::padded_rows(std::int64_t sequences) {
    return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(sequences)));
}

Pass Model::decode_pass(std::int64_t rows) const {
    Pass pass;
    pass.singles = rows;
    pass.batch.tokens = pass.batch.runs = rows;
    pass.batch.most_queries = 1;
    pass.batch.longest = cache_.capacity();
    cache_.describe(pass.batch);
    pass.batch.ids = numbers_.data();
    pass.batch.positions = numbers_.data() + most_rows_;
    pass.batch.owners = numbers_.data() + 2 * most_rows_;
    pass.batch.starts = numbers_.data() + 3 * most_rows_;
    return pass;
}

Pass Model::place(std::span<const Piece> pieces) {
    if (pieces.empty()) throw std::invalid_argument("a pass needs at least one token");
    if (static_cast<std::int64_t>(pieces.size()) > cache_.sequences()) {
        throw std::invalid_argument("a pass of " + std::to_string(pieces.size()) +
                                    " sequences; this model was made for at most " +
                                    std::to_string(cache_.sequences()));
    }
    std::set<std::int64_t> different;
    std::int64_t singles = 0;
    for (const Piece& piece : pieces) {
        if (piece.ids.empty()) throw std::invalid_argument("a piece of a pass has no token");
        if (piece.sequence < 0 || piece.sequence >= cache_.sequences()) {
            throw std::invalid_argument("sequence " + std::to_string(piece.sequence) +
                                        " is outside the cache's " +
                                        std::to_string(cache_.sequences()));
        }
        if (!different.insert(piece.sequence).second) {
            throw std::invalid_argument("a pass has sequence " + std::to_string(piece.sequence) +
                                        " twice; give it all its tokens in one piece");
        }
        const std::int64_t end = piece.start + static_cast<std::int64_t>(piece.ids.size());
        if (piece.start < 0 || end > cache_.capacity()) {
            throw std::invalid_argument(
                "position " + std::to_string(piece.start < 0 ? piece.start : cache_.capacity()) +
                " is outside the cache's " + std::to_string(cache_.capacity()));
        }
        for (const std::int32_t id : piece.ids) {
            if (id < 0 || id >= config_.vocabulary) {
                throw std::invalid_argument("token " + std::to_string(id) +
                                            " is outside the model's vocabulary of " +
                                            std::to_string(config_.vocabulary));
            }
        }
        singles += piece.ids.size() == 1;
    }

    // Pinned memory, because the copy may still be under way when this function returns; so the next pass
    // waits for it before it writes there. On the device it comes in the stream's order: the pass before
    // may still be reading its own numbers.
    copied_.synchronize();
    std::int32_t* ids = staging_.data();
    std::int32_t* positions = ids + most_rows_;
    std::int32_t* owners = positions + most_rows_;
    std::int32_t* starts = owners + most_rows_;
    std::fill_n(ids, 3 * most_rows_, -1);  // padding

    Pass pass = decode_pass(0);
    Batch& batch = pass.batch;
    batch.longest = 0;
    pass.logits_of.resize(pieces.size());
    const auto add = [&](std::size_t index, std::int64_t row) {
        const Piece& piece = pieces[index];
        const auto count = static_cast<std::int64_t>(piece.ids.size());
        if (row + count > most_rows_) {
            throw std::invalid_argument("a pass of " + std::to_string(row + count) +
                                        " tokens; this model was made for at most " +
                                        std::to_string(most_rows_));
        }
        std::ranges::copy(piece.ids, ids + row);
        std::iota(positions + row, positions + row + count, static_cast<std::int32_t>(piece.start));
        std::fill_n(owners + row, count, static_cast<std::int32_t>(piece.sequence));
        starts[batch.runs++] = static_cast<std::int32_t>(row);
        pass.logits_of[index] = row + count - 1;
        const std::int64_t end = piece.start + count;
        batch.most_queries = std::max(batch.most_queries, count);
        batch.longest = std::max(batch.longest, end);
        const std::int64_t seen = config_.window > 0 ? std::min(end, config_.window) : end;
        batch.cached += count == 1 ? seen : end;
        batch.pairs += count == 1 ? seen : count * piece.start + count * (count + 1) / 2;
        return count;
    };
    std::int64_t row = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].ids.size() == 1) row += add(i, row);
    }
    // A prompt begins at a row that is a multiple of 8: then its part of every matrix begins at a multiple
    // of 16 bytes, as kernels want it.
    constexpr std::int64_t aligned_rows = 8;
    const auto aligned = [](std::int64_t r) { return ceil_div(r, aligned_rows) * aligned_rows; };
    const bool is_decode = singles == static_cast<std::int64_t>(pieces.size());
    pass.singles = is_decode ? row : aligned(row);
    row = pass.singles;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (pieces[i].ids.size() == 1) continue;
        row = aligned(row);
        pass.prompts.push_back(
            {row, static_cast<std::int64_t>(pieces[i].ids.size()), pieces[i].start});
        row += add(i, row);
    }
    batch.tokens = row;
    starts[batch.runs] = static_cast<std::int32_t>(row);

    T2T_CHECK(cudaMemcpyAsync(numbers_.data(), staging_.data(), numbers_.bytes(),
                              cudaMemcpyHostToDevice, ops_.stream()));
    copied_.record(ops_.stream());
    return pass;
}

namespace {

/// The tokens of a prompt that are worked on at a time: no more than asked for, and so few that the
/// scores of attention stay below 2 GiB however long the context is. It depends on the model alone, so
/// that a sequence is cut in the same places in a batch as alone.
std::int64_t chunk_of(const ModelConfig& config, const ModelLimits& limits) {
    constexpr std::int64_t most_scores = std::int64_t{1} << 29;
    const std::int64_t scores_of_one = config.heads * config.context;
    const std::int64_t chunk =
        std::clamp(most_scores / scores_of_one, std::int64_t{1}, limits.prompt_chunk);
    return std::min(chunk, limits.positions);
}

/// Rows of a pass at most: a chunk of a prompt beside a single token of every other sequence.
std::int64_t rows_of(const ModelConfig& config, const ModelLimits& limits) {
    constexpr std::int64_t alignment = 8;
    return chunk_of(config, limits) + alignment + Model::padded_rows(limits.sequences);
}

std::int64_t logit_rows_of(const ModelConfig& config, const ModelLimits& limits) {
    return limits.logits_of == LogitsOf::all ? rows_of(config, limits)
                                             : Model::padded_rows(limits.sequences);
}

}  // namespace

std::uint64_t Model::working_bytes(const ModelConfig& config, DType compute, Ops& ops,
                                   const ModelLimits& limits) {
    const std::int64_t chunk = chunk_of(config, limits);
    const ActivationMemory memory(config, compute, rows_of(config, limits),
                                  logit_rows_of(config, limits));
    // The largest workspaces: the scores of a prompt, and the logits of a batch when they are sorted.
    const std::size_t workspace = ops.workspace_for([&] {
        Pass pass;
        pass.prompts = {{0, chunk, limits.positions - chunk}};
        pass.batch.tokens = chunk;
        const Tensor q{nullptr, compute, chunk, config.heads * config.head_dim};
        const LayerCache cache{{nullptr, compute, 0, 0}, {nullptr, compute, 0, 0}, 0, 0};
        ops.attention(pass, q, cache, attention_of(config, /*layer=*/0), q);
        ops.sample({nullptr, DType::fp32, padded_rows(limits.sequences), config.vocabulary},
                   nullptr,
                   /*all_greedy=*/false, nullptr);
    });
    return Cache::bytes_for(config, compute, limits.sequences, limits.positions) + memory.bytes() +
           workspace;
}

Model::Model(ModelConfig config, Weights weights, DType compute, Ops& ops,
             const ModelLimits& limits)
    : config_(std::move(config)),
      weights_(std::move(weights)),
      compute_(compute),
      ops_(ops),
      limits_(limits),
      chunk_(chunk_of(config_, limits)),
      most_rows_(rows_of(config_, limits)),
      cache_(config_, compute, limits.sequences, limits.positions, limits.page),
      memory_(config_, compute, most_rows_, logit_rows_of(config_, limits)),
      numbers_(static_cast<std::size_t>(3 * most_rows_ + limits.sequences + 1)),
      staging_(numbers_.size()) {
    if (config_.family == Family::gpt2 && limits.positions > config_.context) {
        throw std::invalid_argument("room for " + std::to_string(limits.positions) +
                                    " positions; this model has learned " +
                                    std::to_string(config_.context));
    }
    memory_.allocate();
    copied_.record(ops_.stream());

    // Planned with the pass that is longest, and with the one that has most single tokens.
    ops_.reserve_workspace(ops_.workspace_for([&] {
        Pass longest = decode_pass(0);
        longest.prompts = {{0, chunk_, cache_.capacity() - chunk_}};
        longest.batch.tokens = chunk_;
        longest.logits_of = {chunk_ - 1};
        queue(longest);
        queue(decode_pass(padded_rows(limits.sequences)));
    }));
}

}  // namespace t2t::model

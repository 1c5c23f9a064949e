#include "model/engine/forward.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/device/check.hpp"

namespace t2t::model {

// The two families. Each line queues one launch; shapes stand beside the activations (forward.hpp) and
// the weights (weights.hpp).

void Model::gpt2(const Step& step, const Activations& a) {
    ops_.embed(weights_.embedding, step.ids, a.x);
    ops_.add_positions(a.x, weights_.positions, step.positions);
    for (std::int64_t i = 0; i < config_.layers; ++i) {
        const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
        const LayerCache cache = cache_.layer(i);

        ops_.layer_norm(a.x, w.attention_norm, w.attention_norm_bias, config_.norm_epsilon,
                        a.normed);
        ops_.linear(step.kind, a.normed, w.qkv, w.qkv_bias, a.qkv);
        ops_.rope(a.qkv, step.positions, /*frequencies=*/{}, attention_, a.q, a.k, a.v);
        ops_.append(a.k, a.v, step, cache);
        ops_.attention(a.q, cache, step, attention_, a.scratch, a.attended);
        ops_.linear(step.kind, a.attended, w.attention_out, w.attention_out_bias, a.y);
        ops_.add(a.x, a.y);

        ops_.layer_norm(a.x, w.mlp_norm, w.mlp_norm_bias, config_.norm_epsilon, a.normed);
        ops_.linear(step.kind, a.normed, w.up, w.up_bias, a.up);
        ops_.gelu(a.up, a.active);
        ops_.linear(step.kind, a.active, w.down, w.down_bias, a.y);
        ops_.add(a.x, a.y);
    }
}

void Model::llama(const Step& step, const Activations& a) {
    ops_.embed(weights_.embedding, step.ids, a.x);
    for (std::int64_t i = 0; i < config_.layers; ++i) {
        const LayerWeights& w = weights_.layers[static_cast<std::size_t>(i)];
        const LayerCache cache = cache_.layer(i);

        ops_.rms_norm(a.x, w.attention_norm, config_.norm_epsilon, a.normed);
        ops_.linear(step.kind, a.normed, w.qkv, w.qkv_bias, a.qkv);
        ops_.rope(a.qkv, step.positions, weights_.rope_frequencies, attention_, a.q, a.k, a.v);
        ops_.append(a.k, a.v, step, cache);
        ops_.attention(a.q, cache, step, attention_, a.scratch, a.attended);
        ops_.linear(step.kind, a.attended, w.attention_out, w.attention_out_bias, a.y);
        ops_.add(a.x, a.y);

        ops_.rms_norm(a.x, w.mlp_norm, config_.norm_epsilon, a.normed);
        if (config_.experts > 0) {
            ops_.linear(step.kind, a.normed, w.router, {}, a.router_logits);
            if (on_router_logits) on_router_logits(i, a.router_logits);
            ops_.route(a.router_logits, config_.experts_per_token, chosen_.data(), a.shares);
            ops_.experts(a.normed, chosen_.data(), a.shares, w.expert_gate_up, w.expert_down,
                         config_.experts, a.hidden, a.y);
        } else {
            ops_.linear(step.kind, a.normed, w.up, w.up_bias, a.up);
            ops_.swiglu(a.up, a.active);
            ops_.linear(step.kind, a.active, w.down, w.down_bias, a.y);
        }
        ops_.add(a.x, a.y);
    }
}

void Model::run(const Step& step) {
    const Activations a = first(step.tokens);
    config_.family == Family::gpt2 ? gpt2(step, a) : llama(step, a);
}

Tensor Model::output(const Step& step) {
    const bool only_last = step.kind == Step::Kind::prompt && logits_of_ == LogitsOf::last;
    const std::int64_t rows = only_last ? 1 : step.tokens;
    Tensor x = all_.x.slice(0, step.tokens);
    if (only_last) {
        // A copy, because a row in the middle of x may lie where no kernel wants a matrix to start.
        x = all_.last;
        const Tensor row = all_.x.slice(step.tokens - 1, 1);
        T2T_CHECK(cudaMemcpyAsync(x.data, row.data, row.bytes(), cudaMemcpyDeviceToDevice,
                                  ops_.stream()));
    }
    const Tensor normed = all_.normed.slice(0, rows);
    const Tensor logits = all_.logits.slice(0, rows);
    if (config_.family == Family::gpt2) {
        ops_.layer_norm(x, weights_.final_norm, weights_.final_norm_bias, config_.norm_epsilon,
                        normed);
    } else {
        ops_.rms_norm(x, weights_.final_norm, config_.norm_epsilon, normed);
    }
    ops_.linear(step.kind, normed, weights_.output, {}, logits);
    return logits;
}

Tensor Model::prompt(std::int64_t sequence, std::int64_t start, std::span<const std::int32_t> ids) {
    if (ids.empty()) throw std::invalid_argument("a prompt needs at least one token");
    Tensor logits;
    for (std::size_t at = 0; at < ids.size();) {
        const auto part =
            ids.subspan(at, std::min(ids.size() - at, static_cast<std::size_t>(chunk_)));
        std::vector<std::int32_t> positions(part.size());
        std::iota(positions.begin(), positions.end(), static_cast<std::int32_t>(start));
        const std::vector<std::int32_t> sequences(part.size(), static_cast<std::int32_t>(sequence));

        Step step = place(Step::Kind::prompt, sequences, positions, part);
        step.sequence = sequence;
        step.start = start;
        run(step);
        at += part.size();
        start += static_cast<std::int64_t>(part.size());
        if (at == ids.size()) logits = output(step);
    }
    return logits;
}

Tensor Model::decode(std::span<const std::int32_t> sequences,
                     std::span<const std::int32_t> positions, std::span<const std::int32_t> ids) {
    if (ids.empty()) throw std::invalid_argument("a decode step needs at least one token");
    const std::set<std::int32_t> different(sequences.begin(), sequences.end());
    if (different.size() != sequences.size()) {
        throw std::invalid_argument(
            "a decode step has two tokens of one sequence; give it one of each");
    }
    const Step step = place(Step::Kind::decode, sequences, positions, ids);
    run(step);
    return output(step);
}

Step Model::place(Step::Kind kind, std::span<const std::int32_t> sequences,
                  std::span<const std::int32_t> positions, std::span<const std::int32_t> ids) {
    Step step{.kind = kind, .tokens = static_cast<std::int64_t>(ids.size())};
    if (sequences.size() != ids.size() || positions.size() != ids.size()) {
        throw std::invalid_argument("a pass has " + std::to_string(ids.size()) + " tokens, " +
                                    std::to_string(positions.size()) + " positions and " +
                                    std::to_string(sequences.size()) +
                                    " sequences; it needs one of each for every token");
    }
    const std::size_t most = kind == Step::Kind::decode
                                 ? static_cast<std::size_t>(cache_.sequences())
                                 : static_cast<std::size_t>(chunk_);
    if (ids.size() > most) {
        throw std::invalid_argument("a pass of " + std::to_string(ids.size()) +
                                    " tokens; this model was made for at most " +
                                    std::to_string(most));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] < 0 || ids[i] >= config_.vocabulary) {
            throw std::invalid_argument("token " + std::to_string(ids[i]) +
                                        " is outside the model's vocabulary of " +
                                        std::to_string(config_.vocabulary));
        }
        if (positions[i] < 0 || positions[i] >= cache_.capacity()) {
            throw std::invalid_argument("position " + std::to_string(positions[i]) +
                                        " is outside the cache's " +
                                        std::to_string(cache_.capacity()));
        }
        if (sequences[i] < 0 || sequences[i] >= cache_.sequences()) {
            throw std::invalid_argument("sequence " + std::to_string(sequences[i]) +
                                        " is outside the cache's " +
                                        std::to_string(cache_.sequences()));
        }
        const std::int64_t seen = positions[i] + std::int64_t{1};
        step.visible += config_.window > 0 ? std::min(seen, config_.window) : seen;
    }
    // Pinned memory, because these copies may still be under way when this function returns; so the
    // next pass waits for them before it writes there. On the device they come in the stream's order:
    // the pass before may still be reading its own.
    copied_.synchronize();
    std::int32_t* from = staging_.data();
    for (const auto& [values, to] : {std::pair(ids, &ids_), std::pair(positions, &positions_),
                                     std::pair(sequences, &sequences_)}) {
        std::ranges::copy(values, from);
        T2T_CHECK(cudaMemcpyAsync(to->data(), from, values.size_bytes(), cudaMemcpyHostToDevice,
                                  ops_.stream()));
        from += values.size();
    }
    copied_.record(ops_.stream());
    step.ids = ids_.data();
    step.positions = positions_.data();
    step.sequences = sequences_.data();
    return step;
}

Activations Model::first(std::int64_t tokens) const {
    Activations a = all_;
    for (Tensor* tensor : {&a.x, &a.normed, &a.qkv, &a.q, &a.k, &a.v, &a.attended, &a.y, &a.up,
                           &a.active, &a.router_logits, &a.shares}) {
        if (!tensor->empty()) tensor->rows = tokens;
    }
    a.hidden.rows = tokens * config_.experts_per_token;
    return a;
}

namespace {

/// One matrix of the working memory.
struct Wanted {
    Tensor Activations::*tensor;
    DType type;
    std::int64_t rows, columns;

    std::uint64_t bytes() const {
        return static_cast<std::uint64_t>(rows * columns) * size_of(type);
    }
};

AttentionShape attention_of(const ModelConfig& config) {
    return {config.heads, config.kv_heads, config.head_dim, config.window};
}

/// The tokens of a prompt that are worked on at a time: no more than asked for, and so few that the
/// scores of attention stay below 2 GiB however long the context is. It depends on the model alone, so
/// that a sequence is cut in the same places in a batch as alone.
std::int64_t chunk_of(const ModelConfig& config, std::int64_t asked_for) {
    constexpr std::int64_t most_scores = std::int64_t{1} << 29;
    const std::int64_t scores_of_one = attention_scratch(attention_of(config), 1, config.context);
    return std::clamp(most_scores / scores_of_one, std::int64_t{1}, asked_for);
}

/// The working memory of passes with up to `tokens` tokens.
std::vector<Wanted> working_memory(const ModelConfig& c, DType compute, std::int64_t tokens,
                                   std::int64_t chunk, std::int64_t logit_rows,
                                   std::int64_t positions) {
    const std::int64_t q_width = c.heads * c.head_dim;
    const std::int64_t kv_width = c.kv_heads * c.head_dim;
    std::vector<Wanted> wanted{
        {&Activations::x, DType::fp32, tokens, c.width},
        {&Activations::normed, compute, tokens, c.width},
        {&Activations::qkv, DType::fp32, tokens, q_width + 2 * kv_width},
        {&Activations::q, compute, tokens, q_width},
        {&Activations::k, compute, tokens, kv_width},
        {&Activations::v, compute, tokens, kv_width},
        {&Activations::scratch, DType::fp32, 1,
         attention_scratch(attention_of(c), chunk, std::max(chunk, positions))},
        {&Activations::attended, compute, tokens, q_width},
        {&Activations::y, DType::fp32, tokens, c.width},
        {&Activations::last, DType::fp32, 1, c.width},
        {&Activations::logits, DType::fp32, logit_rows, c.vocabulary},
    };
    if (c.experts > 0) {
        wanted.push_back({&Activations::router_logits, DType::fp32, tokens, c.experts});
        wanted.push_back({&Activations::shares, DType::fp32, tokens, c.experts_per_token});
        wanted.push_back({&Activations::hidden, compute, tokens * c.experts_per_token, c.inner});
    } else {
        const std::int64_t up_width = c.family == Family::gpt2 ? c.inner : 2 * c.inner;
        wanted.push_back({&Activations::up, DType::fp32, tokens, up_width});
        wanted.push_back({&Activations::active, compute, tokens, c.inner});
    }
    return wanted;
}

}  // namespace

std::uint64_t Model::working_bytes(const ModelConfig& config, DType compute, std::int64_t sequences,
                                   std::int64_t positions) {
    const std::int64_t chunk = std::min(chunk_of(config, default_chunk), positions);
    const std::int64_t tokens = std::max(chunk, sequences);
    std::uint64_t bytes = Cache::bytes_for(config, compute, sequences, positions);
    for (const Wanted& wanted :
         working_memory(config, compute, tokens, chunk, sequences, positions)) {
        bytes += wanted.bytes();
    }
    return bytes;
}

Model::Model(ModelConfig config, Weights weights, DType compute, Ops& ops, std::int64_t sequences,
             std::int64_t positions, std::int64_t prompt_chunk, LogitsOf logits_of)
    : config_(std::move(config)),
      weights_(std::move(weights)),
      compute_(compute),
      ops_(ops),
      attention_(attention_of(config_)),
      chunk_(std::min(chunk_of(config_, prompt_chunk), positions)),
      logits_of_(logits_of),
      cache_(config_, compute, sequences, positions) {
    if (config_.family == Family::gpt2 && positions > config_.context) {
        throw std::invalid_argument("room for " + std::to_string(positions) +
                                    " positions; this model has learned " +
                                    std::to_string(config_.context));
    }
    const std::int64_t tokens = std::max(chunk_, sequences);
    const std::int64_t logit_rows = logits_of == LogitsOf::all ? tokens : sequences;
    const std::vector<Wanted> all =
        working_memory(config_, compute, tokens, chunk_, logit_rows, positions);
    std::uint64_t bytes = 0;
    for (const Wanted& wanted : all) bytes += wanted.bytes();
    require_device_memory(bytes,
                          "working memory for " + std::to_string(tokens) + " tokens at a time");
    for (const Wanted& wanted : all) {
        memory_.emplace_back(wanted.type, wanted.rows, wanted.columns);
        all_.*wanted.tensor = memory_.back();
    }
    const auto count = static_cast<std::size_t>(tokens);
    chosen_ =
        DeviceBuffer<std::int32_t>(count * static_cast<std::size_t>(config_.experts_per_token));
    ids_ = DeviceBuffer<std::int32_t>(count);
    positions_ = DeviceBuffer<std::int32_t>(count);
    sequences_ = DeviceBuffer<std::int32_t>(count);
    staging_ = PinnedBuffer<std::int32_t>(3 * count);
    copied_.record(ops_.stream());
}

}  // namespace t2t::model

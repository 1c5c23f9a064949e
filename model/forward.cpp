#include "model/forward.hpp"

#include <algorithm>
#include <numeric>
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
    const Step step = place(Step::Kind::decode, sequences, positions, ids);
    run(step);
    return output(step);
}

Step Model::place(Step::Kind kind, std::span<const std::int32_t> sequences,
                  std::span<const std::int32_t> positions, std::span<const std::int32_t> ids) {
    Step step{.kind = kind, .tokens = static_cast<std::int64_t>(ids.size())};
    if (ids.size() > ids_.size() || sequences.size() != ids.size() ||
        positions.size() != ids.size()) {
        throw std::invalid_argument("a pass of " + std::to_string(ids.size()) +
                                    " tokens; this model was made for at most " +
                                    std::to_string(ids_.size()));
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
    // In the stream's order: the pass before may still be reading its own.
    const auto put = [&](std::span<const std::int32_t> values, DeviceBuffer<std::int32_t>& to) {
        T2T_CHECK(cudaMemcpyAsync(to.data(), values.data(), values.size_bytes(),
                                  cudaMemcpyHostToDevice, ops_.stream()));
    };
    put(ids, ids_);
    put(positions, positions_);
    put(sequences, sequences_);
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

void Model::allocate(std::int64_t tokens, std::int64_t logit_rows, std::int64_t positions) {
    struct Wanted {
        Tensor* tensor;
        DType type;
        std::int64_t rows, columns;
    };
    const ModelConfig& c = config_;
    const std::int64_t q_width = c.heads * c.head_dim;
    const std::int64_t kv_width = c.kv_heads * c.head_dim;
    std::vector<Wanted> wanted{
        {&all_.x, DType::fp32, tokens, c.width},
        {&all_.normed, compute_, tokens, c.width},
        {&all_.qkv, DType::fp32, tokens, q_width + 2 * kv_width},
        {&all_.q, compute_, tokens, q_width},
        {&all_.k, compute_, tokens, kv_width},
        {&all_.v, compute_, tokens, kv_width},
        {&all_.scratch, DType::fp32, 1, attention_scratch(attention_, chunk_, positions)},
        {&all_.attended, compute_, tokens, q_width},
        {&all_.y, DType::fp32, tokens, c.width},
        {&all_.last, DType::fp32, 1, c.width},
        {&all_.logits, DType::fp32, logit_rows, c.vocabulary},
    };
    if (c.experts > 0) {
        wanted.push_back({&all_.router_logits, DType::fp32, tokens, c.experts});
        wanted.push_back({&all_.shares, DType::fp32, tokens, c.experts_per_token});
        wanted.push_back({&all_.hidden, compute_, tokens * c.experts_per_token, c.inner});
        chosen_ =
            DeviceBuffer<std::int32_t>(static_cast<std::size_t>(tokens * c.experts_per_token));
    } else {
        const std::int64_t up_width = c.family == Family::gpt2 ? c.inner : 2 * c.inner;
        wanted.push_back({&all_.up, DType::fp32, tokens, up_width});
        wanted.push_back({&all_.active, compute_, tokens, c.inner});
    }

    std::uint64_t bytes = 0;
    for (const Wanted& w : wanted) {
        bytes += static_cast<std::uint64_t>(w.rows * w.columns) * size_of(w.type);
    }
    require_device_memory(bytes, "a pass of " + std::to_string(tokens) + " tokens");
    for (const Wanted& w : wanted) {
        memory_.emplace_back(w.type, w.rows, w.columns);
        *w.tensor = memory_.back();
    }
}

Model::Model(ModelConfig config, Weights weights, DType compute, Ops& ops, std::int64_t sequences,
             std::int64_t positions, std::int64_t prompt_chunk, LogitsOf logits_of)
    : config_(std::move(config)),
      weights_(std::move(weights)),
      compute_(compute),
      ops_(ops),
      attention_{config_.heads, config_.kv_heads, config_.head_dim, config_.window},
      chunk_(std::min(prompt_chunk, positions)),
      logits_of_(logits_of),
      cache_(config_, compute, sequences, positions) {
    const std::int64_t tokens = std::max(chunk_, sequences);
    allocate(tokens, logits_of == LogitsOf::all ? tokens : sequences, positions);
    ids_ = DeviceBuffer<std::int32_t>(static_cast<std::size_t>(tokens));
    positions_ = DeviceBuffer<std::int32_t>(static_cast<std::size_t>(tokens));
    sequences_ = DeviceBuffer<std::int32_t>(static_cast<std::size_t>(tokens));
}

}  // namespace t2t::model

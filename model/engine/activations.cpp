#include "model/engine/activations.hpp"

#include <string>

#include "model/engine/weights.hpp"

namespace t2t::model {

ActivationMemory::ActivationMemory(const ModelConfig& c, DType compute, std::int64_t tokens,
                                   std::int64_t logit_rows)
    : tokens_(tokens), logit_rows_(logit_rows), experts_per_token_(c.experts_per_token) {
    const std::int64_t q_width = c.heads * c.head_dim;
    const std::int64_t kv_width = c.kv_heads * c.head_dim;
    entries_ = {
        {&Activations::x, DType::fp32, Rows::tokens, c.width},
        {&Activations::normed, compute, Rows::tokens, c.width},
        {&Activations::qkv, DType::fp32, Rows::tokens, q_width + 2 * kv_width},
        {&Activations::q, compute, Rows::tokens, q_width},
        {&Activations::attended, compute, Rows::tokens, q_width},
        {&Activations::y, DType::fp32, Rows::tokens, c.width},
        {&Activations::last, DType::fp32, Rows::logits, c.width},
        {&Activations::logits, DType::fp32, Rows::logits, c.vocabulary},
    };
    if (c.experts > 0) {
        entries_.push_back({&Activations::router_logits, DType::fp32, Rows::tokens, c.experts});
        entries_.push_back({&Activations::shares, DType::fp32, Rows::tokens, c.experts_per_token});
    } else {
        entries_.push_back({&Activations::active, compute, Rows::tokens, c.inner});
    }
}

std::uint64_t ActivationMemory::bytes() const {
    std::uint64_t sum = 0;
    for (const Entry& entry : entries_) {
        sum += static_cast<std::uint64_t>(most_rows(entry) * entry.columns) * size_of(entry.type);
    }
    return sum;
}

void ActivationMemory::allocate() {
    require_device_memory(bytes(),
                          "working memory for " + std::to_string(tokens_) + " tokens at a time");
    for (const Entry& entry : entries_) {
        memory_.emplace_back(entry.type, most_rows(entry), entry.columns);
    }
    chosen_ = DeviceBuffer<std::int32_t>(static_cast<std::size_t>(tokens_ * experts_per_token_));
}

Activations ActivationMemory::first(std::int64_t tokens, std::int64_t logit_rows) const {
    Activations a;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const Entry& entry = entries_[i];
        const std::int64_t rows = entry.rows == Rows::tokens ? tokens : logit_rows;
        a.*entry.tensor = {memory_.empty() ? nullptr : Tensor(memory_[i]).data, entry.type, rows,
                           entry.columns};
    }
    a.chosen = const_cast<std::int32_t*>(chosen_.data());
    return a;
}

}  // namespace t2t::model

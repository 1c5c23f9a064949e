/// @file
/// The values between the operations of one pass.
#pragma once

#include <cstdint>
#include <vector>

#include "common/device/buffer.hpp"
#include "model/engine/tensor.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// The values between the operations of one pass. Those marked T are of the compute type, all others
/// fp32. What a family does not have is empty.
struct Activations {
    Tensor x;              ///< [tokens, width]: the residual stream
    Tensor normed;         ///< [tokens, width], T
    Tensor qkv;            ///< [tokens, (heads + 2 · kv_heads) · head_dim]
    Tensor q;              ///< [tokens, heads · head_dim], T
    Tensor attended;       ///< [tokens, heads · head_dim], T
    Tensor y;              ///< [tokens, width]: what half a layer adds to x
    Tensor active;         ///< [tokens, inner], T
    Tensor router_logits;  ///< [tokens, experts]
    Tensor shares;         ///< [tokens, experts_per_token]
    Tensor last;           ///< [logit rows, width]: x of the tokens whose logits are wanted
    Tensor logits;         ///< [logit rows, vocabulary]
    std::int32_t* chosen = nullptr;  ///< [tokens, experts_per_token]
};

/// The memory of activations, for passes of up to so many tokens.
class ActivationMemory {
 public:
    /// @param config     the model
    /// @param compute    the compute type
    /// @param tokens     rows of a pass at most
    /// @param logit_rows rows of logits at most
    ActivationMemory(const ModelConfig& config, DType compute, std::int64_t tokens,
                     std::int64_t logit_rows);

    /// Device memory that allocate() takes.
    std::uint64_t bytes() const;
    /// Takes the memory; without it the activations have sizes and no addresses.
    /// @throws std::runtime_error the device has too little memory
    void allocate();

    /// The activations of a pass of `tokens` tokens that wants `logit_rows` rows of logits.
    Activations first(std::int64_t tokens, std::int64_t logit_rows) const;

 private:
    /// How many rows a tensor has.
    enum class Rows { tokens, logits };
    /// One tensor of the working memory.
    struct Entry {
        Tensor Activations::*tensor;
        DType type;
        Rows rows;
        std::int64_t columns;
    };
    std::int64_t most_rows(const Entry& entry) const {
        return entry.rows == Rows::tokens ? tokens_ : logit_rows_;
    }

    std::int64_t tokens_;
    std::int64_t logit_rows_;
    std::int64_t experts_per_token_;
    std::vector<Entry> entries_;
    std::vector<OwnedTensor> memory_;  // of entries_, once allocated
    DeviceBuffer<std::int32_t> chosen_;
};

}  // namespace t2t::model

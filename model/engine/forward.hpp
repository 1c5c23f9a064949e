/// @file
/// The forward pass: tokens in, logits out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/event.hpp"
#include "model/engine/cache.hpp"
#include "model/engine/ops.hpp"
#include "model/engine/tensor.hpp"
#include "model/engine/weights.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// The values between the operations of one pass. Those marked T are of the compute type, all others
/// fp32. What a family does not have is empty.
struct Activations {
    Tensor x;              ///< [tokens, width]: what each token has become so far
    Tensor normed;         ///< [tokens, width], T
    Tensor qkv;            ///< [tokens, (heads + 2 · kv_heads) · head_dim]
    Tensor q;              ///< [tokens, heads · head_dim], T
    Tensor k;              ///< [tokens, kv_heads · head_dim], T
    Tensor v;              ///< [tokens, kv_heads · head_dim], T
    Tensor scratch;        ///< attention's scores
    Tensor attended;       ///< [tokens, heads · head_dim], T
    Tensor y;              ///< [tokens, width]: what half a layer adds to x
    Tensor up;             ///< [tokens, inner]; Llama: [tokens, 2 · inner], gates and ups
    Tensor active;         ///< [tokens, inner], T
    Tensor router_logits;  ///< [tokens, experts]
    Tensor shares;         ///< [tokens, experts_per_token]
    Tensor hidden;         ///< [tokens · experts_per_token, inner], T
    Tensor last;           ///< [1, width]: x of a prompt's last token
    Tensor logits;         ///< [rows, vocabulary]: for the tokens whose logits are wanted
};

/// Which tokens' logits a prompt pass computes.
enum class LogitsOf { last, all };

/// One model on one device: weights, working memory, and the two kinds of pass.
class Model {
 public:
    /// Tokens of a prompt that are worked on at a time, unless the context is so long that fewer are.
    static constexpr std::int64_t default_chunk = 512;

    /// Device memory that a model needs besides its weights: the cache and what lies between the
    /// operations, with LogitsOf::last.
    static std::uint64_t working_bytes(const ModelConfig& config, DType compute,
                                       std::int64_t sequences, std::int64_t positions);

    /// @param config     the shape
    /// @param weights    loaded for the same compute type
    /// @param compute    DType::fp32 or DType::bf16
    /// @param ops        must outlive this object
    /// @param sequences  the most that decode() is called with
    /// @param positions  the longest sequence, in tokens
    /// @param prompt_chunk tokens of a prompt that are worked on at a time, ≥ 1
    /// @param logits_of  all: prompt() gives logits for every token (which costs memory)
    /// @throws std::runtime_error    the device has too little memory
    /// @throws std::invalid_argument GPT-2, and more positions than it has learned
    Model(ModelConfig config, Weights weights, DType compute, Ops& ops, std::int64_t sequences,
          std::int64_t positions, std::int64_t prompt_chunk = default_chunk,
          LogitsOf logits_of = LogitsOf::last);

    /// Appends tokens to a sequence.
    /// @param sequence row of the cache
    /// @param start    tokens that the sequence has already: 0 begins it anew
    /// @param ids      at least one, each in the vocabulary
    /// @returns fp32, on the device, valid until the next pass: [1, vocabulary] after the last token,
    ///          or with LogitsOf::all [tokens of the last chunk, vocabulary]
    /// @throws std::invalid_argument an id outside the vocabulary; more tokens than there is room for
    Tensor prompt(std::int64_t sequence, std::int64_t start, std::span<const std::int32_t> ids);

    /// Appends one token to each of several sequences.
    /// @param sequences rows of the cache, all different
    /// @param positions how many tokens each has already
    /// @param ids       one for each
    /// @returns [as many, vocabulary], fp32, on the device, valid until the next pass
    /// @throws std::invalid_argument an id outside the vocabulary; no room for another token; a sequence
    ///                               twice, or more sequences than there is room for
    Tensor decode(std::span<const std::int32_t> sequences, std::span<const std::int32_t> positions,
                  std::span<const std::int32_t> ids);

    const ModelConfig& config() const { return config_; }  ///< the shape
    const Weights& weights() const { return weights_; }    ///< as loaded
    const Cache& cache() const { return cache_; }          ///< keys and values so far
    Ops& ops() { return ops_; }                            ///< what queues the work

    /// Called after each layer's router with its number and its logits, [tokens, experts], when set.
    std::function<void(std::int64_t layer, Tensor logits)> on_router_logits;

 private:
    Activations first(std::int64_t tokens) const;
    Step place(Step::Kind kind, std::span<const std::int32_t> sequences,
               std::span<const std::int32_t> positions, std::span<const std::int32_t> ids);
    void run(const Step& step);
    void gpt2(const Step& step, const Activations& a);
    void llama(const Step& step, const Activations& a);
    Tensor output(const Step& step);

    ModelConfig config_;
    Weights weights_;
    DType compute_;
    Ops& ops_;
    AttentionShape attention_;
    std::int64_t chunk_;
    LogitsOf logits_of_;
    Cache cache_;
    Activations all_;  // for as many tokens as a pass may have
    std::vector<OwnedTensor> memory_;
    DeviceBuffer<std::int32_t> ids_, positions_, sequences_, chosen_;
    PinnedBuffer<std::int32_t> staging_;  // ids, positions and sequences on their way
    Event copied_;                        // when they have arrived
};

}  // namespace t2t::model

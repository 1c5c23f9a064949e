/// @file
/// The forward pass: tokens in, logits out.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/event.hpp"
#include "model/engine/activations.hpp"
#include "model/engine/cache.hpp"
#include "model/engine/ops.hpp"
#include "model/engine/pass.hpp"
#include "model/engine/tensor.hpp"
#include "model/engine/weights.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// The tokens of one sequence in a pass.
struct Piece {
    std::int64_t sequence = 0;  ///< row of the cache
    std::int64_t start = 0;     ///< tokens that the sequence has already: 0 begins it anew
    std::span<const std::int32_t> ids{};  ///< at least one, each in the vocabulary
};

/// Which tokens' logits a pass computes.
enum class LogitsOf {
    last,  ///< of the last token of each piece
    all,   ///< of all tokens: costs memory
};

/// What a model is set up for.
struct ModelLimits {
    std::int64_t sequences = 1;    ///< rows of the cache
    std::int64_t positions = 512;  ///< of the longest sequence
    /// Tokens of a prompt that are worked on at a time, unless the context is so long that fewer are.
    std::int64_t prompt_chunk = 512;
    LogitsOf logits_of = LogitsOf::last;  ///< see there
    std::int64_t page = 0;  ///< positions in a page of the cache; 0: one page for each sequence
};

/// One model on one device: weights, working memory, and a pass over any mix of sequences.
class Model {
 public:
    /// Device memory that a model needs besides its weights: the cache, and what lies between and within
    /// the operations.
    static std::uint64_t working_bytes(const ModelConfig& config, DType compute, Ops& ops,
                                       const ModelLimits& limits);

    /// @param config  the shape
    /// @param weights loaded for the same compute type
    /// @param compute DType::fp32 or DType::bf16
    /// @param ops     must outlive this object
    /// @param limits  what the model is set up for
    /// @throws std::runtime_error    the device has too little memory
    /// @throws std::invalid_argument GPT-2, and more positions than it has learned
    Model(ModelConfig config, Weights weights, DType compute, Ops& ops, const ModelLimits& limits);

    /// One pass over some pieces, each of another sequence: single new tokens, prompts or both. What a
    /// sequence gets does not depend on the others, to the bit.
    /// @returns fp32, on the device, valid until the next pass: [pieces, vocabulary], or with LogitsOf::all
    ///          [tokens, vocabulary] in the order of the pieces
    /// @throws std::invalid_argument an id outside the vocabulary; no room in the cache or in the pass; a
    ///                               sequence twice; a piece without tokens
    Tensor forward(std::span<const Piece> pieces);

    /// Appends a prompt to a sequence, as many tokens at a time as the limits say.
    /// @returns as forward(), after the last of those passes
    Tensor prompt(std::int64_t sequence, std::int64_t start, std::span<const std::int32_t> ids);

    /// Appends one token to each of several sequences.
    /// @param sequences rows of the cache, all different
    /// @param positions how many tokens each has already
    /// @param ids       one for each
    /// @returns [as many, vocabulary], as forward()
    Tensor decode(std::span<const std::int32_t> sequences, std::span<const std::int32_t> positions,
                  std::span<const std::int32_t> ids);

    /// @name For passes that are captured once and replayed
    /// @{

    /// The pass of `rows` single tokens whose numbers are those that passes read: ids(), positions() and
    /// owners(). Its bounds hold for any sequence of the cache.
    Pass decode_pass(std::int64_t rows) const;
    /// Queues a pass whose numbers are on the device already.
    /// @returns as forward()
    Tensor queue(const Pass& pass);

    std::int32_t* ids() { return numbers_.data(); }  ///< [most_rows()], on the device
    std::int32_t* positions() { return numbers_.data() + most_rows_; }  ///< [most_rows()], likewise
    std::int32_t* owners() {
        return numbers_.data() + 2 * most_rows_;
    }                                                      ///< [most_rows()], likewise
    std::int64_t most_rows() const { return most_rows_; }  ///< rows of a pass at most
    /// Rows of a decode pass of `sequences` sequences: few sizes, so that few passes are captured.
    static std::int64_t padded_rows(std::int64_t sequences);
    /// @}

    const ModelConfig& config() const { return config_; }  ///< the shape
    const Weights& weights() const { return weights_; }    ///< as loaded
    const Cache& cache() const { return cache_; }          ///< keys and values so far
    Ops& ops() { return ops_; }                            ///< what queues the work

    /// Called after each layer's router with its number and its logits, [tokens, experts], when set.
    std::function<void(std::int64_t layer, Tensor logits)> on_router_logits;

 private:
    Pass place(std::span<const Piece> pieces);
    void gpt2(const Pass& pass, const Activations& a);
    void llama(const Pass& pass, const Activations& a);
    Tensor output(const Pass& pass, const Activations& a);

    ModelConfig config_;
    Weights weights_;
    DType compute_;
    Ops& ops_;
    ModelLimits limits_;
    std::int64_t chunk_;
    std::int64_t most_rows_;
    Cache cache_;
    ActivationMemory memory_;
    DeviceBuffer<std::int32_t> numbers_;  // ids, positions, owners, and starts of runs
    PinnedBuffer<std::int32_t> staging_;  // the same on their way
    Event copied_;                        // when they have arrived
};

}  // namespace t2t::model

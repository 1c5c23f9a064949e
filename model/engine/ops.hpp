/// @file
/// The operations of the generator on matrices: each picks its ladder by the types of its operands, its
/// rung by the op table, and queues one launch.
///
/// One rule about types runs through all of them. A linear layer reads activations of the compute type
/// and gives fp32, its sums as they are. What follows (norm, activation, RoPE) works on fp32 and rounds
/// once, to the compute type, for the next linear layer or the cache. So with compute type bf16 each
/// value is rounded once between two products, and with fp32 never.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>

#include <cuda_runtime.h>

#include "chapters/18_sampling/sampling.cuh"
#include "model/engine/op_table.hpp"
#include "model/engine/tensor.hpp"
#include "model/engine/trace.hpp"

namespace t2t::model {

/// The tokens that one pass through the model works on, with what attention must know about them.
///
/// A prompt pass works on neighbouring tokens of one sequence. A decode pass works on one token for
/// each of several sequences; what a sequence gets does not depend on the others, to the bit.
struct Step {
    /// The two kinds of pass.
    enum class Kind {
        prompt,  ///< neighbouring tokens of one sequence
        decode,  ///< one token for each of several sequences
    };

    Kind kind = Kind::prompt;                 ///< which one this is
    std::int64_t tokens = 0;                  ///< how many
    const std::int32_t* ids = nullptr;        ///< [tokens], on the device
    const std::int32_t* positions = nullptr;  ///< [tokens], on the device: places in the sequences
    const std::int32_t* sequences = nullptr;  ///< [tokens], on the device: rows of the cache
    std::int64_t sequence = 0;                ///< prompt: the sequence of all of them
    std::int64_t start = 0;                   ///< prompt: the position of the first
    std::int64_t visible = 0;  ///< decode: positions that the tokens see, summed; for byte counts
};

/// How a model attends.
struct AttentionShape {
    std::int64_t heads;     ///< query heads
    std::int64_t kv_heads;  ///< key and value heads
    std::int64_t head_dim;  ///< values of one head
    std::int64_t window;    ///< positions that a token sees; 0 for all
};

/// Keys and values of one layer: [sequences · capacity, kv_heads · head_dim] each.
struct LayerCache {
    Tensor keys;             ///< of the compute type
    Tensor values;           ///< likewise
    std::int64_t sequences;  ///< rows of the cache
    std::int64_t capacity;   ///< positions for each sequence
};

/// Queues operations on one stream.
class Ops {
 public:
    /// @param table  which rung serves which operation
    /// @param stream where everything is queued; must outlive this object
    Ops(OpTable table, cudaStream_t stream) : table_(std::move(table)), stream_(stream) {}

    /// Which rung serves which operation.
    const OpTable& table() const { return table_; }
    /// Where everything is queued.
    cudaStream_t stream() const { return stream_; }
    /// From now on every launch is timed into `trace`; nullptr ends that.
    void trace_into(Trace* trace) { trace_ = trace; }

    /// @name At load
    /// @{

    /// Host memory to device memory; returns when the host memory may change.
    void upload(std::span<const std::byte> host, std::byte* device);
    /// to[c, r] = from[r, c]; both fp32.
    void transpose(Tensor from, Tensor to);
    /// to = from, fp32 to bf16.
    void round_to_bf16(Tensor from, Tensor to);
    /// @}

    /// @name In the forward pass
    /// @{

    /// x[t, :] = table[ids[t], :]; x fp32.
    void embed(Tensor table, const std::int32_t* ids, Tensor x);
    /// x[t, :] += table[positions[t], :]; both fp32.
    void add_positions(Tensor x, Tensor table, const std::int32_t* positions);
    /// x += y; both fp32.
    void add(Tensor x, Tensor y);
    /// y = LayerNorm(x); x, weight and bias fp32, y of the compute type.
    void layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor y);
    /// y = RMSNorm(x); x and weight fp32, y of the compute type.
    void rms_norm(Tensor x, Tensor weight, double epsilon, Tensor y);
    /// y = x · wᵀ + bias; x of the compute type, y fp32. `bias` may be empty.
    void linear(Step::Kind kind, Tensor x, Tensor w, Tensor bias, Tensor y);
    /// y = GELU(x); x fp32, y of the compute type.
    void gelu(Tensor x, Tensor y);
    /// y = silu(gate) · up; gate_up fp32 with twice the columns of y, y of the compute type.
    void swiglu(Tensor gate_up, Tensor y);
    /// Splits qkv, fp32, into q, k and v of the compute type, and turns q and k by their positions
    /// unless `frequencies` is empty.
    void rope(Tensor qkv, const std::int32_t* positions, Tensor frequencies, AttentionShape shape,
              Tensor q, Tensor k, Tensor v);
    /// Puts k and v of the step's tokens into the cache.
    void append(Tensor k, Tensor v, const Step& step, const LayerCache& cache);
    /// out = attention of q over the cache, which holds the step's own tokens already.
    /// @param scratch fp32, as large as attention_scratch() says; used for a prompt only
    void attention(Tensor q, const LayerCache& cache, const Step& step, AttentionShape shape,
                   Tensor scratch, Tensor out);
    /// The experts of each token, best first, and their shares.
    /// @param chosen [tokens, top_k]
    void route(Tensor logits, std::int64_t top_k, std::int32_t* chosen, Tensor shares);
    /// y = Σ share · expert(x) over the chosen experts; x and hidden of the compute type, y fp32.
    void experts(Tensor x, const std::int32_t* chosen, Tensor shares, Tensor gate_up, Tensor down,
                 std::int64_t expert_count, Tensor hidden, Tensor y);
    /// @}

    /// @name From logits to tokens; a row for each sequence
    /// @{

    /// The column of the largest of each row; −1 where a row holds a NaN.
    void argmax(Tensor logits, std::int32_t* tokens);
    /// y = logits / temperatures; in place where y is logits.
    void temperature(Tensor logits, const float* temperatures, Tensor y);
    /// Each row a distribution; in place where y is x.
    void softmax(Tensor x, Tensor y);
    /// Each row in falling order, with the tokens that its values belong to.
    void sort_tokens(Tensor values, Tensor sorted, std::int32_t* tokens);
    /// Inclusive sums of each row; in place where y is x.
    void scan(Tensor x, Tensor y);
    /// One token for each row; −1 where a row holds a NaN.
    void draw(Tensor cumulative, const std::int32_t* tokens, const sampling::DrawRule* rules,
              std::int32_t* drawn);
    /// @}

 private:
    /// Queues the rung of `ladder` that the table selects, timed if there is a trace.
    template <const auto& ladder, typename... Arguments>
    void launch(std::initializer_list<std::int64_t> shape, double bytes, Arguments... arguments);

    OpTable table_;
    cudaStream_t stream_;
    Trace* trace_ = nullptr;
};

/// Floats of scratch that attention() needs for a prompt step of `tokens` tokens whose last one stands
/// at position `positions` − 1.
std::int64_t attention_scratch(AttentionShape shape, std::int64_t tokens, std::int64_t positions);

}  // namespace t2t::model

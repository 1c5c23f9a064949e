/// @file
/// The operations of the generator on matrices: each makes the operation's value from its operands and
/// queues it, by the ladder of their types.
///
/// One rule about types runs through all of them. A linear layer reads activations of the compute type
/// and gives fp32, its sums as they are. What follows (norm, activation, RoPE) works on fp32 and rounds
/// once, to the compute type, for the next linear layer or the cache. So with compute type bf16 each
/// value is rounded once between two products, and with fp32 never.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include <cuda_runtime.h>

#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/14_flash_attention/flash_attention.cuh"
#include "chapters/18_sampling/sampling.cuh"
#include "common/device/buffer.hpp"
#include "common/lab/run.hpp"
#include "model/engine/cache.hpp"
#include "model/engine/op_table.hpp"
#include "model/engine/pass.hpp"
#include "model/engine/tensor.hpp"

namespace t2t::model {

using flash_attention::AttentionShape;
using fused_kernels::Activation;

/// A norm's parameters: LayerNorm with a bias, RMSNorm without.
struct Norm {
    Tensor weight;          ///< [1, width], fp32
    Tensor bias;            ///< [1, width], fp32, or empty
    double epsilon = 1e-5;  ///< added under the root
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
    /// From now on every operation is timed into `trace`; nullptr ends that.
    void trace_into(Trace* trace) { trace_ = trace; }
    /// The trace, or nullptr.
    const Trace* trace() const { return trace_; }

    /// Bytes of workspace that the largest operation needs of those that `work` calls for. Nothing is
    /// queued: sizes decide, and tensors may be without memory.
    std::size_t workspace_for(const std::function<void()>& work);
    /// Sees to it that there are as many bytes of workspace.
    /// @throws std::runtime_error the device has too little memory
    void reserve_workspace(std::size_t bytes);

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
    void embed(const Pass& pass, Tensor table, Tensor x);
    /// x[t, :] += table[positions[t], :]; both fp32.
    void add_positions(const Pass& pass, Tensor table, Tensor x);
    /// x += y; both fp32.
    void add(Tensor x, Tensor y);
    /// x += y, and normed = norm(x); x and y fp32, normed of the compute type.
    void residual_norm(Tensor x, Tensor y, const Norm& norm, Tensor normed);
    /// y = norm(x) · wᵀ + bias; x and y fp32. `bias` may be empty.
    /// @param compute the compute type, in which the norm goes into the product
    void norm_linear(const Pass& pass, Tensor x, const Norm& norm, DType compute, Tensor w,
                     Tensor bias, Tensor y);
    /// y = x · wᵀ + bias + residual; x of the compute type, y fp32. `bias` and `residual` may be empty,
    /// and `residual` may be y.
    void linear(const Pass& pass, Tensor x, Tensor w, Tensor bias, Tensor residual, Tensor y);
    /// y = activation(x · wᵀ + bias); x and y of the compute type. `bias` may be empty.
    void up_projection(const Pass& pass, Tensor x, Tensor w, Tensor bias, Activation activation,
                       Tensor y);
    /// Splits qkv, fp32, into q of the compute type and keys and values for the cache, and turns queries
    /// and keys by their positions unless `frequencies` is empty.
    void split_qkv(const Pass& pass, Tensor qkv, Tensor frequencies, const AttentionShape& shape,
                   const LayerCache& cache, Tensor q);
    /// out = attention of q over the cache, which holds the pass's own tokens already.
    void attention(const Pass& pass, Tensor q, const LayerCache& cache, const AttentionShape& shape,
                   Tensor out);
    /// The experts of each token, best first, and their shares.
    /// @param chosen [tokens, top_k]
    void route(Tensor logits, std::int64_t top_k, std::int32_t* chosen, Tensor shares);
    /// y = Σ share · expert(x) over the chosen experts; x of the compute type, y fp32.
    /// @param function of the gates
    void experts(Tensor x, const std::int32_t* chosen, Tensor shares, Tensor gate_up, Tensor down,
                 ActivationFunction function, std::int64_t expert_count, Tensor y);
    /// to[i, :] = from[rows[i], :]; both of one type.
    void copy_rows(Tensor from, std::span<const std::int64_t> rows, Tensor to);
    /// y = norm(x) · wᵀ for rows that are single tokens, whatever pass they come from.
    void output_layer(Tensor x, const Norm& norm, DType compute, Tensor w, Tensor y);
    /// @}

    /// @name From logits to tokens; a row for each sequence
    /// @{

    /// The next token of each row; −1 where a row's logits are not numbers.
    void sample(Tensor logits, const sampling::RowRule* rules, bool all_greedy, std::int32_t* ids);
    /// y = logits / temperatures; in place where y is logits.
    void temperature(Tensor logits, const sampling::RowRule* rules, Tensor y);
    /// Each row a distribution; in place where y is x.
    void softmax(Tensor x, Tensor y);
    /// Each row in falling order, with the tokens that its values belong to.
    void sort_tokens(Tensor values, Tensor sorted, std::int32_t* tokens);
    /// @}

 private:
    /// Queues `op`, by the ladder's rung that the table selects; or plans it.
    template <typename Op, std::size_t Count>
    void run(const Ladder<Op, Count>& ladder, Op op);

    OpTable table_;
    cudaStream_t stream_;
    Trace* trace_ = nullptr;
    DeviceBuffer<std::byte> workspace_;
    bool planning_ = false;
    std::size_t planned_ = 0;
};

}  // namespace t2t::model

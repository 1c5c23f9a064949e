#include "model/engine/ops.hpp"

#include <algorithm>
#include <stdexcept>

#include "chapters/01_vector_add/vector_add.cuh"
#include "chapters/02_memory_access/memory_access.cuh"
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "chapters/07_streams/streams.cuh"
#include "chapters/08_softmax/softmax.cuh"
#include "chapters/13_positions/positions.cuh"
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "chapters/16_quantization/quantization.cuh"
#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"
#include "common/device/check.hpp"
#include "model/engine/weights.hpp"

namespace t2t::model {
namespace {

using bf16 = __nv_bfloat16;
using matmul::Linear;

/// Calls `use` with a value of the C++ type that `type` names: float or bf16.
template <typename Use>
void with_type(DType type, Use use) {
    switch (type) {
        case DType::fp32:
            return use(float{});
        case DType::bf16:
            return use(bf16{});
        case DType::fp16:
        case DType::fp64:
            break;
    }
    throw std::logic_error("no kernel computes in " + std::string(name_of(type)));
}

/// As with_type(), for activations and weights: fp32 over either, or bf16 over bf16.
template <typename Use>
void with_types(DType activation, DType weight, Use use) {
    if (activation == DType::fp32) return with_type(weight, [&](auto w) { use(float{}, w); });
    if (activation == DType::bf16 && weight == DType::bf16) return use(bf16{}, bf16{});
    throw std::logic_error("activations in bf16 need the layer's weights in bf16");
}

/// Calls `use` with the two parts of a pass that have rows: first row, rows, and whether each is its
/// sequence's only token.
template <typename Use>
void for_each_part(const Pass& pass, Use use) {
    const std::int64_t rest = pass.batch.tokens - pass.singles;
    if (pass.singles > 0) use(0, pass.singles, true);
    if (rest > 0) use(pass.singles, rest, false);
}

/// Rows of a tensor that may be empty.
Tensor rows_of(const Tensor& tensor, std::int64_t first, std::int64_t count) {
    return tensor.columns == 0 ? tensor : tensor.slice(first, count);
}

template <typename X, typename W>
Linear<X, W> linear_of(Tensor x, Tensor w, Tensor bias, Tensor residual, Tensor y,
                       std::int64_t rows, bool single_tokens) {
    return {.x = x.as<const X>(),
            .w = {w.as<const W>(), w.rows, w.columns},
            .bias = bias.as<const float>(),
            .residual = residual.as<const float>(),
            .y = y.as<float>(),
            .m = rows,
            .single_tokens = single_tokens};
}

template <typename X, typename W>
fused_kernels::NormLinear<X, W> norm_linear_of(Tensor x, const Norm& norm,
                                               const Linear<X, W>& linear) {
    return {.x = x.as<const float>(),
            .weight = norm.weight.as<const float>(),
            .bias = norm.bias.as<const float>(),
            .epsilon = static_cast<float>(norm.epsilon),
            .linear = linear};
}

/// `count` rows of a batch, from row `first` on.
Batch part_of(Batch batch, std::int64_t first, std::int64_t count) {
    batch.tokens = count;
    batch.ids += first;
    batch.positions += first;
    batch.owners += first;
    return batch;
}

}  // namespace

template <typename Op, std::size_t Count>
void Ops::run(const Ladder<Op, Count>& ladder, Op op) {
    const UseSelection in_force(table_.selection(), trace_);
    if (planning_) {
        planned_ = std::max(planned_, workspace_of(ladder, op));
        return;
    }
    op.workspace = {workspace_.data(), workspace_.size()};
    t2t::run(ladder, op, stream_);
}

std::size_t Ops::workspace_for(const std::function<void()>& work) {
    planning_ = true;
    planned_ = 0;
    try {
        work();
    } catch (...) {
        planning_ = false;
        throw;
    }
    planning_ = false;
    return planned_;
}

void Ops::reserve_workspace(std::size_t bytes) {
    if (bytes <= workspace_.size()) return;
    T2T_CHECK(cudaStreamSynchronize(stream_));  // nothing works in the old one any more
    workspace_ = {};
    require_device_memory(bytes, "workspace of the largest operation");
    workspace_ = DeviceBuffer<std::byte>(bytes);
}

void Ops::upload(std::span<const std::byte> host, std::byte* device) {
    run(streams::upload_ladder,
        streams::Upload{.host = host.data(), .device = device, .bytes = host.size()});
}

void Ops::transpose(Tensor from, Tensor to) {
    run(shared_memory::ladder, shared_memory::Transpose{.in = from.as<const float>(),
                                                        .out = to.as<float>(),
                                                        .rows = from.rows,
                                                        .columns = from.columns});
}

void Ops::round_to_bf16(Tensor from, Tensor to) {
    run(quantization::round_ladder,
        quantization::RoundToBf16{
            .x = from.as<const float>(), .y = to.as<bf16>(), .n = from.elements()});
}

void Ops::embed(const Pass& pass, Tensor table, Tensor x) {
    with_type(table.type, [&](auto weight) {
        using Weight = decltype(weight);
        run(memory_access::gather_rows_ladder<Weight>,
            memory_access::GatherRows<Weight>{.table = table.as<const Weight>(),
                                              .ids = pass.batch.ids,
                                              .out = x.as<float>(),
                                              .rows = table.rows,
                                              .width = table.columns,
                                              .count = x.rows});
    });
}

void Ops::add_positions(const Pass& pass, Tensor table, Tensor x) {
    run(positions::learned_ladder, positions::LearnedPositions{.x = x.as<float>(),
                                                               .table = table.as<const float>(),
                                                               .positions = pass.batch.positions,
                                                               .tokens = x.rows,
                                                               .width = x.columns,
                                                               .rows = table.rows});
}

void Ops::add(Tensor x, Tensor y) {
    run(vector_add::ladder, vector_add::VectorAdd{.a = x.as<const float>(),
                                                  .b = y.as<const float>(),
                                                  .c = x.as<float>(),
                                                  .n = x.elements()});
}

void Ops::residual_norm(Tensor x, Tensor y, const Norm& norm, Tensor normed) {
    with_type(normed.type, [&](auto out) {
        using T = decltype(out);
        run(fused_kernels::residual_norm_ladder<T>,
            fused_kernels::ResidualNorm<T>{.x = x.as<float>(),
                                           .y = y.as<const float>(),
                                           .weight = norm.weight.as<const float>(),
                                           .bias = norm.bias.as<const float>(),
                                           .normed = normed.as<T>(),
                                           .rows = x.rows,
                                           .width = x.columns,
                                           .epsilon = static_cast<float>(norm.epsilon)});
    });
}

void Ops::norm_linear(const Pass& pass, Tensor x, const Norm& norm, DType compute, Tensor w,
                      Tensor bias, Tensor y) {
    with_types(compute, w.type, [&](auto activation, auto weight) {
        using X = decltype(activation);
        using W = decltype(weight);
        for_each_part(pass, [&](std::int64_t first, std::int64_t rows, bool single_tokens) {
            const Linear<X, W> linear =
                linear_of<X, W>({}, w, bias, {}, y.slice(first, rows), rows, single_tokens);
            run(fused_kernels::norm_linear_ladder<X, W>,
                norm_linear_of(x.slice(first, rows), norm, linear));
        });
    });
}

void Ops::linear(const Pass& pass, Tensor x, Tensor w, Tensor bias, Tensor residual, Tensor y) {
    with_types(x.type, w.type, [&](auto activation, auto weight) {
        using X = decltype(activation);
        using W = decltype(weight);
        for_each_part(pass, [&](std::int64_t first, std::int64_t rows, bool single_tokens) {
            const Linear<X, W> op =
                linear_of<X, W>(x.slice(first, rows), w, bias, rows_of(residual, first, rows),
                                y.slice(first, rows), rows, single_tokens);
            quantization::with_linear_ladder(op, [&](const auto& ladder) { run(ladder, op); });
        });
    });
}

void Ops::up_projection(const Pass& pass, Tensor x, Tensor w, Tensor bias, Activation activation,
                        Tensor y) {
    with_types(x.type, w.type, [&](auto input, auto weight) {
        using X = decltype(input);
        using W = decltype(weight);
        for_each_part(pass, [&](std::int64_t first, std::int64_t rows, bool single_tokens) {
            run(fused_kernels::up_projection_ladder<X, W>,
                fused_kernels::UpProjection<X, W>{
                    .linear =
                        linear_of<X, W>(x.slice(first, rows), w, bias, {}, {}, rows, single_tokens),
                    .y = y.slice(first, rows).template as<X>(),
                    .activation = activation});
        });
    });
}

void Ops::split_qkv(const Pass& pass, Tensor qkv, Tensor frequencies, const AttentionShape& shape,
                    const LayerCache& cache, Tensor q) {
    with_type(q.type, [&](auto stored) {
        using T = decltype(stored);
        run(positions::split_qkv_ladder<T>,
            positions::SplitQkv<T>{.qkv = qkv.as<const float>(),
                                   .frequencies = frequencies.as<const float>(),
                                   .q = q.as<T>(),
                                   .cache = cache.view<T>(),
                                   .batch = pass.batch,
                                   .heads = shape.heads,
                                   .kv_heads = shape.kv_heads,
                                   .head_dim = shape.head_dim});
    });
}

void Ops::attention(const Pass& pass, Tensor q, const LayerCache& cache,
                    const AttentionShape& shape, Tensor out) {
    with_type(q.type, [&](auto stored) {
        using T = decltype(stored);
        const auto op_on = [&](std::int64_t first, const Batch& batch) {
            return flash_attention::Attention<T>{.q = q.slice(first, batch.tokens).as<const T>(),
                                                 .cache = cache.view<T>(),
                                                 .out = out.slice(first, batch.tokens).as<T>(),
                                                 .batch = batch,
                                                 .shape = shape};
        };
        if (pass.singles > 0) {
            Batch singles = part_of(pass.batch, 0, pass.singles);
            singles.most_queries = 1;
            run(kv_cache::decode_ladder<T>, op_on(0, singles));
        }
        // One prompt at a time: its softmax is as long as the prompt, and how a row is shared among
        // threads, and so its rounding, depends on that length.
        for (const Pass::Prompt& prompt : pass.prompts) {
            Batch batch = part_of(pass.batch, prompt.first, prompt.count);
            batch.runs = 1;
            batch.most_queries = prompt.count;
            batch.longest = batch.cached = prompt.start + prompt.count;
            batch.pairs = prompt.count * prompt.start + prompt.count * (prompt.count + 1) / 2;
            run(flash_attention::ladder<T>, op_on(prompt.first, batch));
        }
    });
}

void Ops::route(Tensor logits, std::int64_t top_k, std::int32_t* chosen, Tensor shares) {
    run(mixture_of_experts::router_ladder,
        mixture_of_experts::Route{.logits = logits.as<const float>(),
                                  .chosen = chosen,
                                  .shares = shares.as<float>(),
                                  .tokens = logits.rows,
                                  .experts = logits.columns,
                                  .top_k = top_k});
}

void Ops::experts(Tensor x, const std::int32_t* chosen, Tensor shares, Tensor gate_up, Tensor down,
                  ActivationFunction function, std::int64_t expert_count, Tensor y) {
    with_types(x.type, down.type, [&](auto activation, auto weight) {
        using X = decltype(activation);
        using W = decltype(weight);
        run(mixture_of_experts::experts_ladder<X, W>,
            mixture_of_experts::Experts<X, W>{.x = x.as<const X>(),
                                              .chosen = chosen,
                                              .shares = shares.as<const float>(),
                                              .gate_up = gate_up.as<const W>(),
                                              .down = down.as<const W>(),
                                              .y = y.as<float>(),
                                              .tokens = x.rows,
                                              .width = x.columns,
                                              .inner = down.columns,
                                              .experts = expert_count,
                                              .top_k = shares.columns,
                                              .function = function});
    });
}

void Ops::copy_rows(Tensor from, std::span<const std::int64_t> rows, Tensor to) {
    if (planning_) return;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const Tensor row = from.slice(rows[i], 1);
        T2T_CHECK(cudaMemcpyAsync(to.slice(static_cast<std::int64_t>(i), 1).data, row.data,
                                  row.bytes(), cudaMemcpyDeviceToDevice, stream_));
    }
}

void Ops::output_layer(Tensor x, const Norm& norm, DType compute, Tensor w, Tensor y) {
    with_types(compute, w.type, [&](auto activation, auto weight) {
        using X = decltype(activation);
        using W = decltype(weight);
        const Linear<X, W> linear =
            linear_of<X, W>({}, w, {}, {}, y, x.rows, /*single_tokens=*/true);
        run(fused_kernels::norm_linear_ladder<X, W>, norm_linear_of(x, norm, linear));
    });
}

void Ops::sample(Tensor logits, const sampling::RowRule* rules, bool all_greedy,
                 std::int32_t* ids) {
    run(sampling::sample_ladder, sampling::Sample{.logits = logits.as<const float>(),
                                                  .rules = rules,
                                                  .ids = ids,
                                                  .rows = logits.rows,
                                                  .vocabulary = logits.columns,
                                                  .all_greedy = all_greedy});
}

void Ops::temperature(Tensor logits, const sampling::RowRule* rules, Tensor y) {
    run(sampling::temperature_ladder, sampling::Temperature{.logits = logits.as<const float>(),
                                                            .rules = rules,
                                                            .y = y.as<float>(),
                                                            .rows = logits.rows,
                                                            .vocabulary = logits.columns});
}

void Ops::softmax(Tensor x, Tensor y) {
    run(softmax::ladder,
        softmax::Softmax{
            .x = x.as<const float>(), .y = y.as<float>(), .rows = x.rows, .columns = x.columns});
}

void Ops::sort_tokens(Tensor values, Tensor sorted, std::int32_t* tokens) {
    run(sampling::sort_ladder, sampling::SortTokens{.values = values.as<const float>(),
                                                    .sorted = sorted.as<float>(),
                                                    .tokens = tokens,
                                                    .rows = values.rows,
                                                    .vocabulary = values.columns});
}

}  // namespace t2t::model

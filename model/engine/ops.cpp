#include "model/engine/ops.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "chapters/01_vector_add/vector_add.cuh"
#include "chapters/02_memory_access/memory_access.cuh"
#include "chapters/03_shared_memory/shared_memory.cuh"
#include "chapters/04_reduction/reduction.cuh"
#include "chapters/05_matmul/matmul.cuh"
#include "chapters/06_instructions/instructions.cuh"
#include "chapters/07_streams/streams.cuh"
#include "chapters/08_softmax/softmax.cuh"
#include "chapters/09_normalization/normalization.cuh"
#include "chapters/10_fused_kernels/fused_kernels.cuh"
#include "chapters/11_tensor_cores/tensor_cores.cuh"
#include "chapters/13_positions/positions.cuh"
#include "chapters/14_flash_attention/flash_attention.cuh"
#include "chapters/15_kv_cache/kv_cache.cuh"
#include "chapters/16_quantization/quantization.cuh"
#include "chapters/17_mixture_of_experts/mixture_of_experts.cuh"

namespace t2t::model {
namespace {

using bf16 = __nv_bfloat16;

double bytes_of(std::initializer_list<Tensor> tensors) {
    double sum = 0;
    for (const Tensor& tensor : tensors) sum += static_cast<double>(tensor.bytes());
    return sum;
}

/// Calls `use` with a value of the C++ type that `type` names: float or bf16.
template <typename Use>
void with_type(DType type, Use use) {
    switch (type) {
        case DType::fp32:
            return use(float{});
        case DType::bf16:
            return use(bf16{});
        case DType::fp16:
            break;
    }
    throw std::logic_error("no kernel computes in fp16");
}

/// As with_type(), for activations and weights: fp32 over either, or bf16 over bf16.
template <typename Use>
void with_types(DType activation, DType weight, Use use) {
    if (activation == DType::fp32) return with_type(weight, [&](auto w) { use(float{}, w); });
    if (activation == DType::bf16 && weight == DType::bf16) return use(bf16{}, bf16{});
    throw std::logic_error("bf16 activations need bf16 weights");
}

}  // namespace

template <const auto& ladder, typename... Arguments>
void Ops::launch(std::initializer_list<std::int64_t> shape, double bytes, Arguments... arguments) {
    const OpEntry& op = table_.at(ladder.operation);
    const auto& rung = ladder.rungs[op.selected];
    if (trace_ != nullptr) trace_->begin(stream_);
    rung.run(arguments..., stream_);
    if (trace_ != nullptr) {
        trace_->end(stream_, {op.operation, rung.name, op.chapter, shape, bytes, 0});
    }
}

void Ops::upload(std::span<const std::byte> host, std::byte* device) {
    launch<streams::upload_ladder>({static_cast<std::int64_t>(host.size())},
                                   static_cast<double>(host.size()), host.data(), device,
                                   host.size());
}

void Ops::transpose(Tensor from, Tensor to) {
    launch<shared_memory::ladder>({from.rows, from.columns}, bytes_of({from, to}),
                                  from.as<const float>(), to.as<float>(), from.rows, from.columns);
}

void Ops::round_to_bf16(Tensor from, Tensor to) {
    launch<quantization::round_ladder>({from.elements()}, bytes_of({from, to}),
                                       from.as<const float>(), to.as<bf16>(), from.elements());
}

void Ops::embed(Tensor table, const std::int32_t* ids, Tensor x) {
    with_type(table.type, [&](auto weight) {
        using Weight = decltype(weight);
        launch<memory_access::gather_rows_ladder<Weight>>(
            {x.rows, x.columns}, bytes_of({x, table.slice(0, x.rows)}), table.as<const Weight>(),
            ids, x.as<float>(), memory_access::GatherShape{table.rows, table.columns, x.rows});
    });
}

void Ops::add_positions(Tensor x, Tensor table, const std::int32_t* positions) {
    launch<positions::learned_ladder>({x.rows, x.columns}, bytes_of({x, x, x}), x.as<float>(),
                                      table.as<const float>(), positions,
                                      positions::LearnedShape{x.rows, x.columns, table.rows});
}

void Ops::add(Tensor x, Tensor y) {
    launch<vector_add::ladder>({x.rows, x.columns}, bytes_of({x, x, y}), x.as<const float>(),
                               y.as<const float>(), x.as<float>(), x.elements());
}

void Ops::layer_norm(Tensor x, Tensor weight, Tensor bias, double epsilon, Tensor y) {
    with_type(y.type, [&](auto out) {
        using T = decltype(out);
        launch<normalization::layer_norm_ladder<T>>(
            {x.rows, x.columns}, bytes_of({x, weight, bias, y}), x.as<const float>(),
            weight.as<const float>(), bias.as<const float>(), y.as<T>(),
            normalization::NormShape{x.rows, x.columns, static_cast<float>(epsilon)});
    });
}

void Ops::rms_norm(Tensor x, Tensor weight, double epsilon, Tensor y) {
    with_type(y.type, [&](auto out) {
        using T = decltype(out);
        launch<normalization::rms_norm_ladder<T>>(
            {x.rows, x.columns}, bytes_of({x, weight, y}), x.as<const float>(),
            weight.as<const float>(), y.as<T>(),
            normalization::NormShape{x.rows, x.columns, static_cast<float>(epsilon)});
    });
}

void Ops::linear(Step::Kind kind, Tensor x, Tensor w, Tensor bias, Tensor y) {
    const std::int64_t m = x.rows;
    const std::int64_t n = w.rows;
    const std::int64_t k = w.columns;
    const double bytes = bytes_of({x, w, bias, y});
    // What kind of step it is decides, not how many tokens there are: a sequence must get the same
    // numbers, to the bit, in a batch of any size.
    if (kind == Step::Kind::decode) {
        with_types(x.type, w.type, [&](auto activation, auto weight) {
            using T = decltype(activation);
            using Weight = decltype(weight);
            launch<quantization::gemv_ladder<T, Weight>>(
                {m, n, k}, bytes, x.as<const T>(), w.as<const Weight>(), bias.as<const float>(),
                y.as<float>(), quantization::GemvShape{m, n, k});
        });
    } else if (x.type == DType::bf16) {
        launch<tensor_cores::ladder>({m, n, k}, bytes, x.as<const bf16>(), w.as<const bf16>(),
                                     bias.as<const float>(), y.as<float>(),
                                     tensor_cores::MatmulShape{m, n, k});
    } else {
        with_type(w.type, [&](auto weight) {
            using Weight = decltype(weight);
            launch<matmul::ladder<Weight>>({m, n, k}, bytes, x.as<const float>(),
                                           w.as<const Weight>(), bias.as<const float>(),
                                           y.as<float>(), matmul::MatmulShape{m, n, k});
        });
    }
}

void Ops::gelu(Tensor x, Tensor y) {
    with_type(y.type, [&](auto out) {
        using T = decltype(out);
        launch<instructions::gelu_ladder<T>>({x.rows, x.columns}, bytes_of({x, y}),
                                             x.as<const float>(), y.as<T>(), x.elements());
    });
}

void Ops::swiglu(Tensor gate_up, Tensor y) {
    with_type(y.type, [&](auto out) {
        using T = decltype(out);
        launch<fused_kernels::swiglu_ladder<T>>({y.rows, y.columns}, bytes_of({gate_up, y}),
                                                gate_up.as<const float>(), y.as<T>(),
                                                fused_kernels::GateShape{y.rows, y.columns});
    });
}

void Ops::rope(Tensor qkv, const std::int32_t* positions, Tensor frequencies, AttentionShape shape,
               Tensor q, Tensor k, Tensor v) {
    with_type(q.type, [&](auto out) {
        using T = decltype(out);
        launch<positions::rope_ladder<T>>(
            {qkv.rows, shape.heads, shape.kv_heads, shape.head_dim}, bytes_of({qkv, q, k, v}),
            qkv.as<const float>(), frequencies.empty() ? nullptr : positions,
            frequencies.as<const float>(), q.as<T>(), k.as<T>(), v.as<T>(),
            positions::HeadsShape{qkv.rows, shape.heads, shape.kv_heads, shape.head_dim});
    });
}

void Ops::append(Tensor k, Tensor v, const Step& step, const LayerCache& cache) {
    with_type(k.type, [&](auto stored) {
        using T = decltype(stored);
        launch<kv_cache::append_ladder<T>>(
            {k.rows, k.columns}, 2 * bytes_of({k, v}), k.as<const T>(), v.as<const T>(),
            step.sequences, step.positions, cache.keys.as<T>(), cache.values.as<T>(),
            kv_cache::AppendShape{k.rows, cache.sequences, cache.capacity, k.columns});
    });
}

void Ops::attention(Tensor q, const LayerCache& cache, const Step& step, AttentionShape shape,
                    Tensor scratch, Tensor out) {
    const float scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape.head_dim)));
    with_type(q.type, [&](auto stored) {
        using T = decltype(stored);
        if (step.kind == Step::Kind::prompt) {
            const flash_attention::AttentionShape sizes{
                q.rows,         step.start,   shape.heads, shape.kv_heads,
                shape.head_dim, shape.window, scale};
            const Tensor keys = cache.keys.slice(step.sequence * cache.capacity, sizes.positions());
            const Tensor values =
                cache.values.slice(step.sequence * cache.capacity, sizes.positions());
            launch<flash_attention::ladder<T>>(
                {q.rows, sizes.positions(), shape.heads, shape.kv_heads, shape.head_dim},
                bytes_of({q, keys, values, out}), q.as<const T>(), keys.as<const T>(),
                values.as<const T>(), scratch.as<float>(), out.as<T>(), sizes);
        } else {
            const Tensor seen = cache.keys.slice(0, step.visible);
            launch<kv_cache::decode_ladder<T>>(
                {q.rows, step.visible, shape.heads, shape.kv_heads, shape.head_dim},
                bytes_of({q, seen, seen, out}), q.as<const T>(), cache.keys.as<const T>(),
                cache.values.as<const T>(), step.sequences, step.positions, out.as<T>(),
                kv_cache::DecodeShape{q.rows, cache.sequences, cache.capacity, shape.heads,
                                      shape.kv_heads, shape.head_dim, shape.window, scale});
        }
    });
}

void Ops::route(Tensor logits, std::int64_t top_k, std::int32_t* chosen, Tensor shares) {
    launch<mixture_of_experts::router_ladder>(
        {logits.rows, logits.columns, top_k}, bytes_of({logits, shares, shares}),
        logits.as<const float>(), chosen, shares.as<float>(),
        mixture_of_experts::RouterShape{logits.rows, logits.columns, top_k});
}

void Ops::experts(Tensor x, const std::int32_t* chosen, Tensor shares, Tensor gate_up, Tensor down,
                  std::int64_t expert_count, Tensor hidden, Tensor y) {
    const std::int64_t top_k = shares.columns;
    const std::int64_t inner = down.columns;
    // At least what one token's experts hold; at most all of them.
    const double read = static_cast<double>(std::min(x.rows * top_k, expert_count)) /
                        static_cast<double>(expert_count);
    with_types(x.type, down.type, [&](auto activation, auto weight) {
        using T = decltype(activation);
        using Weight = decltype(weight);
        launch<mixture_of_experts::experts_ladder<T, Weight>>(
            {x.rows, top_k, inner, x.columns}, bytes_of({x, y}) + read * bytes_of({gate_up, down}),
            x.as<const T>(), chosen, shares.as<const float>(), gate_up.as<const Weight>(),
            down.as<const Weight>(), hidden.as<T>(), y.as<float>(),
            mixture_of_experts::ExpertsShape{x.rows, x.columns, inner, expert_count, top_k});
    });
}

void Ops::argmax(Tensor logits, std::int32_t* tokens) {
    launch<reduction::argmax_ladder>({logits.rows, logits.columns}, bytes_of({logits}),
                                     logits.as<const float>(), tokens,
                                     reduction::RowsShape{logits.rows, logits.columns});
}

void Ops::temperature(Tensor logits, const float* temperatures, Tensor y) {
    launch<sampling::temperature_ladder>({logits.rows, logits.columns}, bytes_of({logits, y}),
                                         logits.as<const float>(), temperatures, y.as<float>(),
                                         sampling::TokensShape{logits.rows, logits.columns});
}

void Ops::softmax(Tensor x, Tensor y) {
    launch<softmax::ladder>({x.rows, x.columns}, bytes_of({x, y}), x.as<const float>(),
                            y.as<float>(), softmax::SoftmaxShape{x.rows, x.columns});
}

void Ops::sort_tokens(Tensor values, Tensor sorted, std::int32_t* tokens) {
    launch<sampling::sort_ladder>({values.rows, values.columns}, bytes_of({values, sorted, sorted}),
                                  values.as<const float>(), sorted.as<float>(), tokens,
                                  sampling::TokensShape{values.rows, values.columns});
}

void Ops::scan(Tensor x, Tensor y) {
    launch<reduction::scan_ladder>({x.rows, x.columns}, bytes_of({x, y}), x.as<const float>(),
                                   y.as<float>(), reduction::RowsShape{x.rows, x.columns});
}

void Ops::draw(Tensor cumulative, const std::int32_t* tokens, const sampling::DrawRule* rules,
               std::int32_t* drawn) {
    launch<sampling::draw_ladder>({cumulative.rows, cumulative.columns}, bytes_of({cumulative}),
                                  cumulative.as<const float>(), tokens, rules, drawn,
                                  sampling::TokensShape{cumulative.rows, cumulative.columns});
}

std::int64_t attention_scratch(AttentionShape shape, std::int64_t tokens, std::int64_t positions) {
    return flash_attention::scratch_size({tokens, positions - tokens, shape.heads, shape.kv_heads,
                                          shape.head_dim, shape.window, 1.0f});
}

}  // namespace t2t::model

#include "chapters/chapters.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <utility>

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
#include "chapters/18_sampling/sampling.cuh"

namespace t2t {
namespace {

/// 2 for `v2_tile`.
int number_of(std::string_view rung) {
    const std::string_view digits = rung.substr(1);
    int number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

/// What the ladders of several types say of one rung.
/// @param of_types its entry in each
RungEntry merged(const std::vector<RungEntry>& of_types) {
    RungEntry rung = of_types.front();
    rung.types.clear();
    std::vector<std::pair<std::string, std::string>> takes;  // what, and for which types
    for (const RungEntry& entry : of_types) {
        if (entry.needs != rung.needs) {
            throw std::logic_error("the rung " + std::string(rung.name) + " " +
                                   needs_text(rung.needs) + ", and for other types it " +
                                   needs_text(entry.needs) + "; make it two rungs");
        }
        const std::string_view type = entry.types.front();
        rung.types.push_back(type);
        const auto known =
            std::ranges::find(takes, entry.takes, &std::pair<std::string, std::string>::first);
        if (known == takes.end()) {
            takes.emplace_back(entry.takes, type);
        } else {
            known->second.append(", ").append(type);
        }
    }
    if (takes.size() > 1) {
        rung.takes.clear();
        for (const auto& [what, types] : takes) {
            rung.takes += (rung.takes.empty() ? "" : ", ") + what + " (" + types + ")";
        }
    }
    return rung;
}

}  // namespace

LadderEntry merged(const std::vector<LadderEntry>& ladders) {
    std::vector<std::vector<RungEntry>> rungs;  // each as the ladders have it
    for (const LadderEntry& ladder : ladders) {
        for (const RungEntry& rung : ladder.rungs) {
            const auto known = std::ranges::find_if(
                rungs, [&](const auto& of_types) { return of_types.front().name == rung.name; });
            if (known == rungs.end()) {
                rungs.push_back({rung});
            } else {
                known->push_back(rung);
            }
        }
    }
    std::ranges::stable_sort(rungs, {},
                             [](const auto& of_types) { return number_of(of_types.front().name); });

    LadderEntry all{ladders.front().operation, {}, ladders.front().on_cpu_device};
    for (const std::vector<RungEntry>& of_types : rungs) {
        RungEntry& rung = all.rungs.emplace_back(merged(of_types));
        if (rung.types.size() == ladders.size()) rung.types.clear();
    }
    return all;
}

std::string Chapter::folder() const {
    std::string result{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10),
                       '_'};
    result += name;
    return result;
}

const std::vector<Chapter>& chapters() {
    using fp32 = float;
    using bf16 = __nv_bfloat16;
    static const std::vector<Chapter> list{
        {1, "vector_add", "Vector add", {entry(vector_add::ladder)}},
        {2,
         "memory_access",
         "Memory access",
         {
             entry(memory_access::copy_ladder),
             entry(memory_access::aos_to_soa_ladder),
             entry(memory_access::gather_rows_ladder<fp32>,
                   memory_access::gather_rows_ladder<bf16>),
         }},
        {3, "shared_memory", "Shared memory", {entry(shared_memory::ladder)}},
        {4,
         "reduction",
         "Reduction",
         {
             entry(reduction::argmax_ladder),
             entry(reduction::scan_ladder),
         }},
        {5, "matmul", "Matrix multiplication", {entry(matmul::ladder<fp32>, matmul::ladder<bf16>)}},
        {6,
         "instructions",
         "Instructions",
         {
             entry(instructions::gelu_ladder<fp32>, instructions::gelu_ladder<bf16>),
             entry(instructions::activation_ladder<fp32>, instructions::activation_ladder<bf16>),
         }},
        {7, "streams", "Streams", {entry(streams::upload_ladder)}},
        {8, "softmax", "Softmax", {entry(softmax::ladder)}},
        {9,
         "normalization",
         "Normalization",
         {
             entry(normalization::layer_norm_ladder<fp32>, normalization::layer_norm_ladder<bf16>),
             entry(normalization::rms_norm_ladder<fp32>, normalization::rms_norm_ladder<bf16>),
         }},
        {10,
         "fused_kernels",
         "Fused kernels",
         {
             entry(fused_kernels::swiglu_ladder<fp32>, fused_kernels::swiglu_ladder<bf16>),
             entry(fused_kernels::residual_norm_ladder<fp32>,
                   fused_kernels::residual_norm_ladder<bf16>),
             entry(fused_kernels::norm_linear_ladder<fp32, fp32>,
                   fused_kernels::norm_linear_ladder<fp32, bf16>,
                   fused_kernels::norm_linear_ladder<bf16, bf16>),
             entry(fused_kernels::up_projection_ladder<fp32, fp32>,
                   fused_kernels::up_projection_ladder<fp32, bf16>,
                   fused_kernels::up_projection_ladder<bf16, bf16>),
         }},
        {11, "tensor_cores", "Tensor cores", {entry(tensor_cores::ladder)}},
        {12, "hopper", "Hopper", {}},
        {13,
         "positions",
         "Positions",
         {
             entry(positions::learned_ladder),
             entry(positions::rope_ladder<fp32>, positions::rope_ladder<bf16>),
             entry(positions::split_qkv_ladder<fp32>, positions::split_qkv_ladder<bf16>),
         }},
        {14,
         "flash_attention",
         "Flash attention",
         {entry(flash_attention::ladder<fp32>, flash_attention::ladder<bf16>)}},
        {15,
         "kv_cache",
         "KV cache",
         {
             entry(kv_cache::append_ladder<fp32>, kv_cache::append_ladder<bf16>),
             entry(kv_cache::decode_ladder<fp32>, kv_cache::decode_ladder<bf16>),
         }},
        {16,
         "quantization",
         "Quantization",
         {
             entry(quantization::gemv_ladder<fp32, fp32>, quantization::gemv_ladder<fp32, bf16>,
                   quantization::gemv_ladder<bf16, bf16>),
             entry(quantization::round_ladder),
         }},
        {17,
         "mixture_of_experts",
         "Mixture of experts",
         {
             entry(mixture_of_experts::router_ladder),
             entry(mixture_of_experts::experts_ladder<fp32, fp32>,
                   mixture_of_experts::experts_ladder<fp32, bf16>,
                   mixture_of_experts::experts_ladder<bf16, bf16>),
         }},
        {18,
         "sampling",
         "Sampling",
         {
             entry(sampling::temperature_ladder),
             entry(sampling::sort_ladder),
             entry(sampling::draw_ladder),
             entry(sampling::sample_ladder),
         }},
        {19, "serving", "Serving", {}},
        {20, "many_gpus", "Many GPUs", {}},
    };
    return list;
}

}  // namespace t2t

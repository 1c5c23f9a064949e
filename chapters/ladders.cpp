#include "chapters/ladders.hpp"

#include <map>

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

const std::vector<LadderEntry>& ladders_of(int chapter) {
    using fp32 = float;
    using bf16 = __nv_bfloat16;
    static const std::map<int, std::vector<LadderEntry>> ladders{
        {1, {entry(vector_add::ladder)}},
        {2,
         {
             entry(memory_access::copy_ladder),
             entry(memory_access::aos_to_soa_ladder),
             entry(memory_access::gather_rows_ladder<fp32>,
                   memory_access::gather_rows_ladder<bf16>),
         }},
        {3, {entry(shared_memory::ladder)}},
        {4,
         {
             entry(reduction::argmax_ladder),
             entry(reduction::scan_ladder),
         }},
        {5, {entry(matmul::ladder<fp32>, matmul::ladder<bf16>)}},
        {6,
         {
             entry(instructions::gelu_ladder<fp32>, instructions::gelu_ladder<bf16>),
             entry(instructions::activation_ladder<fp32>, instructions::activation_ladder<bf16>),
         }},
        {7, {entry(streams::upload_ladder)}},
        {8, {entry(softmax::ladder)}},
        {9,
         {
             entry(normalization::layer_norm_ladder<fp32>, normalization::layer_norm_ladder<bf16>),
             entry(normalization::rms_norm_ladder<fp32>, normalization::rms_norm_ladder<bf16>),
         }},
        {10,
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
        {11, {entry(tensor_cores::ladder)}},
        {13,
         {
             entry(positions::learned_ladder),
             entry(positions::rope_ladder<fp32>, positions::rope_ladder<bf16>),
             entry(positions::split_qkv_ladder<fp32>, positions::split_qkv_ladder<bf16>),
         }},
        {14, {entry(flash_attention::ladder<fp32>, flash_attention::ladder<bf16>)}},
        {15,
         {
             entry(kv_cache::append_ladder<fp32>, kv_cache::append_ladder<bf16>),
             entry(kv_cache::decode_ladder<fp32>, kv_cache::decode_ladder<bf16>),
         }},
        {16,
         {
             entry(quantization::gemv_ladder<fp32, fp32>, quantization::gemv_ladder<fp32, bf16>,
                   quantization::gemv_ladder<bf16, bf16>),
             entry(quantization::round_ladder),
         }},
        {17,
         {
             entry(mixture_of_experts::router_ladder),
             entry(mixture_of_experts::experts_ladder<fp32, fp32>,
                   mixture_of_experts::experts_ladder<fp32, bf16>,
                   mixture_of_experts::experts_ladder<bf16, bf16>),
         }},
        {18,
         {
             entry(sampling::temperature_ladder),
             entry(sampling::sort_ladder),
             entry(sampling::draw_ladder),
             entry(sampling::sample_ladder),
         }},
    };
    static const std::vector<LadderEntry> none;
    const auto found = ladders.find(chapter);
    return found == ladders.end() ? none : found->second;
}

}  // namespace t2t

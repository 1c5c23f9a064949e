#include "chapters/chapters.hpp"

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

template <typename Function, std::size_t Count>
LadderEntry entry(const Ladder<Function, Count>& ladder) {
    LadderEntry result{ladder.operation, {}};
    for (const auto& rung : ladder) result.rungs.push_back({rung.name, rung.idea, rung.needs});
    return result;
}

}  // namespace

std::string Chapter::folder() const {
    std::string result{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10),
                       '_'};
    result += name;
    return result;
}

const std::vector<Chapter>& chapters() {
    static const std::vector<Chapter> list{
        {1, "vector_add", "Vector add", {entry(vector_add::ladder)}},
        {2,
         "memory_access",
         "Memory access",
         {entry(memory_access::copy_ladder), entry(memory_access::aos_to_soa_ladder),
          entry(memory_access::gather_rows_ladder<float>)}},
        {3, "shared_memory", "Shared memory", {entry(shared_memory::ladder)}},
        {4,
         "reduction",
         "Reduction",
         {entry(reduction::argmax_ladder), entry(reduction::scan_ladder)}},
        {5, "matmul", "Matrix multiplication", {entry(matmul::ladder<float>)}},
        {6, "instructions", "Instructions", {entry(instructions::gelu_ladder<float>)}},
        {7, "streams", "Streams", {entry(streams::upload_ladder)}},
        {8, "softmax", "Softmax", {entry(softmax::ladder)}},
        {9,
         "normalization",
         "Normalization",
         {entry(normalization::layer_norm_ladder<float>),
          entry(normalization::rms_norm_ladder<float>)}},
        {10, "fused_kernels", "Fused kernels", {entry(fused_kernels::swiglu_ladder<float>)}},
        {11, "tensor_cores", "Tensor cores", {entry(tensor_cores::ladder)}},
        {12, "hopper", "Hopper", {}},
        {13,
         "positions",
         "Positions",
         {entry(positions::learned_ladder), entry(positions::rope_ladder<float>)}},
        {14, "flash_attention", "Flash attention", {entry(flash_attention::ladder<float>)}},
        {15,
         "kv_cache",
         "KV cache",
         {entry(kv_cache::append_ladder<float>), entry(kv_cache::decode_ladder<float>)}},
        {16,
         "quantization",
         "Quantization",
         {entry(quantization::gemv_ladder<float, float>), entry(quantization::round_ladder)}},
        {17,
         "mixture_of_experts",
         "Mixture of experts",
         {entry(mixture_of_experts::router_ladder),
          entry(mixture_of_experts::experts_ladder<float, float>)}},
        {18,
         "sampling",
         "Sampling",
         {entry(sampling::temperature_ladder), entry(sampling::sort_ladder),
          entry(sampling::draw_ladder)}},
        {19, "serving", "Serving", {}},
        {20, "many_gpus", "Many GPUs", {}},
    };
    return list;
}

}  // namespace t2t

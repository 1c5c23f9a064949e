#include "chapters/chapters.hpp"

#include "chapters/01_vector_add/vector_add.cuh"
#include "chapters/02_memory_access/memory_access.cuh"
#include "chapters/03_shared_memory/shared_memory.cuh"

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
          entry(memory_access::gather_rows_ladder)}},
        {3, "shared_memory", "Shared memory", {entry(shared_memory::ladder)}},
        {4, "reduction", "Reduction", {}},
        {5, "matmul", "Matrix multiplication", {}},
        {6, "instructions", "Instructions", {}},
        {7, "streams", "Streams", {}},
        {8, "softmax", "Softmax", {}},
        {9, "normalization", "Normalization", {}},
        {10, "fused_kernels", "Fused kernels", {}},
        {11, "tensor_cores", "Tensor cores", {}},
        {12, "hopper", "Hopper", {}},
        {13, "positions", "Positions", {}},
        {14, "flash_attention", "Flash attention", {}},
        {15, "kv_cache", "KV cache", {}},
        {16, "quantization", "Quantization", {}},
        {17, "mixture_of_experts", "Mixture of experts", {}},
        {18, "sampling", "Sampling", {}},
        {19, "serving", "Serving", {}},
        {20, "many_gpus", "Many GPUs", {}},
    };
    return list;
}

}  // namespace t2t

#include "chapters/chapters.hpp"

namespace t2t {

std::string Chapter::folder() const {
    std::string result{static_cast<char>('0' + number / 10), static_cast<char>('0' + number % 10),
                       '_'};
    result += name;
    return result;
}

const std::vector<Chapter>& chapters() {
    static const std::vector<Chapter> list{
        {1, "vector_add", "Vector add"},
        {2, "memory_access", "Memory access"},
        {3, "shared_memory", "Shared memory"},
        {4, "reduction", "Reduction"},
        {5, "matmul", "Matrix multiplication"},
        {6, "instructions", "Instructions"},
        {7, "streams", "Streams"},
        {8, "softmax", "Softmax"},
        {9, "normalization", "Normalization"},
        {10, "fused_kernels", "Fused kernels"},
        {11, "tensor_cores", "Tensor cores"},
        {12, "hopper", "Hopper", false},
        {13, "positions", "Positions"},
        {14, "flash_attention", "Flash attention"},
        {15, "kv_cache", "KV cache"},
        {16, "quantization", "Quantization"},
        {17, "mixture_of_experts", "Mixture of experts"},
        {18, "sampling", "Sampling"},
        {19, "serving", "Serving", false},
        {20, "many_gpus", "Many GPUs", false},
    };
    return list;
}

}  // namespace t2t

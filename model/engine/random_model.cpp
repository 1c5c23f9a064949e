#include "model/engine/random_model.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <vector>

#include <cuda_bf16.h>

#include "common/lab/inputs.hpp"

namespace t2t::model {
namespace {

struct KnownShape {
    std::string_view name;
    ModelConfig config;
};

const std::vector<KnownShape>& shapes() {
    static const std::vector<KnownShape> list = [] {
        ModelConfig gpt2;
        gpt2.architecture = "GPT2LMHeadModel";
        gpt2.family = Family::gpt2;
        gpt2.vocabulary = 50257;
        gpt2.width = 768;
        gpt2.layers = 12;
        gpt2.heads = gpt2.kv_heads = 12;
        gpt2.head_dim = 64;
        gpt2.inner = 3072;
        gpt2.context = 1024;
        gpt2.norm_epsilon = 1e-5;
        gpt2.tied_output = gpt2.attention_bias = gpt2.mlp_bias = true;

        ModelConfig gpt2_xl = gpt2;
        gpt2_xl.width = 1600;
        gpt2_xl.layers = 48;
        gpt2_xl.heads = gpt2_xl.kv_heads = 25;
        gpt2_xl.inner = 6400;

        ModelConfig llama;
        llama.architecture = "LlamaForCausalLM";
        llama.vocabulary = 32000;
        llama.width = 4096;
        llama.layers = 32;
        llama.heads = llama.kv_heads = 32;
        llama.head_dim = 128;
        llama.inner = 11008;
        llama.context = 4096;
        llama.norm_epsilon = 1e-5;
        llama.rope_theta = 1e4;

        ModelConfig mistral = llama;
        mistral.architecture = "MistralForCausalLM";
        mistral.kv_heads = 8;
        mistral.inner = 14336;
        mistral.context = 32768;
        mistral.window = 4096;

        ModelConfig mixtral = mistral;
        mixtral.architecture = "MixtralForCausalLM";
        mixtral.layers = 8;
        mixtral.window = 0;
        mixtral.rope_theta = 1e6;
        mixtral.experts = 8;
        mixtral.experts_per_token = 2;

        return std::vector<KnownShape>{{"gpt2", gpt2},
                                       {"gpt2-xl", gpt2_xl},
                                       {"llama-2-7b", llama},
                                       {"mistral-7b", mistral},
                                       {"mixtral-8x7b-8layers", mixtral}};
    }();
    return list;
}

std::int64_t largest_tensor(const ModelConfig& c) {
    return std::max({c.vocabulary * c.width, 3 * c.width * c.width, c.inner * c.width,
                     c.context * c.width, c.heads * c.head_dim * c.width});
}

}  // namespace

std::string known_shapes() {
    std::string names;
    for (const KnownShape& shape : shapes()) {
        if (!names.empty()) names += ", ";
        names += shape.name;
    }
    return names;
}

ModelConfig known_shape(std::string_view name) {
    const auto shape = std::ranges::find(shapes(), name, &KnownShape::name);
    if (shape == shapes().end()) {
        throw std::invalid_argument("there is no built-in shape '" + std::string(name) +
                                    "'; there are: " + known_shapes());
    }
    return shape->config;
}

TensorSource random_source(const ModelConfig& config) {
    constexpr std::size_t starts = 4096;  // a tensor begins at one of so many numbers
    const std::int64_t size = largest_tensor(config) + static_cast<std::int64_t>(starts);
    const double edge = 0.02 * std::sqrt(3.0);  // of a uniform distribution with deviation 0.02
    const auto numbers = std::make_shared<const std::vector<__nv_bfloat16>>(
        lab::uniform<__nv_bfloat16>(size, -edge, edge, /*seed=*/1));
    const auto ones = std::make_shared<const std::vector<__nv_bfloat16>>(
        static_cast<std::size_t>(config.width), __nv_bfloat16(1.0f));

    return [=](const std::string& name, const std::vector<std::int64_t>& shape) {
        StoredTensor tensor{DType::bf16, shape, {}, "random weights"};
        const bool norm = shape.size() == 1 && name.ends_with(".weight");
        const auto& from = norm ? *ones : *numbers;
        const std::size_t start = norm ? 0 : std::hash<std::string>{}(name) % starts;
        tensor.bytes = std::as_bytes(
            std::span(from).subspan(start, static_cast<std::size_t>(tensor.elements())));
        return tensor;
    };
}

}  // namespace t2t::model

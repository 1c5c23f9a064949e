/// @file
/// Small models written to a folder, in any of the ways in which a checkpoint may store its numbers.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <nlohmann/json.hpp>

#include "common/lab/inputs.hpp"

namespace t2t::tests {

/// A folder that is removed at the end.
class TemporaryFolder {
 public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "t2t-model-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }

    const std::filesystem::path& path() const { return path_; }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(path_ / name, std::ios::binary) << text;
    }

 private:
    std::filesystem::path path_;
};

/// One tensor to be stored.
struct TinyTensor {
    std::string name;
    std::vector<std::int64_t> shape;
    std::vector<float> values;
    std::string type = {};  ///< "F64", "F32", "F16" or "BF16"; empty for that of the file
};

/// A model: its config.json, and its tensors.
struct TinyModel {
    nlohmann::json config;
    std::vector<TinyTensor> tensors;

    /// Adds a tensor of numbers that fp32, fp16 and bf16 all hold exactly: whole multiples of 1/64.
    void add(const std::string& name, const std::vector<std::int64_t>& shape, int low = -8,
             int high = 8) {
        std::int64_t count = 1;
        for (const std::int64_t size : shape) count *= size;
        std::vector<float> values =
            lab::integers(count, low, high, 1000 + static_cast<std::uint64_t>(tensors.size()));
        for (float& value : values) value /= 64;
        tensors.push_back({name, shape, std::move(values), {}});
    }

    TinyTensor& at(const std::string& name) {
        for (TinyTensor& tensor : tensors) {
            if (tensor.name == name) return tensor;
        }
        throw std::out_of_range(name);
    }
};

/// The bytes of a safetensors file; type is "F64", "F32", "F16" or "BF16", for tensors that say nothing else.
inline std::string safetensors(const std::vector<TinyTensor>& tensors, const std::string& type) {
    nlohmann::json header;
    std::string numbers;
    for (const TinyTensor& tensor : tensors) {
        const std::size_t begin = numbers.size();
        const std::string stored = tensor.type.empty() ? type : tensor.type;
        const auto append = [&](auto value) {
            numbers.append(reinterpret_cast<const char*>(&value), sizeof value);
        };
        for (const float value : tensor.values) {
            if (stored == "F64") append(double{value});
            if (stored == "F32") append(value);
            if (stored == "F16") append(__float2half(value));
            if (stored == "BF16") append(__float2bfloat16(value));
        }
        header[tensor.name] = {
            {"dtype", stored}, {"shape", tensor.shape}, {"data_offsets", {begin, numbers.size()}}};
    }
    const std::string text = header.dump();
    const std::uint64_t size = text.size();
    std::string file(reinterpret_cast<const char*>(&size), sizeof size);
    return file + text + numbers;
}

inline void write_model(const TemporaryFolder& folder, const TinyModel& model,
                        const std::string& type) {
    folder.write("config.json", model.config.dump());
    folder.write("model.safetensors", safetensors(model.tensors, type));
}

/// GPT-2 with sizes that are all different.
/// @param root `transformer.`, or nothing, as in the oldest checkpoints
inline TinyModel tiny_gpt2(const std::string& root = "transformer.") {
    TinyModel m;
    const std::int64_t width = 20, inner = 36, vocabulary = 50, context = 24;
    m.config = {{"architectures", {"GPT2LMHeadModel"}},
                {"model_type", "gpt2"},
                {"vocab_size", vocabulary},
                {"n_embd", width},
                {"n_layer", 2},
                {"n_head", 2},
                {"n_positions", context},
                {"n_inner", inner},
                {"layer_norm_epsilon", 1e-5},
                {"activation_function", "gelu_new"},
                {"bos_token_id", 0},
                {"eos_token_id", 0},
                {"tie_word_embeddings", true}};
    m.add(root + "wte.weight", {vocabulary, width}, -64, 64);
    m.add(root + "wpe.weight", {context, width}, -64, 64);
    for (int i = 0; i < 2; ++i) {
        const std::string h = root + "h." + std::to_string(i) + ".";
        m.add(h + "ln_1.weight", {width}, 32, 96);
        m.add(h + "ln_1.bias", {width});
        m.add(h + "attn.c_attn.weight", {width, 3 * width}, -20, 20);
        m.add(h + "attn.c_attn.bias", {3 * width});
        m.add(h + "attn.c_proj.weight", {width, width}, -20, 20);
        m.add(h + "attn.c_proj.bias", {width});
        m.add(h + "ln_2.weight", {width}, 32, 96);
        m.add(h + "ln_2.bias", {width});
        m.add(h + "mlp.c_fc.weight", {width, inner}, -20, 20);
        m.add(h + "mlp.c_fc.bias", {inner});
        m.add(h + "mlp.c_proj.weight", {inner, width}, -20, 20);
        m.add(h + "mlp.c_proj.bias", {width});
    }
    m.add(root + "ln_f.weight", {width}, 32, 96);
    m.add(root + "ln_f.bias", {width});
    return m;
}

/// What the Llama family's models have in common. Sizes are all different.
/// @param feed_forward adds the feed-forward layer's tensors, given the layer's prefix
inline void add_llama_layers(TinyModel& m, std::int64_t width, std::int64_t heads, std::int64_t dim,
                             std::int64_t vocabulary,
                             const std::function<void(const std::string&)>& feed_forward) {
    m.add("model.embed_tokens.weight", {vocabulary, width}, -64, 64);
    for (int i = 0; i < 2; ++i) {
        const std::string layer = "model.layers." + std::to_string(i) + ".";
        m.add(layer + "input_layernorm.weight", {width}, 32, 96);
        m.add(layer + "self_attn.q_proj.weight", {heads * dim, width}, -20, 20);
        m.add(layer + "self_attn.k_proj.weight", {dim, width}, -20, 20);
        m.add(layer + "self_attn.v_proj.weight", {dim, width}, -20, 20);
        m.add(layer + "self_attn.o_proj.weight", {width, heads * dim}, -20, 20);
        m.add(layer + "post_attention_layernorm.weight", {width}, 32, 96);
        feed_forward(layer);
    }
    m.add("model.norm.weight", {width}, 32, 96);
    m.add("lm_head.weight", {vocabulary, width}, -60, 60);
}

/// Mistral with an untied output and a window of 5.
inline TinyModel tiny_mistral() {
    TinyModel m;
    const std::int64_t width = 22, inner = 14, vocabulary = 40;
    m.config = {{"architectures", {"MistralForCausalLM"}},
                {"model_type", "mistral"},
                {"vocab_size", vocabulary},
                {"hidden_size", width},
                {"intermediate_size", inner},
                {"num_hidden_layers", 2},
                {"num_attention_heads", 2},
                {"num_key_value_heads", 1},
                {"head_dim", 6},
                {"max_position_embeddings", 64},
                {"rms_norm_eps", 1e-5},
                {"rope_theta", 1e4},
                {"hidden_act", "silu"},
                {"sliding_window", 5},
                {"tie_word_embeddings", false},
                {"bos_token_id", 1},
                {"eos_token_id", nullptr}};
    add_llama_layers(m, width, 2, 6, vocabulary, [&](const std::string& layer) {
        m.add(layer + "mlp.gate_proj.weight", {inner, width}, -20, 20);
        m.add(layer + "mlp.up_proj.weight", {inner, width}, -20, 20);
        m.add(layer + "mlp.down_proj.weight", {width, inner}, -20, 20);
    });
    return m;
}

/// Mixtral with an untied output and sizes that are all different.
inline TinyModel tiny_mixtral() {
    TinyModel m;
    const std::int64_t width = 18, inner = 10, vocabulary = 40, heads = 3, dim = 8, experts = 3;
    m.config = {{"architectures", {"MixtralForCausalLM"}},
                {"model_type", "mixtral"},
                {"vocab_size", vocabulary},
                {"hidden_size", width},
                {"intermediate_size", inner},
                {"num_hidden_layers", 2},
                {"num_attention_heads", heads},
                {"num_key_value_heads", 1},
                {"head_dim", dim},
                {"max_position_embeddings", 64},
                {"rms_norm_eps", 1e-5},
                {"rope_theta", 1e4},
                {"hidden_act", "silu"},
                {"sliding_window", nullptr},
                {"num_local_experts", experts},
                {"num_experts_per_tok", 2},
                {"tie_word_embeddings", false},
                {"bos_token_id", 1},
                {"eos_token_id", 2}};
    add_llama_layers(m, width, heads, dim, vocabulary, [&](const std::string& layer) {
        m.add(layer + "block_sparse_moe.gate.weight", {experts, width}, -60, 60);
        for (int e = 0; e < experts; ++e) {
            const std::string expert =
                layer + "block_sparse_moe.experts." + std::to_string(e) + ".";
            m.add(expert + "w1.weight", {inner, width}, -20, 20);
            m.add(expert + "w2.weight", {width, inner}, -20, 20);
            m.add(expert + "w3.weight", {inner, width}, -20, 20);
        }
    });
    return m;
}

}  // namespace t2t::tests

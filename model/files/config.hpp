/// @file
/// A model's shape: what config.json says, every field checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/device/activation.hpp"
#include "model/files/warning.hpp"

namespace t2t::model {

/// The two ways in which supported models compute.
enum class Family {
    gpt2,   ///< learned positions, LayerNorm, GELU
    llama,  ///< RoPE, RMSNorm, SwiGLU: Llama, Mistral, and Mixtral with its experts
};

/// @name How RoPE is stretched to contexts longer than those that a model was first trained on
/// @{

/// All frequencies are slowed alike. (Chen and others, Extending Context Window by Position Interpolation,
/// 2023.)
struct LinearScaling {
    double factor;  ///< ≥ 1

    bool operator==(const LinearScaling&) const = default;  ///< all fields alike
};

/// Low frequencies are slowed, high ones stay. (Llama 3.1.)
struct Llama3Scaling {
    double factor;                  ///< by how much low frequencies are slowed, ≥ 1
    double low_frequency_factor;    ///< > 0
    double high_frequency_factor;   ///< > low_frequency_factor
    std::int64_t original_context;  ///< tokens, ≥ 1

    bool operator==(const Llama3Scaling&) const = default;  ///< all fields alike
};

/// The same with a ramp over the pairs' numbers. (Peng and others, YaRN, 2023, section 3.2.)
struct YarnScaling {
    double factor;                  ///< by how much low frequencies are slowed, ≥ 1
    double fast_turns;              ///< pairs that turn more often in the original context stay
    double slow_turns;              ///< pairs that turn less often are slowed by the whole factor
    std::int64_t original_context;  ///< tokens, ≥ 1
    bool whole_pairs;               ///< the ramp begins and ends at a whole number of pairs

    bool operator==(const YarnScaling&) const = default;  ///< all fields alike
};

/// Each frequency is slowed by a factor of its own. (Ding and others, LongRoPE, 2024.)
struct LongRopeScaling {
    std::vector<double> factors;  ///< [head_dim / 2]

    bool operator==(const LongRopeScaling&) const = default;  ///< all fields alike
};

/// One of them, or none.
using RopeScaling =
    std::variant<std::monostate, LinearScaling, Llama3Scaling, YarnScaling, LongRopeScaling>;
/// @}

/// The shape of a model, under one set of names for all architectures.
struct ModelConfig {
    std::string architecture;       ///< `MistralForCausalLM`
    Family family = Family::llama;  ///< how it computes

    std::int64_t vocabulary = 0;  ///< tokens that the model knows
    std::int64_t width = 0;       ///< values of a token's vector
    std::int64_t layers = 0;      ///< transformer layers
    std::int64_t heads = 0;       ///< query heads
    std::int64_t kv_heads = 0;    ///< key and value heads; divides heads
    std::int64_t head_dim = 0;  ///< values of one head; heads · head_dim need not be width (llama)
    std::int64_t inner = 0;     ///< width inside the feed-forward layer, or inside one expert
    std::int64_t context = 0;   ///< the most tokens that a sequence may have
    std::int64_t window = 0;    ///< positions that a token sees, itself included; 0 for all

    double norm_epsilon = 0;            ///< added under the root of every norm
    double rope_theta = 0;              ///< llama
    RopeScaling rope_scaling;           ///< llama
    double rope_magnitude = 1;          ///< llama: factor of every sine and cosine
    bool plain_scores = false;          ///< gpt2: q · k is not divided by √head_dim
    bool scores_fall_by_layer = false;  ///< gpt2: layer i divides q · k by i + 1 as well

    /// Of the feed-forward layer; of its gates in the Llama family. Nothing: the family's own.
    std::optional<ActivationFunction> activation;

    std::int64_t experts = 0;            ///< 0: one feed-forward layer for all tokens
    std::int64_t experts_per_token = 0;  ///< 0 without experts

    bool tied_output = false;     ///< the output layer is the embedding table
    bool attention_bias = false;  ///< q, k, v and output projections have biases
    bool mlp_bias = false;        ///< feed-forward layers have biases

    std::optional<std::int32_t> first_token;  ///< bos_token_id
    std::vector<std::int32_t> end_tokens;     ///< eos_token_id: one, several or none
};

/// The architectures that can be read, for messages: `GPT2LMHeadModel, LlamaForCausalLM, …`.
std::string supported_architectures();

/// Reads the text of a config.json.
/// @param json what the file holds
/// @param file its name, for messages
/// @param warn told of what is ignored, and of sizes that are left out and become transformers' defaults
/// @throws FileError one sentence naming the file, the field, what it holds and what it may hold:
///                   not JSON, a field missing, of a wrong type, negative or out of range, fields
///                   that contradict each other, an architecture or a setting that is not supported
ModelConfig parse_config(std::string_view json, const std::filesystem::path& file,
                         const Warn& warn = {});

/// Reads `folder`/config.json, and the end tokens of `folder`/generation_config.json where there is
/// one (it is what Hugging Face generates by).
/// @throws FileError as parse_config(), and when config.json is missing or cannot be read
ModelConfig read_config(const std::filesystem::path& folder, const Warn& warn = {});

/// The factor of every q · k in `layer`, counted from 0: 1 / √head_dim, unless the config says otherwise.
/// A magnitude of RoPE is a factor of q and of k, and so its square is part of this.
double attention_scale(const ModelConfig& config, std::int64_t layer);

/// RoPE's angle for each step of position: θ^(−2i / head_dim), stretched where the config says so.
/// Worked out in float64 and rounded to fp32 once.
/// @returns [head_dim / 2]
/// @throws std::invalid_argument when the family has no RoPE
std::vector<float> rope_frequencies(const ModelConfig& config);

}  // namespace t2t::model

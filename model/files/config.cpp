#include "model/files/config.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "model/files/json_fields.hpp"
#include "model/files/json_file.hpp"

namespace t2t::model {
namespace {

using nlohmann::json;

/// An architecture, and what its fields mean where config.json leaves them out. The values are those
/// of Hugging Face's configuration classes.
struct Architecture {
    std::string_view name;
    std::string_view model_type;
    Family family;
    double norm_epsilon;
    double rope_theta;
    std::int64_t kv_heads;  ///< 0: as many as heads
    bool has_window;        ///< whether sliding_window means anything
    std::int64_t window;
    bool has_experts;
    bool tied_output;
    std::int32_t first_token;  ///< these two only where the vocabulary is large enough
    std::int32_t end_token;
};

constexpr std::array architectures = {
    Architecture{.name = "GPT2LMHeadModel",
                 .model_type = "gpt2",
                 .family = Family::gpt2,
                 .norm_epsilon = 1e-5,
                 .rope_theta = 0,
                 .kv_heads = 0,
                 .has_window = false,
                 .window = 0,
                 .has_experts = false,
                 .tied_output = true,
                 .first_token = 50256,
                 .end_token = 50256},
    Architecture{.name = "LlamaForCausalLM",
                 .model_type = "llama",
                 .family = Family::llama,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 1e4,
                 .kv_heads = 0,
                 .has_window = false,
                 .window = 0,
                 .has_experts = false,
                 .tied_output = false,
                 .first_token = 1,
                 .end_token = 2},
    Architecture{.name = "MistralForCausalLM",
                 .model_type = "mistral",
                 .family = Family::llama,
                 .norm_epsilon = 1e-6,
                 .rope_theta = 1e4,
                 .kv_heads = 8,
                 .has_window = true,
                 .window = 4096,
                 .has_experts = false,
                 .tied_output = false,
                 .first_token = 1,
                 .end_token = 2},
    Architecture{.name = "MixtralForCausalLM",
                 .model_type = "mixtral",
                 .family = Family::llama,
                 .norm_epsilon = 1e-5,
                 .rope_theta = 1e6,
                 .kv_heads = 8,
                 .has_window = true,
                 .window = 0,
                 .has_experts = true,
                 .tied_output = false,
                 .first_token = 1,
                 .end_token = 2},
};

const Architecture& architecture_of(const Fields& fields) {
    if (!fields.is_set("architectures")) {
        fields.fail(
            "architectures is missing; it names the model's class, such as LlamaForCausalLM");
    }
    const json& names = *fields.find("architectures");
    if (!names.is_array() || names.size() != 1 || !names[0].is_string()) {
        fields.fail("architectures must be a list of one name");
    }
    const auto& name = names[0].get_ref<const std::string&>();
    const auto found = std::find_if(architectures.begin(), architectures.end(),
                                    [&](const Architecture& each) { return each.name == name; });
    if (found == architectures.end()) {
        fields.fail("architectures is [" + in_quotes(name) + "]; supported are " +
                    supported_architectures());
    }
    if (fields.is_set("model_type") && *fields.find("model_type") != json(found->model_type)) {
        fields.fail("architectures is [" + in_quotes(name) + "], but model_type is " +
                    shown(*fields.find("model_type")) + " and not " + in_quotes(found->model_type));
    }
    return *found;
}

/// RoPE's settings.
struct Rope {
    double theta;
    std::optional<Llama3Scaling> scaling;
};

bool same(const Rope& a, const Rope& b) {
    if (a.theta != b.theta || a.scaling.has_value() != b.scaling.has_value()) return false;
    return !a.scaling || (a.scaling->factor == b.scaling->factor &&
                          a.scaling->low_frequency_factor == b.scaling->low_frequency_factor &&
                          a.scaling->high_frequency_factor == b.scaling->high_frequency_factor &&
                          a.scaling->original_context == b.scaling->original_context);
}

std::optional<double> read_theta(const Fields& fields) {
    if (fields.find("rope_theta") == nullptr) return std::nullopt;
    return fields.number("rope_theta", 1, 1e30);
}

void require_whole_head(const Fields& fields) {
    if (fields.is_set("partial_rotary_factor") &&
        fields.number("partial_rotary_factor", 0, 1) != 1) {
        fields.fail_value("partial_rotary_factor",
                          "1, because rotating part of a head is not supported");
    }
}

/// Reads `rope_type`, or `type` as it was called first.
std::string read_rope_type(const Fields& fields) {
    static constexpr std::array<std::string_view, 2> supported = {"default", "llama3"};
    if (fields.find("rope_type") == nullptr && fields.find("type") == nullptr) {
        // A factor says that positions are scaled. How is not for us to guess.
        if (fields.find("factor") != nullptr) fields.fail_missing("rope_type");
        return "default";
    }
    if (fields.find("rope_type") == nullptr) return fields.one_of("type", supported, "");
    const std::string type = fields.one_of("rope_type", supported, "");
    if (fields.find("type") != nullptr && fields.one_of("type", supported, "") != type) {
        fields.fail(fields.name_of("rope_type") + " and " + fields.name_of("type") +
                    " contradict each other");
    }
    return type;
}

Llama3Scaling read_llama3_scaling(const Fields& model, const Fields& rope) {
    constexpr double largest = 1e9;
    constexpr double smallest = 1e-9;
    const Llama3Scaling scaling{
        .factor = rope.number("factor", 1, largest),
        .low_frequency_factor = rope.number("low_freq_factor", smallest, largest),
        .high_frequency_factor = rope.number("high_freq_factor", smallest, largest),
        .original_context = rope.size("original_max_position_embeddings")};
    if (scaling.high_frequency_factor <= scaling.low_frequency_factor) {
        rope.fail_value("high_freq_factor", "greater than low_freq_factor, which is " +
                                                shown(*rope.find("low_freq_factor")));
    }
    const auto outside = model.optional_size("original_max_position_embeddings");
    if (outside && *outside != scaling.original_context) {
        model.fail("original_max_position_embeddings and " +
                   rope.name_of("original_max_position_embeddings") + " contradict each other");
    }
    return scaling;
}

/// `rope_parameters` is how transformers 5 writes it; before, there were `rope_theta` and
/// `rope_scaling`. Where both are given they must say the same.
Rope read_rope(const Fields& fields, double default_theta) {
    require_whole_head(fields);
    const std::optional<double> outer_theta = read_theta(fields);
    std::optional<Rope> found;
    for (const std::string_view name : {"rope_parameters", "rope_scaling"}) {
        if (!fields.is_set(name)) continue;
        const Fields inner = fields.inside(name);
        for (const auto& [key, value] : inner.object().items()) {
            if (value.is_object()) {
                inner.fail(inner.name_of(key) +
                           " is an object, but RoPE that differs from layer to layer is not "
                           "supported");
            }
        }
        require_whole_head(inner);
        const std::optional<double> inner_theta = read_theta(inner);
        if (inner_theta && outer_theta && *inner_theta != *outer_theta) {
            fields.fail("rope_theta is " + shown(*fields.find("rope_theta")) + ", but " +
                        inner.name_of("rope_theta") + " is " + shown(*inner.find("rope_theta")));
        }
        Rope rope{inner_theta.value_or(outer_theta.value_or(default_theta)), std::nullopt};
        if (read_rope_type(inner) == "llama3") rope.scaling = read_llama3_scaling(fields, inner);
        if (found && !same(*found, rope)) {
            fields.fail("rope_parameters and rope_scaling contradict each other");
        }
        found = rope;
    }
    return found.value_or(Rope{outer_theta.value_or(default_theta), std::nullopt});
}

/// `layer_types` may only repeat what the window says already.
void check_layer_types(const Fields& fields, const ModelConfig& config) {
    if (!fields.is_set("layer_types")) return;
    const json& types = *fields.find("layer_types");
    if (!types.is_array() || types.size() != static_cast<std::size_t>(config.layers)) {
        fields.fail("layer_types must be a list with one entry for each of the " +
                    std::to_string(config.layers) + " layers");
    }
    const std::string expected = config.window > 0 ? "sliding_attention" : "full_attention";
    for (const json& type : types) {
        if (type != json(expected)) {
            fields.fail("layer_types holds " + shown(type) + ", but all layers must be " +
                        in_quotes(expected) +
                        ", which is what sliding_window says; layers that differ are not "
                        "supported");
        }
    }
}

std::int64_t divided(const Fields& fields, std::string_view width_name, std::int64_t width,
                     std::string_view heads_name, std::int64_t heads) {
    if (width % heads != 0) {
        fields.fail(std::string(width_name) + " is " + std::to_string(width) +
                    ", which is not a multiple of " + std::string(heads_name) + ", " +
                    std::to_string(heads));
    }
    return width / heads;
}

void read_gpt2(const Fields& fields, ModelConfig& config) {
    static constexpr std::array<std::string_view, 2> tanh_gelu = {"gelu_new", "gelu_pytorch_tanh"};
    fields.one_of("activation_function", tanh_gelu, "gelu_new");
    fields.require_boolean("scale_attn_weights", true);
    fields.require_boolean("scale_attn_by_inverse_layer_idx", false);
    fields.require_boolean("add_cross_attention", false);

    config.width = fields.size("n_embd");
    config.layers = fields.size("n_layer");
    config.heads = fields.size("n_head");
    config.kv_heads = config.heads;
    config.head_dim = divided(fields, "n_embd", config.width, "n_head", config.heads);
    config.inner = fields.optional_size("n_inner").value_or(4 * config.width);
    config.context = fields.size("n_positions");
    config.attention_bias = true;
    config.mlp_bias = true;
}

void read_llama(const Fields& fields, const Architecture& architecture, ModelConfig& config) {
    static constexpr std::array<std::string_view, 1> silu = {"silu"};
    fields.one_of("hidden_act", silu, "silu");

    config.width = fields.size("hidden_size");
    config.layers = fields.size("num_hidden_layers");
    config.heads = fields.size("num_attention_heads");
    config.inner = fields.size("intermediate_size");
    config.context = fields.size("max_position_embeddings");

    // `null` means as many as heads; an absent field means what the architecture's default says.
    const bool fewer = architecture.kv_heads > 0 && fields.find("num_key_value_heads") == nullptr;
    config.kv_heads = fewer ? architecture.kv_heads
                            : fields.optional_size("num_key_value_heads").value_or(config.heads);
    if (config.heads % config.kv_heads != 0) {
        fields.fail("num_attention_heads is " + std::to_string(config.heads) +
                    ", which is not a multiple of num_key_value_heads, " +
                    std::to_string(config.kv_heads) + (fewer ? " where it is not given" : ""));
    }

    const std::optional<std::int64_t> head_dim = fields.optional_size("head_dim");
    config.head_dim = head_dim ? *head_dim
                               : divided(fields, "hidden_size", config.width, "num_attention_heads",
                                         config.heads);
    if (config.head_dim % 2 != 0) {
        fields.fail("head_dim is " + std::to_string(config.head_dim) +
                    "; it must be even, because RoPE turns pairs");
    }

    const Rope rope = read_rope(fields, architecture.rope_theta);
    config.rope_theta = rope.theta;
    config.rope_scaling = rope.scaling;

    if (architecture.has_window) {
        const bool given = fields.find("sliding_window") != nullptr;
        config.window =
            given ? fields.optional_size("sliding_window").value_or(0) : architecture.window;
    }
    check_layer_types(fields, config);

    if (architecture.has_experts) {
        config.experts = fields.size("num_local_experts");
        config.experts_per_token = fields.integer("num_experts_per_tok", 1, config.experts);
    }
    if (architecture.name == "LlamaForCausalLM") {
        config.attention_bias = fields.boolean("attention_bias", false);
        config.mlp_bias = fields.boolean("mlp_bias", false);
    } else {
        fields.require_boolean("attention_bias", false);
        fields.require_boolean("mlp_bias", false);
    }
}

/// Weights and cache must have fewer than 2⁶³ bytes, so that no size that is worked out from the
/// configuration overflows.
void require_fits(const Fields& fields, const ModelConfig& config) {
    const auto require = [&](std::string_view what, std::initializer_list<std::int64_t> factors) {
        std::int64_t product = sizeof(float);
        for (const std::int64_t factor : factors) {
            if (__builtin_mul_overflow(product, factor, &product)) {
                fields.fail(std::string(what) +
                            " would have more bytes than 64 bits can count; the sizes are too "
                            "large");
            }
        }
    };
    const std::int64_t experts = std::max<std::int64_t>(config.experts, 1);
    require("the embedding table", {config.vocabulary, config.width});
    require("the feed-forward layers", {3, config.layers, experts, config.width, config.inner});
    require("the attention layers",
            {4, config.layers, config.width, config.heads, config.head_dim});
    require("the cache of a full context",
            {2, config.layers, config.context, config.kv_heads, config.head_dim});
    require("the attention scores", {config.heads, config.context});
    if (config.heads * config.head_dim > max_size) {
        fields.fail("num_attention_heads · head_dim is " +
                    std::to_string(config.heads * config.head_dim) + "; it may be at most " +
                    std::to_string(max_size));
    }
}

}  // namespace

std::string supported_architectures() {
    std::vector<std::string_view> names;
    for (const Architecture& architecture : architectures) names.push_back(architecture.name);
    return joined(names, ", ");
}

ModelConfig parse_config(std::string_view text, const std::filesystem::path& file) {
    const json document = parse_json_object(text, file);
    const Fields fields(document, file);
    const Architecture& architecture = architecture_of(fields);
    fields.require_unset("quantization_config", "a quantized checkpoint");
    fields.require_unset("per_layer_config", "a model whose layers differ");

    ModelConfig config;
    config.architecture = architecture.name;
    config.family = architecture.family;
    config.vocabulary = fields.size("vocab_size");
    config.tied_output = fields.boolean("tie_word_embeddings", architecture.tied_output);
    if (config.family == Family::gpt2) {
        read_gpt2(fields, config);
    } else {
        read_llama(fields, architecture, config);
    }
    const std::string_view epsilon =
        config.family == Family::gpt2 ? "layer_norm_epsilon" : "rms_norm_eps";
    config.norm_epsilon = fields.find(epsilon) == nullptr ? architecture.norm_epsilon
                                                          : fields.number(epsilon, 1e-30, 1);

    // A default id that the vocabulary does not have would never be met.
    if (fields.is_set("bos_token_id")) {
        config.first_token =
            static_cast<std::int32_t>(fields.integer("bos_token_id", 0, config.vocabulary - 1));
    } else if (fields.find("bos_token_id") == nullptr &&
               architecture.first_token < config.vocabulary) {
        config.first_token = architecture.first_token;
    }
    config.end_tokens = fields.tokens("eos_token_id", config.vocabulary);
    if (fields.find("eos_token_id") == nullptr && architecture.end_token < config.vocabulary) {
        config.end_tokens = {architecture.end_token};
    }
    require_fits(fields, config);
    return config;
}

ModelConfig read_config(const std::filesystem::path& folder) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        throw FileError(folder, "there is no such folder");
    }
    const std::filesystem::path file = folder / "config.json";
    ModelConfig config = parse_config(read_text(file), file);

    const std::filesystem::path generation_file = folder / "generation_config.json";
    if (std::filesystem::exists(generation_file, error)) {
        const json generation = parse_json_object(read_text(generation_file), generation_file);
        const Fields fields(generation, generation_file);
        if (fields.is_set("eos_token_id")) {
            config.end_tokens = fields.tokens("eos_token_id", config.vocabulary);
        }
    }
    return config;
}

std::vector<float> rope_frequencies(const ModelConfig& config) {
    if (config.family != Family::llama) {
        throw std::invalid_argument("rope_frequencies: " + config.architecture +
                                    " learns its positions and has no RoPE");
    }
    std::vector<float> frequencies;
    for (std::int64_t i = 0; i < config.head_dim / 2; ++i) {
        const double exponent =
            -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim);
        double frequency = std::pow(config.rope_theta, exponent);
        if (config.rope_scaling) {
            const Llama3Scaling& scaling = *config.rope_scaling;
            // How often this pair turns around within the context that it was first trained on:
            // fast pairs stay, slow ones are stretched, those in between are blended.
            const double turns =
                static_cast<double>(scaling.original_context) * frequency / (2 * std::numbers::pi);
            const double low = scaling.low_frequency_factor;
            const double high = scaling.high_frequency_factor;
            const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
            frequency = kept * frequency + (1 - kept) * frequency / scaling.factor;
        }
        frequencies.push_back(static_cast<float>(frequency));
    }
    return frequencies;
}

}  // namespace t2t::model

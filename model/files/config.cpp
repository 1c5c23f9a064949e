#include "model/files/config.hpp"

#include <algorithm>
#include <array>
#include <cctype>
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
    std::int64_t vocabulary = 32000;
    std::int64_t width = 4096;
    std::int64_t inner = 0;  ///< 0: 4 · width
    std::int64_t layers = 32;
    std::int64_t heads = 32;
    std::int64_t kv_heads = 0;  ///< 0: as many as heads
    std::int64_t context;
    double norm_epsilon;
    double rope_theta = 1e4;
    bool has_window = false;  ///< whether sliding_window means anything
    std::int64_t window = 0;
    std::int64_t experts = 0;
    std::int64_t experts_per_token = 0;
    bool tied_output = false;
    std::int32_t first_token = 1;  ///< these two only where the vocabulary is large enough
    std::int32_t end_token = 2;
};

constexpr std::array architectures = {
    Architecture{.name = "GPT2LMHeadModel",
                 .model_type = "gpt2",
                 .family = Family::gpt2,
                 .vocabulary = 50257,
                 .width = 768,
                 .layers = 12,
                 .heads = 12,
                 .context = 1024,
                 .norm_epsilon = 1e-5,
                 .tied_output = true,
                 .first_token = 50256,
                 .end_token = 50256},
    Architecture{.name = "LlamaForCausalLM",
                 .model_type = "llama",
                 .family = Family::llama,
                 .inner = 11008,
                 .context = 2048,
                 .norm_epsilon = 1e-6},
    Architecture{.name = "MistralForCausalLM",
                 .model_type = "mistral",
                 .family = Family::llama,
                 .inner = 14336,
                 .kv_heads = 8,
                 .context = 131072,
                 .norm_epsilon = 1e-6,
                 .has_window = true,
                 .window = 4096},
    Architecture{.name = "MixtralForCausalLM",
                 .model_type = "mixtral",
                 .family = Family::llama,
                 .inner = 14336,
                 .kv_heads = 8,
                 .context = 131072,
                 .norm_epsilon = 1e-5,
                 .rope_theta = 1e6,
                 .has_window = true,
                 .experts = 8,
                 .experts_per_token = 2},
};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return lower;
}

/// `architectures` without a `model_type`: one class, by its name or as the model without its output layer.
const Architecture& architecture_of_class(const Fields& fields) {
    if (!fields.is_set("architectures")) {
        fields.fail(
            "model_type is missing; add the kind of model that it is: \"model_type\": \"llama\", or gpt2, "
            "mistral, mixtral");
    }
    const json& names = *fields.find("architectures");
    if (!names.is_array() || names.size() != 1 || !names[0].is_string()) {
        fields.fail("architectures must be a list of one name");
    }
    const auto& name = names[0].get_ref<const std::string&>();
    const auto found = std::ranges::find_if(architectures, [&](const Architecture& each) {
        return lower_case(name) == lower_case(each.name) ||
               lower_case(name) == std::string(each.model_type) + "model";
    });
    if (found == architectures.end()) {
        fields.fail("architectures is [" + in_quotes(name) + "]; supported are " +
                    supported_architectures());
    }
    return *found;
}

/// `model_type` decides, as it does in transformers; `architectures` only where it is not given.
const Architecture& architecture_of(const Fields& fields) {
    if (!fields.is_set("model_type")) return architecture_of_class(fields);
    const json& type = *fields.find("model_type");
    const auto found = std::ranges::find_if(
        architectures, [&](const Architecture& each) { return type == json(each.model_type); });
    if (found == architectures.end()) {
        fields.fail("model_type is " + shown(type) + "; supported are " +
                    "gpt2, llama, mistral and mixtral");
    }
    const json* names = fields.find("architectures");
    if (names != nullptr && names->is_array() && !names->empty() && names->front().is_string()) {
        const auto& name = names->front().get_ref<const std::string&>();
        if (!lower_case(name).starts_with(found->model_type)) {
            fields.warn("architectures is [" + in_quotes(name) + "], but model_type is " +
                        shown(type) + "; it is read as a " + std::string(found->name));
        }
    }
    return *found;
}

/// RoPE's settings.
struct Rope {
    double theta;
    RopeScaling scaling = {};
    double magnitude = 1;
    std::int64_t context = 0;  ///< tokens that this is for; 0: as many as the model has

    bool operator==(const Rope&) const = default;
};

constexpr double largest_factor = 1e9;
constexpr double smallest_factor = 1e-9;

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
    static constexpr std::array<std::string_view, 6> supported = {"default", "linear",   "dynamic",
                                                                  "yarn",    "longrope", "llama3"};
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

/// The context that the model was first trained on; where it is not given, the whole one.
std::int64_t read_original_context(const Fields& model, const Fields& rope, std::int64_t context) {
    constexpr std::string_view name = "original_max_position_embeddings";
    const auto outside = model.optional_size(name);
    const auto inside = rope.optional_size(name);
    if (outside && inside && *outside != *inside) {
        model.fail(std::string(name) + " and " + rope.name_of(name) + " contradict each other");
    }
    return inside ? *inside : outside.value_or(context);
}

double number_or(const Fields& fields, std::string_view name, double low, double high,
                 double absent) {
    return fields.is_set(name) ? fields.number(name, low, high) : absent;
}

Llama3Scaling read_llama3_scaling(const Fields& rope, std::int64_t original_context) {
    const Llama3Scaling scaling{
        .factor = rope.number("factor", 1, largest_factor),
        .low_frequency_factor = rope.number("low_freq_factor", smallest_factor, largest_factor),
        .high_frequency_factor = rope.number("high_freq_factor", smallest_factor, largest_factor),
        .original_context = original_context};
    if (scaling.high_frequency_factor <= scaling.low_frequency_factor) {
        rope.fail_value("high_freq_factor", "greater than low_freq_factor, which is " +
                                                shown(*rope.find("low_freq_factor")));
    }
    return scaling;
}

/// `factor`, or by how much the context has grown.
double read_factor(const Fields& rope, std::int64_t context, std::int64_t original_context) {
    return number_or(rope, "factor", smallest_factor, largest_factor,
                     static_cast<double>(context) / static_cast<double>(original_context));
}

/// Fills in the scaling and the magnitude. Formulas as in transformers 5.
void read_yarn(const Fields& fields, std::int64_t context, std::int64_t original_context,
               Rope& rope) {
    const double factor = read_factor(fields, context, original_context);
    if (!(rope.theta > 1)) fields.fail_value("rope_type", "default where rope_theta is 1");
    // 0 stands for the default in these four, as it does in transformers.
    const auto given = [&](std::string_view name) {
        return number_or(fields, name, 0, largest_factor, 0);
    };
    const double fast = given("beta_fast");
    const double slow = given("beta_slow");
    rope.scaling = YarnScaling{.factor = factor,
                               .fast_turns = fast > 0 ? fast : 32,
                               .slow_turns = slow > 0 ? slow : 1,
                               .original_context = original_context,
                               .whole_pairs = fields.boolean("truncate", true)};

    const double share = given("mscale");
    const double share_of_all = given("mscale_all_dim");
    const auto magnitude = [&](double m) {
        return factor > 1 ? 0.1 * m * std::log(factor) + 1 : 1;
    };
    const double usual =
        share > 0 && share_of_all > 0 ? magnitude(share) / magnitude(share_of_all) : magnitude(1);
    rope.magnitude = number_or(fields, "attention_factor", 0, largest_factor, usual);
}

/// Fills in the scaling for texts within the original context, where the context ends then, and the
/// magnitude. Formulas as in transformers 5.
void read_longrope(const Fields& fields, std::int64_t context, std::int64_t original_context,
                   std::int64_t pairs, Rope& rope) {
    LongRopeScaling scaling;
    for (const char* name : {"long_factor", "short_factor"}) {  // the latter is kept
        const json* list = fields.find(name);
        if (list == nullptr) fields.fail_missing(name);
        const std::string wanted = "a list of " + std::to_string(pairs) +
                                   " numbers greater than 0, one for each pair of a head";
        if (!list->is_array() || list->size() != static_cast<std::size_t>(pairs)) {
            fields.fail_value(name, wanted);
        }
        scaling.factors.clear();
        for (const json& factor : *list) {
            const double value = factor.is_number() ? factor.get<double>() : 0;
            if (!(value >= smallest_factor && value <= largest_factor)) {
                fields.fail(fields.name_of(name) + " holds " + shown(factor) + "; it must be " +
                            wanted);
            }
            scaling.factors.push_back(value);
        }
    }
    rope.scaling = std::move(scaling);
    const double factor = read_factor(fields, context, original_context);
    const double usual =
        factor > 1
            ? std::sqrt(1 + std::log(factor) / std::log(static_cast<double>(original_context)))
            : 1;
    rope.magnitude = number_or(fields, "attention_factor", 0, largest_factor, usual);
    if (!std::isfinite(rope.magnitude)) {
        fields.fail_value("rope_type", "default where the original context is a single token");
    }
    if (original_context < context) rope.context = original_context;
}

/// `rope_parameters` is how transformers 5 writes it; before, there were `rope_theta` and
/// `rope_scaling`. Where both are given they must say the same.
Rope read_rope(const Fields& fields, double default_theta, const ModelConfig& config) {
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
        Rope rope{.theta = inner_theta.value_or(outer_theta.value_or(default_theta))};
        const std::string type = read_rope_type(inner);
        const auto original = [&] { return read_original_context(fields, inner, config.context); };
        if (type == "linear") {
            rope.scaling = LinearScaling{inner.number("factor", 1, largest_factor)};
        } else if (type == "dynamic") {
            // θ grows with the text, but only beyond the context, where this model ends.
            inner.number("factor", 1, largest_factor);
        } else if (type == "yarn") {
            read_yarn(inner, config.context, original(), rope);
        } else if (type == "longrope") {
            read_longrope(inner, config.context, original(), config.head_dim / 2, rope);
        } else if (type == "llama3") {
            rope.scaling = read_llama3_scaling(inner, original());
        }
        if (found && *found != rope) {
            fields.fail("rope_parameters and rope_scaling contradict each other");
        }
        found = rope;
    }
    return found.value_or(Rope{.theta = outer_theta.value_or(default_theta)});
}

/// `layer_types` changes nothing in these families, where all layers are alike: sliding_window says what
/// they see. A list that says otherwise deserves a word.
void check_layer_types(const Fields& fields, const ModelConfig& config) {
    if (!fields.is_set("layer_types") || !fields.find("layer_types")->is_array()) return;
    const json expected = config.window > 0 ? "sliding_attention" : "full_attention";
    const json& types = *fields.find("layer_types");
    const auto other = std::ranges::find_if(types, [&](const json& t) { return t != expected; });
    if (other == types.end()) return;
    fields.warn("layer_types holds " + shown(*other) + ", but all layers of this model are " +
                shown(expected) + "; it is ignored");
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

/// An activation as config.json calls it. Several names are one function, worked out in several ways.
struct ActivationName {
    std::string_view name;
    ActivationFunction function;
};

constexpr std::array activation_names = {
    ActivationName{"gelu", ActivationFunction::gelu_erf},
    ActivationName{"gelu_python", ActivationFunction::gelu_erf},
    ActivationName{"gelu_new", ActivationFunction::gelu_tanh},
    ActivationName{"gelu_fast", ActivationFunction::gelu_tanh},
    ActivationName{"gelu_accurate", ActivationFunction::gelu_tanh},
    ActivationName{"gelu_python_tanh", ActivationFunction::gelu_tanh},
    ActivationName{"gelu_pytorch_tanh", ActivationFunction::gelu_tanh},
    ActivationName{"quick_gelu", ActivationFunction::gelu_quick},
    ActivationName{"silu", ActivationFunction::silu},
    ActivationName{"swish", ActivationFunction::silu},
    ActivationName{"relu", ActivationFunction::relu},
    ActivationName{"tanh", ActivationFunction::tanh},
};

ActivationFunction read_activation(const Fields& fields, std::string_view name,
                                   std::string_view absent) {
    std::array<std::string_view, activation_names.size()> names;
    std::ranges::transform(activation_names, names.begin(), &ActivationName::name);
    const std::string given = fields.one_of(name, names, absent);
    return std::ranges::find(activation_names, given, &ActivationName::name)->function;
}

/// The name under which a size stands: its own, or the one that all families share.
std::string_view present(const Fields& fields, std::string_view own, std::string_view shared) {
    return fields.find(own) == nullptr && fields.find(shared) != nullptr ? shared : own;
}

void read_gpt2(const Fields& fields, const Architecture& architecture, ModelConfig& config) {
    config.activation = read_activation(fields, "activation_function", "gelu_new");
    config.plain_scores = !fields.boolean("scale_attn_weights", true);
    config.scores_fall_by_layer = fields.boolean("scale_attn_by_inverse_layer_idx", false);
    fields.require_boolean("add_cross_attention", false);

    const auto size = [&](std::string_view own, std::string_view shared, std::int64_t absent) {
        return fields.size(present(fields, own, shared), absent);
    };
    config.width = size("n_embd", "hidden_size", architecture.width);
    config.layers = size("n_layer", "num_hidden_layers", architecture.layers);
    config.heads = size("n_head", "num_attention_heads", architecture.heads);
    config.kv_heads = config.heads;
    config.head_dim = divided(fields, "n_embd", config.width, "n_head", config.heads);
    config.inner = fields.optional_size("n_inner").value_or(4 * config.width);
    config.context = size("n_positions", "max_position_embeddings", architecture.context);
    config.attention_bias = true;
    config.mlp_bias = true;
}

void read_llama(const Fields& fields, const Architecture& architecture, ModelConfig& config) {
    config.activation = read_activation(fields, "hidden_act", "silu");

    config.width = fields.size("hidden_size", architecture.width);
    config.layers = fields.size("num_hidden_layers", architecture.layers);
    config.heads = fields.size("num_attention_heads", architecture.heads);
    config.inner = fields.size("intermediate_size", architecture.inner);
    config.context = fields.size("max_position_embeddings", architecture.context);

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

    const Rope rope = read_rope(fields, architecture.rope_theta, config);
    config.rope_theta = rope.theta;
    config.rope_scaling = rope.scaling;
    config.rope_magnitude = rope.magnitude;
    if (rope.context > 0) {
        fields.warn("longrope has other factors for texts of more than " +
                    std::to_string(rope.context) +
                    " tokens, which is not supported; the context ends there");
        config.context = rope.context;
    }

    if (architecture.has_window) {
        config.window = architecture.window;
        if (fields.find("sliding_window") != nullptr) {
            const bool given = fields.is_set("sliding_window");
            config.window = given ? fields.integer("sliding_window", 0, max_size) : 0;
            if (given && config.window == 0) {
                fields.warn(
                    "sliding_window is 0, under which a token would see nothing; it is taken as null, "
                    "no window");
            }
        }
    }
    check_layer_types(fields, config);

    if (architecture.experts > 0) {
        config.experts =
            fields.size(present(fields, "num_local_experts", "num_experts"), architecture.experts);
        config.experts_per_token = fields.find("num_experts_per_tok") == nullptr
                                       ? std::min(architecture.experts_per_token, config.experts)
                                       : fields.integer("num_experts_per_tok", 1, config.experts);
    }
    // Mistral and Mixtral have no biases, whatever the two say.
    if (architecture.model_type == "llama") {
        config.attention_bias = fields.boolean("attention_bias", false);
        config.mlp_bias = fields.boolean("mlp_bias", false);
    }
}

/// Refuses quantised weights. Training scripts also leave a `quantization_config` that quantises nothing.
void require_unquantized(const Fields& fields) {
    if (!fields.is_set("quantization_config")) return;
    const json& config = *fields.find("quantization_config");
    const auto is_off = [&](const char* name) {
        return config.value(name, json(false)) == json(false);
    };
    const bool is_nothing =
        config.is_object() &&
        (config.empty() || (config.contains("load_in_4bit") && config.contains("load_in_8bit") &&
                            is_off("load_in_4bit") && is_off("load_in_8bit")));
    if (!is_nothing) fields.require_unset("quantization_config", "a quantized checkpoint");
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

ModelConfig parse_config(std::string_view text, const std::filesystem::path& file,
                         const Warn& warn) {
    const json document = parse_json_object(text, file);
    const Fields fields(document, file, warn);
    const Architecture& architecture = architecture_of(fields);
    require_unquantized(fields);
    fields.require_unset("per_layer_config", "a model whose layers differ");

    ModelConfig config;
    config.architecture = architecture.name;
    config.family = architecture.family;
    config.vocabulary = fields.size("vocab_size", architecture.vocabulary);
    config.tied_output = fields.boolean("tie_word_embeddings", architecture.tied_output);
    if (config.family == Family::gpt2) {
        read_gpt2(fields, architecture, config);
    } else {
        read_llama(fields, architecture, config);
    }
    const std::string_view epsilon =
        config.family == Family::gpt2 ? "layer_norm_epsilon" : "rms_norm_eps";
    config.norm_epsilon = fields.find(epsilon) == nullptr ? architecture.norm_epsilon
                                                          : fields.number(epsilon, 1e-30, 1);

    // A default id that the vocabulary does not have would never be met.
    const std::vector<std::int32_t> first = fields.tokens("bos_token_id", config.vocabulary);
    if (!first.empty()) {
        config.first_token = first.front();
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

ModelConfig read_config(const std::filesystem::path& folder, const Warn& warn) {
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) {
        throw FileError(folder, "there is no such folder");
    }
    const std::filesystem::path file = folder / "config.json";
    ModelConfig config = parse_config(read_text(file), file, warn);

    const std::filesystem::path generation_file = folder / "generation_config.json";
    if (std::filesystem::exists(generation_file, error)) {
        const json generation = parse_json_object(read_text(generation_file), generation_file);
        const Fields fields(generation, generation_file, warn);
        if (fields.is_set("eos_token_id")) {
            config.end_tokens = fields.tokens("eos_token_id", config.vocabulary);
        }
    }
    return config;
}

double attention_scale(const ModelConfig& config, std::int64_t layer) {
    double scale = config.rope_magnitude * config.rope_magnitude;
    if (!config.plain_scores) scale /= std::sqrt(static_cast<double>(config.head_dim));
    if (config.scores_fall_by_layer) scale /= static_cast<double>(layer + 1);
    return scale;
}

namespace {

/// How much of a pair's frequency is left: the share that stays, and the rest slowed by `factor`.
double blended(double kept, double factor) {
    return kept + (1 - kept) / factor;
}

/// What a pair's frequency is multiplied by; an overload for each kind of scaling.
struct ScaleOfPair {
    const ModelConfig& config;
    std::int64_t pair;
    double frequency;  ///< unscaled, in radians per position

    double operator()(const std::monostate&) const { return 1; }
    double operator()(const LinearScaling& scaling) const { return 1 / scaling.factor; }
    double operator()(const LongRopeScaling& scaling) const {
        return 1 / scaling.factors[static_cast<std::size_t>(pair)];
    }
    double operator()(const Llama3Scaling& scaling) const {
        // How often this pair turns around within the context that it was first trained on: fast pairs stay,
        // slow ones are stretched, those in between are blended.
        const double turns =
            static_cast<double>(scaling.original_context) * frequency / (2 * std::numbers::pi);
        const double low = scaling.low_frequency_factor;
        const double high = scaling.high_frequency_factor;
        return blended(std::clamp((turns - low) / (high - low), 0.0, 1.0), scaling.factor);
    }
    double operator()(const YarnScaling& scaling) const {
        // The pair, not necessarily whole, that turns around so often within the original context.
        const auto pair_of = [&](double turns) {
            return static_cast<double>(config.head_dim) *
                   std::log(static_cast<double>(scaling.original_context) /
                            (turns * 2 * std::numbers::pi)) /
                   (2 * std::log(config.rope_theta));
        };
        double first = pair_of(scaling.fast_turns);
        double last = pair_of(scaling.slow_turns);
        if (scaling.whole_pairs) {
            first = std::floor(first);
            last = std::ceil(last);
        }
        first = std::max(first, 0.0);
        last = std::min(last, static_cast<double>(config.head_dim - 1));
        if (first == last) last += 0.001;  // a step in place of a ramp
        const double slowed =
            std::clamp((static_cast<double>(pair) - first) / (last - first), 0.0, 1.0);
        return blended(1 - slowed, scaling.factor);
    }
};

}  // namespace

std::vector<float> rope_frequencies(const ModelConfig& config) {
    if (config.family != Family::llama) {
        throw std::invalid_argument("rope_frequencies: " + config.architecture +
                                    " learns its positions and has no RoPE");
    }
    std::vector<float> frequencies;
    for (std::int64_t i = 0; i < config.head_dim / 2; ++i) {
        const double exponent =
            -2.0 * static_cast<double>(i) / static_cast<double>(config.head_dim);
        const double frequency = std::pow(config.rope_theta, exponent);
        const double scale = std::visit(ScaleOfPair{config, i, frequency}, config.rope_scaling);
        frequencies.push_back(static_cast<float>(frequency * scale));
    }
    return frequencies;
}

}  // namespace t2t::model

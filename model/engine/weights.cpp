#include "model/engine/weights.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <set>
#include <stdexcept>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "common/device/check.hpp"
#include "model/files/file_error.hpp"

namespace t2t::model {
namespace {

/// Numbers converted at a time: a multiple of 8, so that every piece starts 16-byte aligned.
constexpr std::int64_t chunk = std::int64_t{1} << 22;

/// Where a tensor of the device comes from: stored tensors, one below the other.
struct Plan {
    Tensor* target;
    std::vector<StoredTensor> parts;
    bool transposed;  // stored [inputs, outputs], as GPT-2's Conv1D does
    DType type;       // on the device
    std::int64_t rows, columns;

    std::int64_t elements() const { return rows * columns; }
    std::uint64_t bytes() const { return static_cast<std::uint64_t>(elements()) * size_of(type); }
};

/// Collects what there is to load.
class Planner {
 public:
    Planner(const TensorSource& source, DType compute) : source_(source), compute_(compute) {}

    /// [outputs, inputs], stored as such; several names are stacked.
    void matrix(Tensor& target, const std::vector<std::string>& names,
                const std::vector<std::int64_t>& rows, std::int64_t columns) {
        Plan plan{&target, {}, false, compute_, 0, columns};
        bool all_bf16 = true;
        for (std::size_t i = 0; i < names.size(); ++i) {
            plan.parts.push_back(source_(names[i], {rows[i], columns}));
            plan.rows += rows[i];
            all_bf16 = all_bf16 && plan.parts.back().type == DType::bf16;
        }
        if (all_bf16) plan.type = DType::bf16;  // narrower than fp32, and nothing is lost
        plans_.push_back(std::move(plan));
    }
    /// The last two matrices go through one kernel: they get one type.
    void share_type() {
        Plan& last = plans_.back();
        Plan& before = plans_[plans_.size() - 2];
        if (last.type != before.type) last.type = before.type = compute_;
    }
    /// One matrix.
    void matrix(Tensor& target, const std::string& name, std::int64_t rows, std::int64_t columns) {
        matrix(target, std::vector{name}, {rows}, columns);
    }
    /// [outputs, inputs], stored as [inputs, outputs].
    void transposed(Tensor& target, const std::string& name, std::int64_t rows,
                    std::int64_t columns) {
        StoredTensor part = source_(name, {columns, rows});
        const DType type = part.type == DType::bf16 ? DType::bf16 : compute_;
        plans_.push_back({&target, {std::move(part)}, true, type, rows, columns});
    }
    /// A row of fp32; several names are joined.
    void vector(Tensor& target, const std::vector<std::string>& names,
                const std::vector<std::int64_t>& sizes) {
        Plan plan{&target, {}, false, DType::fp32, 1, 0};
        for (std::size_t i = 0; i < names.size(); ++i) {
            plan.parts.push_back(source_(names[i], {sizes[i]}));
            plan.columns += sizes[i];
        }
        plans_.push_back(std::move(plan));
    }
    /// A row of fp32.
    void vector(Tensor& target, const std::string& name, std::int64_t size) {
        vector(target, std::vector{name}, {size});
    }
    /// A matrix that is kept in fp32.
    void table(Tensor& target, const std::string& name, std::int64_t rows, std::int64_t columns) {
        plans_.push_back(
            {&target, {source_(name, {rows, columns})}, false, DType::fp32, rows, columns});
    }

    const std::vector<Plan>& plans() const { return plans_; }

 private:
    const TensorSource& source_;
    DType compute_;
    std::vector<Plan> plans_;
};

void plan_gpt2(const ModelConfig& c, const TensorSource& source, Weights& weights,
               Planner& planner) {
    const std::string root = "transformer.";
    // A config with layers that the checkpoint does not have ends here, before anything is made for them.
    source(root + "h." + std::to_string(c.layers - 1) + ".ln_1.weight", {c.width});
    weights.layers.resize(static_cast<std::size_t>(c.layers));
    planner.matrix(weights.embedding, root + "wte.weight", c.vocabulary, c.width);
    planner.table(weights.positions, root + "wpe.weight", c.context, c.width);
    for (std::int64_t i = 0; i < c.layers; ++i) {
        LayerWeights& layer = weights.layers[static_cast<std::size_t>(i)];
        const std::string h = root + "h." + std::to_string(i) + ".";
        planner.vector(layer.attention_norm, h + "ln_1.weight", c.width);
        planner.vector(layer.attention_norm_bias, h + "ln_1.bias", c.width);
        planner.transposed(layer.qkv, h + "attn.c_attn.weight", 3 * c.width, c.width);
        planner.vector(layer.qkv_bias, h + "attn.c_attn.bias", 3 * c.width);
        planner.transposed(layer.attention_out, h + "attn.c_proj.weight", c.width, c.width);
        planner.vector(layer.attention_out_bias, h + "attn.c_proj.bias", c.width);
        planner.vector(layer.mlp_norm, h + "ln_2.weight", c.width);
        planner.vector(layer.mlp_norm_bias, h + "ln_2.bias", c.width);
        planner.transposed(layer.up, h + "mlp.c_fc.weight", c.inner, c.width);
        planner.vector(layer.up_bias, h + "mlp.c_fc.bias", c.inner);
        planner.transposed(layer.down, h + "mlp.c_proj.weight", c.width, c.inner);
        planner.vector(layer.down_bias, h + "mlp.c_proj.bias", c.width);
    }
    planner.vector(weights.final_norm, root + "ln_f.weight", c.width);
    planner.vector(weights.final_norm_bias, root + "ln_f.bias", c.width);
    if (!c.tied_output) planner.matrix(weights.output, "lm_head.weight", c.vocabulary, c.width);
}

void plan_experts(const ModelConfig& c, LayerWeights& layer, const std::string& moe,
                  Planner& planner) {
    std::vector<std::string> gate_up, down;
    for (std::int64_t e = 0; e < c.experts; ++e) {
        const std::string expert = moe + "experts." + std::to_string(e) + ".";
        gate_up.push_back(expert + "w1.weight");
        gate_up.push_back(expert + "w3.weight");
        down.push_back(expert + "w2.weight");
    }
    planner.matrix(layer.router, moe + "gate.weight", c.experts, c.width);
    planner.matrix(layer.expert_gate_up, gate_up,
                   std::vector<std::int64_t>(gate_up.size(), c.inner), c.width);
    planner.matrix(layer.expert_down, down, std::vector<std::int64_t>(down.size(), c.width),
                   c.inner);
    planner.share_type();
}

void plan_llama(const ModelConfig& c, const TensorSource& source, Weights& weights,
                Planner& planner) {
    // A config with layers or experts that the checkpoint does not have ends here, before anything is
    // made for them.
    const std::string last = "model.layers." + std::to_string(c.layers - 1) + ".";
    source(last + "input_layernorm.weight", {c.width});
    if (c.experts > 0) {
        source(last + "block_sparse_moe.experts." + std::to_string(c.experts - 1) + ".w1.weight",
               {c.inner, c.width});
    }
    weights.layers.resize(static_cast<std::size_t>(c.layers));
    const std::int64_t q_rows = c.heads * c.head_dim;
    const std::int64_t kv_rows = c.kv_heads * c.head_dim;
    planner.matrix(weights.embedding, "model.embed_tokens.weight", c.vocabulary, c.width);
    for (std::int64_t i = 0; i < c.layers; ++i) {
        LayerWeights& layer = weights.layers[static_cast<std::size_t>(i)];
        const std::string root = "model.layers." + std::to_string(i) + ".";
        const std::string attention = root + "self_attn.";
        const std::string mlp = root + "mlp.";
        planner.vector(layer.attention_norm, root + "input_layernorm.weight", c.width);
        planner.matrix(
            layer.qkv,
            {attention + "q_proj.weight", attention + "k_proj.weight", attention + "v_proj.weight"},
            {q_rows, kv_rows, kv_rows}, c.width);
        planner.matrix(layer.attention_out, attention + "o_proj.weight", c.width, q_rows);
        if (c.attention_bias) {
            planner.vector(
                layer.qkv_bias,
                {attention + "q_proj.bias", attention + "k_proj.bias", attention + "v_proj.bias"},
                {q_rows, kv_rows, kv_rows});
            planner.vector(layer.attention_out_bias, attention + "o_proj.bias", c.width);
        }
        planner.vector(layer.mlp_norm, root + "post_attention_layernorm.weight", c.width);
        if (c.experts > 0) {
            plan_experts(c, layer, root + "block_sparse_moe.", planner);
            continue;
        }
        planner.matrix(layer.up, {mlp + "gate_proj.weight", mlp + "up_proj.weight"},
                       {c.inner, c.inner}, c.width);
        planner.matrix(layer.down, mlp + "down_proj.weight", c.width, c.inner);
        if (c.mlp_bias) {
            planner.vector(layer.up_bias, {mlp + "gate_proj.bias", mlp + "up_proj.bias"},
                           {c.inner, c.inner});
            planner.vector(layer.down_bias, mlp + "down_proj.bias", c.width);
        }
    }
    planner.vector(weights.final_norm, "model.norm.weight", c.width);
    if (!c.tied_output) planner.matrix(weights.output, "lm_head.weight", c.vocabulary, c.width);
}

void plan(const ModelConfig& config, const TensorSource& source, Weights& weights,
          Planner& planner) {
    if (config.family == Family::gpt2) {
        plan_gpt2(config, source, weights, planner);
    } else {
        plan_llama(config, source, weights, planner);
    }
}

/// `count` numbers of a stored tensor, from number `first` on, as fp32.
void widen(const StoredTensor& stored, std::int64_t first, std::int64_t count, float* to) {
    const std::byte* from =
        stored.bytes.data() + static_cast<std::size_t>(first) * size_of(stored.type);
    const auto each = [&](auto number) {
        for (std::int64_t i = 0; i < count; ++i) {
            // A tensor may lie anywhere in its file, so its numbers may be misaligned.
            std::memcpy(&number, from + i * static_cast<std::int64_t>(sizeof number),
                        sizeof number);
            to[i] = static_cast<float>(number);
        }
    };
    switch (stored.type) {
        case DType::fp32:
            return each(float{});
        case DType::fp16:
            return each(__half{});
        case DType::bf16:
            return each(__nv_bfloat16{});
        case DType::fp64:
            return each(double{});
    }
}

std::span<const std::byte> bytes_of(const std::vector<float>& numbers, std::int64_t count) {
    return std::as_bytes(std::span(numbers.data(), static_cast<std::size_t>(count)));
}

/// Loads one tensor after the other, and frees its working memory at the end.
class Loader {
 public:
    Loader(Ops& ops, const Progress& progress, std::uint64_t total)
        : ops_(ops), progress_(progress), total_(total) {}

    void load(const Plan& plan) {
        load_parts(plan);
        for (const StoredTensor& part : plan.parts) part.release();
    }

 private:
    void load_parts(const Plan& plan) {
        if (plan.transposed) {
            transpose(plan);
        } else if (std::ranges::all_of(plan.parts,
                                       [&](const auto& part) { return part.type == plan.type; })) {
            copy(plan);
        } else {
            convert(plan);
        }
    }

    void advance(std::size_t bytes) {
        done_ += bytes;
        if (progress_) progress_(static_cast<double>(done_) / static_cast<double>(total_));
    }

    // Stored as the device wants it: the file's bytes, as they are.
    void copy(const Plan& plan) {
        std::byte* to = plan.target->data;
        for (const StoredTensor& part : plan.parts) {
            constexpr std::size_t piece = std::size_t{1} << 26;  // so that progress shows
            for (std::size_t at = 0; at < part.bytes.size(); at += piece) {
                const auto bytes = part.bytes.subspan(at, std::min(piece, part.bytes.size() - at));
                ops_.upload(bytes, to);
                to += bytes.size();
                advance(bytes.size());
            }
        }
    }

    // Stored in another type: widened on the host, rounded on the device where it must be.
    void convert(const Plan& plan) {
        std::int64_t converted = 0;  // numbers on the device
        std::int64_t filled = 0;     // numbers in `staging_`, of any parts
        staging_.resize(static_cast<std::size_t>(std::min(chunk, plan.elements())));
        const auto flush = [&] {
            const Tensor to{
                plan.target->data + static_cast<std::size_t>(converted) * size_of(plan.type),
                plan.type, 1, filled};
            if (plan.type == DType::fp32) {
                ops_.upload(bytes_of(staging_, filled), to.data);
            } else {
                const Tensor from = working(first_, filled);
                ops_.upload(bytes_of(staging_, filled), from.data);
                ops_.round_to_bf16(from, to);
            }
            advance(to.bytes());
            converted += filled;
            filled = 0;
        };
        for (const StoredTensor& part : plan.parts) {
            for (std::int64_t at = 0; at < part.elements();) {
                const std::int64_t count = std::min(part.elements() - at, chunk - filled);
                widen(part, at, count, staging_.data() + filled);
                at += count;
                filled += count;
                if (filled == chunk) flush();
            }
        }
        if (filled > 0) flush();
    }

    // Stored [inputs, outputs]: widened, transposed on the device, rounded where it must be.
    void transpose(const Plan& plan) {
        const StoredTensor& part = plan.parts.front();
        staging_.resize(static_cast<std::size_t>(
            std::max(plan.elements(), static_cast<std::int64_t>(staging_.size()))));
        widen(part, 0, plan.elements(), staging_.data());

        Tensor stored = working(first_, plan.elements());
        stored.rows = plan.columns;
        stored.columns = plan.rows;
        ops_.upload(bytes_of(staging_, plan.elements()), stored.data);
        if (plan.type == DType::fp32) {
            ops_.transpose(stored, *plan.target);
        } else {
            Tensor turned = working(second_, plan.elements());
            turned.rows = plan.rows;
            turned.columns = plan.columns;
            ops_.transpose(stored, turned);
            ops_.round_to_bf16(turned, *plan.target);
        }
        advance(plan.target->bytes());
    }

    /// Room for `count` floats in device memory, kept for the next tensor.
    Tensor working(DeviceBuffer<std::byte>& memory, std::int64_t count) {
        const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(float);
        if (memory.size() < bytes) {
            memory = {};  // the old one is freed before the new one is allocated
            memory = DeviceBuffer<std::byte>(bytes);
        }
        return {memory.data(), DType::fp32, 1, count};
    }

    Ops& ops_;
    const Progress& progress_;
    std::uint64_t total_;
    std::uint64_t done_ = 0;
    std::vector<float> staging_;
    DeviceBuffer<std::byte> first_, second_;
};

const std::string output_name = "lm_head.weight";

/// Where a checkpoint has the tensor that the plan calls by a name.
struct Place {
    std::string name = {};  ///< in the checkpoint; if it is not there, the plan's own
    bool packed = false;    ///< the tensor holds all experts of a layer, [experts, rows, columns]
    std::int64_t expert = 0;
    std::int64_t matrix = 0;    ///< which of an expert's matrices in it
    std::int64_t matrices = 1;  ///< of so many
};

/// `name` without a prefix that some checkpoints leave out, where the checkpoint has it so.
std::string shortened(const Checkpoint& checkpoint, const std::string& name) {
    for (const std::string_view prefix : {"transformer.", "model."}) {
        if (checkpoint.contains(name) || !name.starts_with(prefix)) continue;
        std::string rest = name.substr(prefix.size());
        if (checkpoint.contains(rest)) return rest;
    }
    return name;
}

Place place_of(const Checkpoint& checkpoint, const std::string& name) {
    const std::string found = shortened(checkpoint, name);
    if (checkpoint.contains(found)) return {found};
    // transformers 5 keeps `mlp.experts.gate_up_proj` and `mlp.experts.down_proj` of all experts, where files
    // have `block_sparse_moe.experts.7.w1.weight`.
    const std::string moe = "block_sparse_moe.";
    const std::size_t at = name.find(moe);
    if (at == std::string::npos) return {name};
    const std::string mlp = name.substr(0, at) + "mlp.";
    const std::string rest = name.substr(at + moe.size());  // experts.7.w1.weight
    const auto existing = [&](const std::string& other, Place place) -> Place {
        place.name = shortened(checkpoint, other);
        return checkpoint.contains(place.name) ? place : Place{name};
    };
    if (rest == "gate.weight") return existing(mlp + rest, {});
    const std::int64_t expert = std::stoll(rest.substr(std::string_view("experts.").size()));
    if (rest.ends_with("w2.weight")) {
        return existing(mlp + "experts.down_proj", {.packed = true, .expert = expert});
    }
    return existing(
        mlp + "experts.gate_up_proj",
        {.packed = true, .expert = expert, .matrix = rest.ends_with("w3.weight"), .matrices = 2});
}

std::string gigabytes(std::uint64_t bytes) {
    char text[40];
    std::snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
    return text;
}

}  // namespace

double Weights::bytes_per_step(const ModelConfig& config, std::int64_t sequences) const {
    double sum = static_cast<double>(output.bytes());
    for (const LayerWeights& layer : layers) {
        for (const Tensor& matrix :
             {layer.qkv, layer.attention_out, layer.up, layer.down, layer.router}) {
            sum += static_cast<double>(matrix.bytes());
        }
        if (config.experts > 0) {
            const auto read = std::min(config.experts, sequences * config.experts_per_token);
            sum += static_cast<double>(layer.expert_gate_up.bytes() + layer.expert_down.bytes()) *
                   static_cast<double>(read) / static_cast<double>(config.experts);
        }
    }
    return sum;
}

TensorSource source_of(const Checkpoint& checkpoint) {
    return [&checkpoint](const std::string& name, const std::vector<std::int64_t>& shape) {
        const Place place = place_of(checkpoint, name);
        if (!place.packed) return checkpoint.at(place.name, shape);
        // [experts, rows, columns], of which this is some rows of one expert, or all.
        const std::vector<std::int64_t> all = checkpoint.shape_of(place.name);
        if (all.size() != 3 || all[0] <= place.expert || all[2] != shape[1] ||
            all[1] != place.matrices * shape[0]) {
            return checkpoint.at(place.name,
                                 {place.expert + 1, place.matrices * shape[0], shape[1]});
        }
        const StoredTensor expert =
            checkpoint.at(place.name, all).part(place.expert, 1, {all[1], all[2]});
        return expert.part(place.matrix * shape[0], shape[0], shape);
    };
}

namespace {

/// Do two tensors hold the same numbers?
bool same_numbers(const StoredTensor& a, const StoredTensor& b) {
    if (a.shape != b.shape) return false;
    if (a.type == b.type) return std::ranges::equal(a.bytes, b.bytes);
    std::vector<float> of_a(static_cast<std::size_t>(std::min(chunk, a.elements())));
    std::vector<float> of_b = of_a;
    for (std::int64_t at = 0; at < a.elements(); at += chunk) {
        const std::int64_t count = std::min(chunk, a.elements() - at);
        widen(a, at, count, of_a.data());
        widen(b, at, count, of_b.data());
        if (!std::equal(of_a.begin(), of_a.begin() + count, of_b.begin())) return false;
    }
    return true;
}

/// See reconcile(): the first two of its points.
void settle_output(ModelConfig& config, Checkpoint& checkpoint, const Warn& warn) {
    if (!config.tied_output || !checkpoint.contains(output_name)) return;
    const std::string table =
        place_of(checkpoint, config.family == Family::gpt2 ? "transformer.wte.weight"
                                                           : "model.embed_tokens.weight")
            .name;
    const std::vector<std::int64_t> shape{config.vocabulary, config.width};
    const StoredTensor& output = checkpoint.at(output_name, shape);
    if (!checkpoint.contains(table)) return checkpoint.add_name(table, output_name);

    const StoredTensor& embedding = checkpoint.at(table, shape);
    config.tied_output = same_numbers(output, embedding);
    output.release();
    embedding.release();
    if (!config.tied_output && warn) {
        warn(output.file + ": config.json says that the output layer is the embedding table, but " +
             output_name + " holds other numbers than " + table + "; it is used as it is stored");
    }
}

/// See reconcile(): its last point.
void warn_of_other_tensors(const ModelConfig& config, const Checkpoint& checkpoint,
                           const Warn& warn) {
    std::set<std::string, std::less<>> used;
    const TensorSource stored = source_of(checkpoint);
    const TensorSource noting = [&](const std::string& name,
                                    const std::vector<std::int64_t>& shape) {
        used.insert(place_of(checkpoint, name).name);
        return stored(name, shape);
    };
    Weights weights;
    Planner planner(noting, DType::fp32);
    plan(config, noting, weights, planner);

    std::vector<std::string> others;
    for (const std::string& name : checkpoint.names()) {
        const bool buffer = name.ends_with(".attn.bias") || name.ends_with(".attn.masked_bias") ||
                            name.ends_with(".rotary_emb.inv_freq");
        const bool copy = config.tied_output && name == output_name;
        if (!buffer && !copy && !used.contains(name)) others.push_back(name);
    }
    if (others.empty() || !warn) return;
    constexpr std::size_t most = 3;
    std::string list;
    for (std::size_t i = 0; i < std::min(most, others.size()); ++i) {
        list += (i == 0 ? "" : ", ") + others[i];
    }
    if (others.size() > most) list += " and " + std::to_string(others.size() - most) + " more";
    warn((others.size() == 1 ? std::string("left out is 1 tensor")
                             : "left out are " + std::to_string(others.size()) + " tensors") +
         " that the weights hold and config.json's model has no place for: " + list);
}

}  // namespace

void reconcile(ModelConfig& config, Checkpoint& checkpoint, const Warn& warn) {
    settle_output(config, checkpoint, warn);
    warn_of_other_tensors(config, checkpoint, warn);
}

void require_device_memory(std::uint64_t bytes, const std::string& purpose) {
    std::size_t free = 0;
    std::size_t total = 0;
    T2T_CHECK(cudaMemGetInfo(&free, &total));
    if (bytes > free) {
        throw std::runtime_error(purpose + ": " + gigabytes(bytes) +
                                 " of device memory are needed; " + gigabytes(free) + " of " +
                                 gigabytes(total) + " are free");
    }
}

Weights load_weights(const ModelConfig& config, const TensorSource& source, DType compute, Ops& ops,
                     const Progress& progress, std::uint64_t reserved) {
    Weights weights;
    Planner planner(source, compute);
    plan(config, source, weights, planner);

    std::uint64_t total = 0;
    std::int64_t largest =
        0;  // numbers of the largest matrix that is transposed: on its way there are two
    for (const Plan& plan : planner.plans()) {
        total += plan.bytes();
        if (plan.transposed) largest = std::max(largest, plan.elements());
    }
    const auto turning = 2 * static_cast<std::uint64_t>(largest) * sizeof(float);
    require_device_memory(total + std::max(reserved, turning),
                          "weights of " + gigabytes(total) + " and what computes with them");

    Loader loader(ops, progress, total);
    for (const Plan& plan : planner.plans()) {
        weights.memory.emplace_back(plan.bytes());
        *plan.target = {weights.memory.back().data(), plan.type, plan.rows, plan.columns};
        loader.load(plan);
    }
    if (config.tied_output) weights.output = weights.embedding;
    if (config.family == Family::llama) {
        const std::vector<float> frequencies = rope_frequencies(config);
        weights.memory.emplace_back(std::as_bytes(std::span(frequencies)));
        weights.rope_frequencies = {weights.memory.back().data(), DType::fp32, 1,
                                    static_cast<std::int64_t>(frequencies.size())};
    }
    T2T_CHECK(cudaStreamSynchronize(ops.stream()));  // before working memory is freed
    return weights;
}

}  // namespace t2t::model

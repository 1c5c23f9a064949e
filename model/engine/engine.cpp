#include "model/engine/engine.hpp"

#include <stdexcept>
#include <utility>

#include "model/engine/random_model.hpp"
#include "model/files/file_error.hpp"

namespace t2t::model {
namespace {

DType compute_type(std::optional<DType> wanted, const DeviceProperties& device) {
    const bool has_bf16 = device.compute_capability >= 80;
    if (!wanted) return has_bf16 && !device.is_cpu_device ? DType::bf16 : DType::fp32;
    if (wanted == DType::bf16 && !has_bf16) {
        throw std::runtime_error(
            "--dtype bf16 needs a GPU of compute capability 8.0 or newer; " + device.name +
            " has " + capability_text(device.compute_capability) + ", so use --dtype fp32");
    }
    return *wanted;
}

/// Says what to do with a folder that has a model in its maker's own format.
void require_model_folder(const std::filesystem::path& folder) {
    const auto has = [&](const char* name) {
        std::error_code error;
        return std::filesystem::exists(folder / name, error);
    };
    if (!has("config.json") && has("params.json")) {
        throw FileError(folder,
                        "holds params.json and no config.json: a model in its maker's own format; "
                        "fetch its version for transformers (often called …-hf)");
    }
}

}  // namespace

Engine::Engine(ModelConfig config, OpTable table, std::optional<DType> compute)
    : config_(std::move(config)),
      compute_(compute_type(compute, table.selection().device())),
      stream_(std::make_unique<const Stream>()),
      ops_(std::make_unique<Ops>(std::move(table), stream_->get())) {}

Engine Engine::from_folder(const std::filesystem::path& folder, OpTable table,
                           std::optional<DType> compute, const Warn& warn) {
    require_model_folder(folder);
    Engine engine(read_config(folder, warn), std::move(table), compute);
    engine.folder_ = folder;
    engine.tokenizer_ = Tokenizer::from_file(folder / "tokenizer.json");
    engine.checkpoint_ = Checkpoint::open(folder);
    reconcile(engine.config_, *engine.checkpoint_, warn);
    return engine;
}

Engine Engine::from_known_shape(std::string_view name, OpTable table,
                                std::optional<DType> compute) {
    return {known_shape(name), std::move(table), compute};
}

const DeviceProperties& Engine::device() const {
    return ops_->table().selection().device();
}

std::vector<std::int32_t> Engine::encode(const std::string& prompt) const {
    std::vector<std::int32_t> ids = tokenizer_->encode(prompt);
    if (ids.empty() && config_.first_token) ids.push_back(*config_.first_token);
    for (const std::int32_t id : ids) {
        if (id >= config_.vocabulary) {
            throw FileError(folder_ / "tokenizer.json", "gives token " + std::to_string(id) + " (" +
                                                            tokenizer_->piece(id) +
                                                            "), but config.json says vocab_size " +
                                                            std::to_string(config_.vocabulary));
        }
    }
    return ids;
}

void Engine::load(const ModelLimits& limits, const Progress& progress) {
    const TensorSource tensors = checkpoint_ ? source_of(*checkpoint_) : random_source(config_);
    Weights weights = load_weights(config_, tensors, compute_, *ops_, progress,
                                   Model::working_bytes(config_, compute_, *ops_, limits));
    model_ = std::make_unique<Model>(config_, std::move(weights), compute_, *ops_, limits);
}

}  // namespace t2t::model

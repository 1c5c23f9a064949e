/// @file
/// One model, opened and ready to write: the object that every command stands on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/device/stream.hpp"
#include "model/engine/forward.hpp"
#include "model/engine/generate.hpp"
#include "model/engine/op_table.hpp"
#include "model/engine/weights.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/config.hpp"
#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {

/// Configuration, tokenizer, weights, cache, selection of rungs and stream of one model.
///
/// Opening reads what is small and finds what is wrong with a folder; load() takes the memory.
/// @code
/// Engine engine = Engine::from_folder("model/pretrained/tales-mistral", OpTable(device_properties()));
/// const std::vector<Request> requests{{.prompt = engine.encode("Once upon a time")}};
/// engine.load({.positions = positions_needed(engine.config(), requests)});
/// std::cout << engine.generate(requests).front().text;
/// @endcode
class Engine {
 public:
    /// A Hugging Face folder: config.json, tokenizer.json and safetensors.
    /// @param compute what is computed in; nothing: bf16 on a GPU that has it, else fp32
    /// @param warn    told of what is odd about the files and does not keep the model from being used
    /// @throws FileError          what is wrong with a file, and where
    /// @throws std::runtime_error the device has no bf16
    static Engine from_folder(const std::filesystem::path& folder, OpTable table,
                              std::optional<DType> compute = {}, const Warn& warn = {});

    /// A built-in shape with random weights; it has no tokenizer.
    /// @throws std::invalid_argument no such shape; lists those there are
    /// @throws std::runtime_error    the device has no bf16
    static Engine from_known_shape(std::string_view name, OpTable table,
                                   std::optional<DType> compute = {});

    const ModelConfig& config() const { return config_; }            ///< the shape
    const Tokenizer* tokenizer() const { return tokenizer_.get(); }  ///< null: there is none
    DType compute() const { return compute_; }                       ///< what is computed in
    const DeviceProperties& device() const;                          ///< where it runs

    /// A prompt's tokens; of an empty prompt the token that begins a text.
    /// @throws FileError the tokenizer gives a token that the model does not have
    std::vector<std::int32_t> encode(const std::string& prompt) const;

    /// Loads the weights and makes the model.
    /// @param progress told how much has been loaded; may be empty
    /// @throws std::runtime_error the device has too little memory
    void load(const ModelLimits& limits, const Progress& progress = {});

    /// The model. load() comes first.
    Model& model() { return *model_; }

    /// Writes all texts; as generate(). load() comes first.
    std::vector<Result> generate(std::span<const Request> requests, const Watch& watch = {},
                                 Timing* timing = nullptr) {
        return model::generate(*model_, tokenizer_.get(), requests, watch, timing);
    }

 private:
    Engine(ModelConfig config, OpTable table, std::optional<DType> compute);

    std::filesystem::path folder_;  // empty: a known shape
    ModelConfig config_;
    DType compute_;
    std::unique_ptr<Tokenizer> tokenizer_;
    std::optional<Checkpoint> checkpoint_;
    std::unique_ptr<const Stream>
        stream_;  // on the heap, as the next two: their addresses are kept
    std::unique_ptr<Ops> ops_;
    std::unique_ptr<Model> model_;
};

}  // namespace t2t::model

/// @file
/// A model from a folder, ready to be asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/device/check.hpp"
#include "common/device/properties.hpp"
#include "common/device/stream.hpp"
#include "model/engine/forward.hpp"
#include "model/engine/weights.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/config.hpp"

namespace t2t::tests {

/// How a model is set up.
struct ModelSetup {
    model::DType compute = model::DType::fp32;
    std::int64_t sequences = 1;
    std::int64_t positions = 512;
    std::int64_t chunk = 512;
    model::LogitsOf logits_of = model::LogitsOf::all;
    std::vector<std::string> rungs = {};  ///< `gemv=v1`
    std::int64_t page = 0;                ///< positions in a page of the cache; 0: all
};

inline model::OpTable table_with(const std::vector<std::string>& rungs) {
    model::OpTable table(device_properties());
    for (const std::string& rung : rungs) table.select(rung);
    return table;
}

/// A model together with all that it needs to live.
class Loaded {
 public:
    explicit Loaded(const std::filesystem::path& folder, const ModelSetup& setup = {})
        : ops_(table_with(setup.rungs), stream_.get()), model_(load(folder, setup)) {}

    model::Model* operator->() { return &model_; }
    model::Model& operator*() { return model_; }

    /// What a pass gave, on the host: [rows, vocabulary].
    std::vector<float> host(model::Tensor tensor) {
        std::vector<float> values(static_cast<std::size_t>(tensor.elements()));
        T2T_CHECK(cudaMemcpyAsync(values.data(), tensor.data, tensor.bytes(),
                                  cudaMemcpyDeviceToHost, stream_.get()));
        stream_.synchronize();
        return values;
    }

    /// The logits of all tokens of a prompt that fits one chunk.
    std::vector<float> prompt(std::span<const std::int32_t> ids) {
        return host(model_.prompt(0, 0, ids));
    }

    /// The logits after the last of `ids`, reached one token at a time.
    std::vector<float> steps(std::span<const std::int32_t> ids,
                             const std::function<void(std::size_t, std::vector<float>)>& each) {
        std::vector<float> last;
        const std::int32_t row = 0;
        for (std::size_t i = 0; i < ids.size(); ++i) {
            const auto position = static_cast<std::int32_t>(i);
            last = host(model_.decode({&row, 1}, {&position, 1}, {&ids[i], 1}));
            if (each) each(i, last);
        }
        return last;
    }

 private:
    model::Model load(const std::filesystem::path& folder, const ModelSetup& setup) {
        model::ModelConfig config = model::read_config(folder);
        model::Checkpoint checkpoint = model::Checkpoint::open(folder);
        model::reconcile(config, checkpoint);
        model::Weights weights =
            model::load_weights(config, model::source_of(checkpoint), setup.compute, ops_, {});
        const bool learned = config.family == model::Family::gpt2;
        const std::int64_t positions =
            learned ? std::min(setup.positions, config.context) : setup.positions;
        return {config,
                std::move(weights),
                setup.compute,
                ops_,
                {setup.sequences, positions, setup.chunk, setup.logits_of, setup.page}};
    }

    Stream stream_;
    model::Ops ops_;
    model::Model model_;
};

}  // namespace t2t::tests

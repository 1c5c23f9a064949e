/// @file
/// A model's weights in device memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/device/buffer.hpp"
#include "model/engine/ops.hpp"
#include "model/engine/tensor.hpp"
#include "model/files/checkpoint.hpp"
#include "model/files/config.hpp"
#include "model/files/warning.hpp"

namespace t2t::model {

/// One transformer layer. Matrices are [outputs, inputs], of the weight type; norms and biases are fp32
/// rows. What a family does not have is empty.
struct LayerWeights {
    Tensor attention_norm;       ///< [1, width]
    Tensor attention_norm_bias;  ///< GPT-2: [1, width]
    Tensor qkv;                  ///< rows of the queries, then of the keys, then of the values
    Tensor qkv_bias;             ///< a number for each of those rows
    Tensor attention_out;        ///< [width, heads · head_dim]
    Tensor attention_out_bias;   ///< [1, width]
    Tensor mlp_norm;             ///< [1, width]
    Tensor mlp_norm_bias;        ///< GPT-2: [1, width]
    Tensor up;              ///< GPT-2: [inner, width]; Llama: [2 · inner, width], gates, then ups
    Tensor up_bias;         ///< a number for each of those rows
    Tensor down;            ///< [width, inner]
    Tensor down_bias;       ///< [1, width]
    Tensor router;          ///< Mixtral: [experts, width]
    Tensor expert_gate_up;  ///< Mixtral: [experts · 2 · inner, width]
    Tensor expert_down;     ///< Mixtral: [experts · width, inner]
};

/// All weights of one model, and the memory they lie in.
struct Weights {
    Tensor embedding;                  ///< [vocabulary, width]
    Tensor positions;                  ///< GPT-2: [context, width], fp32
    std::vector<LayerWeights> layers;  ///< from the first to the last
    Tensor final_norm;                 ///< [1, width]
    Tensor final_norm_bias;            ///< GPT-2: [1, width]
    Tensor output;            ///< [vocabulary, width]; the embedding itself where it is tied
    Tensor rope_frequencies;  ///< Llama: [1, head_dim / 2], fp32

    std::vector<DeviceBuffer<std::byte>> memory;  ///< what all of these lie in

    /// Bytes that one decode step reads: all matrices once, but of the experts at most as many as the
    /// sequences choose, and of the embedding nothing to speak of (unless it is the output layer).
    double bytes_per_step(const ModelConfig& config, std::int64_t sequences) const;
};

/// Gives the stored tensor of a name, after checking its shape: Checkpoint::at, or random numbers.
using TensorSource =
    std::function<StoredTensor(const std::string& name, const std::vector<std::int64_t>& shape)>;

/// Told how much has been loaded, from 0 to 1.
using Progress = std::function<void(double fraction)>;

/// The tensor source of a checkpoint, which must outlive it. Found are names with and without the prefix
/// `transformer.` or `model.`, and the experts of a layer in tensors of their own or packed in one.
TensorSource source_of(const Checkpoint& checkpoint);

/// Holds a checkpoint against its config, and settles as transformers does what the two do not agree about:
/// - The output layer is tied to the embedding table, and has numbers of its own: it is untied.
/// - It is tied, and only the output layer is stored: it is the embedding table as well.
/// - There are tensors that the model has no place for: they are left out. (Buffers that older versions of
///   transformers stored, and a second copy of a tied output layer, are not worth a word.)
/// @param warn told of the first and the last
/// @throws FileError a tensor that the model needs is missing, or of another shape
void reconcile(ModelConfig& config, Checkpoint& checkpoint, const Warn& warn = {});

/// Loads all weights. Every tensor is looked up, its shape checked, and the device's memory compared with
/// what is needed, before the first is loaded.
///
/// A matrix that is stored in bf16 stays bf16, which loses nothing; any other becomes fp32. With
/// compute type bf16 all become bf16.
///
/// @param config   the model's shape
/// @param source   the stored tensors
/// @param compute  DType::fp32 or DType::bf16
/// @param ops      uploads, transposes and rounds
/// @param progress called now and then; may be empty
/// @param reserved bytes that will be needed besides the weights: Model::working_bytes()
/// @throws FileError             from the source
/// @throws std::runtime_error    the device has too little memory: says how much is needed and how
///                               much there is
Weights load_weights(const ModelConfig& config, const TensorSource& source, DType compute, Ops& ops,
                     const Progress& progress, std::uint64_t reserved = 0);

/// @throws std::runtime_error when the device has less than `bytes` bytes free: `purpose`, how much it
///         needs, and how much there is
void require_device_memory(std::uint64_t bytes, const std::string& purpose);

}  // namespace t2t::model

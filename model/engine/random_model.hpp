/// @file
/// Models without files: known shapes, random weights. For measuring speed, which does not depend on
/// what the weights say.
#pragma once

#include <string>
#include <string_view>

#include "model/engine/weights.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// The shapes that are built in, for messages: `gpt2, gpt2-xl, …`.
std::string known_shapes();

/// A built-in shape.
/// @param name `gpt2`, `gpt2-xl`, `llama-2-7b`, `mistral-7b` or `mixtral-8x7b-8layers`
/// @throws std::invalid_argument no such shape; lists those there are
ModelConfig known_shape(std::string_view name);

/// Weights of any name and shape, in bf16: norms are 1, all else is uniform with deviation 0.02, as
/// models start their training. Every tensor is a stretch of one block of random numbers, from a place
/// that depends on its name.
/// @param config the model, for the size of its largest tensor
TensorSource random_source(const ModelConfig& config);

}  // namespace t2t::model

/// @file
/// `t2t generate`: text from a GPT-2, Llama, Mistral or Mixtral model, on the chapters' own kernels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/engine/sampling_rule.hpp"

namespace t2t::cli {

/// What the words after `t2t generate` say.
struct GenerateWords {
    std::vector<std::string> prompts;     ///< the texts to go on from
    std::string model = "tales-mistral";  ///< a shipped model's name, or a folder
    std::string dtype;                    ///< fp32 or bf16; empty: the device's
    std::int64_t max_tokens = 256;        ///< no story of the shipped models is longer
    model::SamplingRule rule;             ///< how tokens are chosen
    std::vector<std::string> stops;       ///< each ends the text where it appears
    std::int64_t top = 0;                 ///< how many candidates are shown at each step
    std::vector<std::string> rungs;       ///< `gemv=v1`: which rung serves an operation
    bool list_rungs = false;          ///< all operations and their rungs are shown, and that is all
    bool trace = false;               ///< every operation of one token is shown
    std::string random_weights;       ///< a shape to measure without files; empty: none
    std::int64_t prompt_tokens = 16;  ///< with random_weights: the length of the random prompt
};

/// The shapes that --random-weights takes, for people.
std::string random_weights_shapes();

/// Does what the words say; text goes to stdout, everything about it to stderr.
/// @throws UsageError the words contradict each other or name what does not exist
/// @throws std::exception what loading and running a model throw, in one sentence
void run_generate(const GenerateWords& words);

}  // namespace t2t::cli

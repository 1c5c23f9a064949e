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
    std::vector<std::string> prompts;
    std::string model = "tales-mistral";
    std::string dtype;
    std::int64_t max_tokens = 256;  // no story of the shipped models is longer
    model::SamplingRule rule;
    std::vector<std::string> stops;
    std::int64_t top = 0;
    std::vector<std::string> rungs;
    bool list_rungs = false;
    bool trace = false;
    std::string random_weights;
    std::int64_t prompt_tokens = 16;
};

/// The shapes that --random-weights takes, for people.
std::string random_weights_shapes();

/// Does what the words say; text goes to stdout, everything about it to stderr.
/// @throws UsageError the words contradict each other or name what does not exist
/// @throws std::exception what loading and running a model throw, in one sentence
void run_generate(const GenerateWords& words);

}  // namespace t2t::cli

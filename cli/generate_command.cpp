#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/generate.hpp"
#include "cli/program.hpp"
#include "cli/usage_error.hpp"

namespace t2t::cli {

void add_commands(CLI::App& app) {
    CLI::App* command = app.add_subcommand("generate", "Writes text with a language model");
    const auto words = std::make_shared<GenerateWords>();
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    add_texts(
        *command, "PROMPT", words->prompts,
        "the text to go on from; several are worked on as one batch, and written when all are done");
    command
        ->add_option("--model", words->model,
                     "tales-gpt2, tales-mistral, tales-mixtral, or a Hugging Face folder")
        ->type_name("NAME|FOLDER")
        ->capture_default_str();
    command
        ->add_option(
            "--dtype", words->dtype,
            "what is computed in: fp32 (default on the CPU device) or bf16 (default on a GPU)")
        ->type_name("TYPE")
        ->check(CLI::IsMember({"fp32", "bf16"}));
    add_whole_number<std::int64_t>(*command, "--max-tokens", words->max_tokens, 0, most,
                                   "new tokens at most")
        ->type_name("N");
    add_number(*command, "--temperature", words->rule.temperature,
               "0: always the most probable token; higher: bolder")
        ->type_name("T");
    add_number(*command, "--top-p", words->rule.top_p,
               "only the fewest tokens whose probabilities add up to this")
        ->type_name("P");
    add_whole_number<std::int64_t>(*command, "--top-k", words->rule.top_k, 0, most,
                                   "only the N most probable tokens; 0 for all")
        ->type_name("N");
    add_whole_number<std::uint64_t>(*command, "--seed", words->rule.seed, 0,
                                    std::numeric_limits<std::uint64_t>::max(),
                                    "the same seed gives the same text")
        ->type_name("N");
    add_texts(*command, "--stop", words->stops, "a string that ends the text; may be given again")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    add_whole_number<std::int64_t>(*command, "--top", words->top, 0, 1000,
                                   "show the N most probable tokens at each step")
        ->type_name("N");
    add_texts(*command, "--rung", words->rungs,
              "the rung that serves an operation, such as gemv=v1; may be given again")
        ->type_name("OP=RUNG")
        ->allow_extra_args(false);
    command->add_flag("--list-rungs", words->list_rungs, "show all operations and their rungs");
    command->add_flag("--trace", words->trace,
                      "show every operation of one token: chapter, rung, time, share of the roof");
    command
        ->add_option("--random-weights", words->random_weights,
                     "measure a shape without files: " + random_weights_shapes())
        ->type_name("SHAPE");
    add_whole_number<std::int64_t>(*command, "--prompt-tokens", words->prompt_tokens, 1, 1 << 20,
                                   "with --random-weights: the length of the random prompt")
        ->type_name("N");
    command->footer(
        "Models: tales-mistral (the default), tales-gpt2 and tales-mixtral come with the course. A folder\n"
        "holds config.json, tokenizer.json and model.safetensors (or its parts and their index) as\n"
        "Hugging Face has them.\n\n"
        "Examples: ./t2t generate \"Once upon a time\"\n"
        "          ./t2t generate \"[INST] Tell me a story about a fox and a lantern. [/INST]\"\n"
        "          ./t2t generate \"Once upon a time\" --temperature 0 --max-tokens 40\n"
        "          ./t2t generate \"Once upon a time\" --trace --rung gemv=v1");
    command->callback([words] {
        if (std::ranges::find(words->stops, "") != words->stops.end()) {
            throw UsageError("--stop needs a string that is not empty");
        }
        run_generate(*words);
    });
}

}  // namespace t2t::cli

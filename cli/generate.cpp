/// @file
/// `t2t generate`: text from a GPT-2, Llama, Mistral or Mixtral model, on the chapters' own kernels.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/program.hpp"
#include "cli/project_root.hpp"
#include "cli/usage_error.hpp"
#include "common/device/properties.hpp"
#include "common/lab/bench/roofs.hpp"
#include "common/lab/inputs.hpp"
#include "common/text.hpp"
#include "model/engine/engine.hpp"
#include "model/engine/random_model.hpp"
#include "model/engine/trace.hpp"

namespace t2t::cli {
namespace {

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

void list_rungs(const model::OpTable& table) {
    for (const model::OpEntry& op : table.entries()) {
        std::cout << formatted("%02d  %-18s", op.chapter, std::string(op.operation).c_str())
                  << op.role << '\n';
        for (const RungEntry& rung : op.ladder.rungs) {
            const RungEntry* serving = table.rung(op);
            const bool serves = serving != nullptr && serving->name == rung.name;
            std::cout << formatted("      %c %-30s", serves ? '*' : ' ',
                                   std::string(rung.name).c_str())
                      << rung.idea << '\n';
        }
    }
    std::cout << "\n* serves the operation; choose another with --rung OP=RUNG, such as "
                 "--rung gemv=v1\n";
}

/// Could this be the name of a model at huggingface.co, such as mistralai/Mistral-7B-v0.1?
bool is_hub_name(const std::string& name) {
    const auto is_part_of_one = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '-' ||
               c == '_' || c == '.';
    };
    const std::size_t slash = name.find('/');
    return slash != std::string::npos && slash > 0 && slash + 1 < name.size() &&
           name.find('/', slash + 1) == std::string::npos && name.front() != '.' &&
           std::ranges::all_of(name, is_part_of_one);
}

/// The folder that --model means: a shipped model's name, or a path.
std::filesystem::path model_folder(const std::string& name) {
    constexpr std::array shipped{"tales-gpt2", "tales-mistral", "tales-mixtral"};
    if (std::ranges::find(shipped, name) != shipped.end()) {
        return project_root() / "model" / "pretrained" / name;
    }
    std::error_code error;  // a name that is too long, or a loop of links: no folder either
    if (std::filesystem::is_directory(name, error)) return name;
    if (std::filesystem::is_regular_file(name, error)) {
        const bool is_gguf = std::filesystem::path(name).extension() == ".gguf";
        throw std::runtime_error(
            "--model " + name +
            (is_gguf
                 ? " is a GGUF file, which is not read; name the folder of the model that it was made "
                   "from, with config.json, tokenizer.json and model.safetensors"
                 : " is a file; name the folder that holds it"));
    }
    if (is_hub_name(name)) {
        const std::string folder = name.substr(name.find('/') + 1);
        throw std::runtime_error(
            "there is no folder '" + name +
            "'; if that is a model's name at huggingface.co, fetch it first: hf "
            "download " +
            name + " --local-dir " + folder + ", then --model " + folder);
    }
    throw std::runtime_error("--model '" + name +
                             "' is neither a shipped model (tales-gpt2, tales-mistral, "
                             "tales-mixtral) nor a folder; name a folder with config.json, "
                             "tokenizer.json and model.safetensors");
}

/// What --dtype says; nothing: the engine decides.
std::optional<model::DType> compute_type(const std::string& dtype) {
    if (dtype.empty()) return {};
    return dtype == "bf16" ? model::DType::bf16 : model::DType::fp32;
}

/// A bar on stderr, from the second second on, where someone watches.
class LoadingBar {
 public:
    void operator()(double fraction) {
        const auto elapsed = std::chrono::steady_clock::now() - start_;
        const int percent = static_cast<int>(100 * fraction);
        if (elapsed < std::chrono::seconds(1) || percent == shown_ || !isatty(STDERR_FILENO))
            return;
        shown_ = percent;
        const std::string done(static_cast<std::size_t>(percent) / 2, '#');
        std::cerr << formatted("\rloading [%-50s] %3d %%", done.c_str(), percent) << std::flush;
    }
    ~LoadingBar() { clear(); }  // also when loading ends in an error
    void clear() {
        if (shown_ >= 0) std::cerr << "\r\033[K" << std::flush;
        shown_ = -1;
    }

 private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
    int shown_ = -1;
};

std::vector<model::Request> make_requests(const GenerateWords& words, const model::Engine& engine) {
    std::vector<model::Request> requests;
    const auto add = [&](std::vector<std::int32_t> ids) {
        requests.push_back({std::move(ids), words.max_tokens, words.rule, words.stops});
    };
    if (engine.tokenizer() != nullptr) {
        for (const std::string& prompt : words.prompts) add(engine.encode(prompt));
    } else {
        const auto ids = lab::integers<std::int32_t>(
            words.prompt_tokens, 0, engine.config().vocabulary - 1, words.rule.seed);
        add({ids.begin(), ids.end()});
    }
    return requests;
}

/// A token's piece; `<2049>` for one that the model knows and its tokenizer does not.
std::string piece_of(const model::Tokenizer* tokenizer, std::int32_t token) {
    if (tokenizer != nullptr && tokenizer->contains(token)) return tokenizer->piece(token);
    return "<" + std::to_string(token) + ">";
}

void print_candidates(const std::vector<model::Candidate>& candidates,
                      const model::Tokenizer* tokenizer) {
    std::cout << "     logit  probability        id  piece\n";
    for (const model::Candidate& candidate : candidates) {
        std::cout << formatted("%10.4f  %11.6f  %8d  ", candidate.logit, candidate.probability,
                               candidate.token)
                  << piece_of(tokenizer, candidate.token) << '\n';
    }
}

/// What is printed while tokens come: the only text as it grows, or the candidates of each step.
model::Watch make_watch(const GenerateWords& words, const model::Tokenizer* tokenizer,
                        std::vector<TraceEntry>& trace) {
    model::Watch watch;
    const bool streaming = words.prompts.size() == 1 && tokenizer != nullptr && words.top == 0;
    if (streaming) {
        watch.on_text = [](std::size_t, std::string_view text) { std::cout << text << std::flush; };
    }
    if (words.top > 0) {
        watch.best = words.top;
        const bool several = words.prompts.size() > 1;
        watch.on_candidates = [tokenizer, several](std::size_t request, const auto& candidates) {
            if (several) std::cout << "prompt " << request + 1 << '\n';
            print_candidates(candidates, tokenizer);
        };
        watch.on_token = [tokenizer, several](std::size_t request, std::int32_t token) {
            if (several) std::cout << "prompt " << request + 1 << ' ';
            std::cout << "→ " << token << "  " << piece_of(tokenizer, token) << "\n\n";
        };
    }
    if (words.trace) watch.trace = &trace;
    return watch;
}

void print_results(const GenerateWords& words, bool has_tokenizer,
                   const std::vector<model::Result>& results, bool streamed) {
    if (streamed) {
        std::cout << '\n';
        return;
    }
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (i > 0) std::cout << '\n';
        if (has_tokenizer) {
            std::cout << words.prompts[i] << results[i].text << '\n';
            continue;
        }
        for (const std::int32_t token : results[i].tokens) std::cout << token << ' ';
        std::cout << '\n';
    }
}

std::string device_label(const DeviceProperties& device) {
    if (!device.is_cpu_device) return device.name;
    const char* set = std::getenv("T2T_WORKERS");  // a number: the device has checked it
    const unsigned wanted = set != nullptr && *set != '\0' ? static_cast<unsigned>(std::atoi(set))
                                                           : std::thread::hardware_concurrency();
    const unsigned workers = std::clamp(wanted, 1u, 16u);
    return "cpu device, " + std::to_string(workers) + (workers == 1 ? " worker" : " workers");
}

/// The device's copy bandwidth in GB/s; 0 where it cannot be measured, such as on a full GPU.
double copy_roof(const DeviceProperties& device) {
    try {
        return lab::machine_roofs(device).copy_gb_s;
    } catch (const std::exception&) {
        return 0;
    }
}

/// Why a text ended, where that is not the number of tokens asked for.
std::string ending(const model::Result& result, const model::ModelConfig& config) {
    switch (result.finish) {
        case model::Finish::max_tokens:
            return "";
        case model::Finish::end_token:
            return " · the model ended the text";
        case model::Finish::stop_string:
            return " · a stop string ended the text";
        case model::Finish::context:
            return " · the context of " + std::to_string(config.context) + " tokens is full";
    }
    return "";
}

void print_summary(const DeviceProperties& device, double copy_gb_s, const model::Timing& timing,
                   const std::string& end) {
    const auto rate = [](std::int64_t tokens, double seconds) {
        return seconds > 0 ? static_cast<double>(tokens) / seconds : 0.0;
    };
    std::string line = device_label(device);
    if (timing.prompt_tokens > 0) {
        line += formatted(" · prompt %lld tokens, %.1f tokens/s",
                          static_cast<long long>(timing.prompt_tokens),
                          rate(timing.prompt_tokens, timing.prompt_seconds));
    }
    if (timing.decode_tokens > 0) {
        line += formatted(" · decode %lld tokens, %.1f tokens/s",
                          static_cast<long long>(timing.decode_tokens),
                          rate(timing.decode_tokens, timing.decode_seconds));
        if (copy_gb_s > 0) {
            const double gb_s = timing.decode_bytes / timing.decode_seconds / 1e9;
            line += formatted(" · %.1f %% of the roof", 100 * gb_s / copy_gb_s);
        }
    }
    std::cerr << line << end << '\n';
}

/// The model that the words name, opened.
model::Engine open_engine(const GenerateWords& words, model::OpTable table) {
    const std::optional<model::DType> compute = compute_type(words.dtype);
    if (!words.random_weights.empty()) {
        return model::Engine::from_known_shape(words.random_weights, std::move(table), compute);
    }
    return model::Engine::from_folder(
        model_folder(words.model), std::move(table), compute,
        [](const std::string& sentence) { std::cerr << "t2t: warning: " << sentence << '\n'; });
}

void run_generate(const GenerateWords& words) {
    model::OpTable table(device_properties());
    for (const std::string& rung : words.rungs) table.select(rung);
    if (words.list_rungs) return list_rungs(table);
    if (words.random_weights.empty() && words.prompts.empty()) {
        throw UsageError("generate needs a prompt: ./t2t generate \"Once upon a time\"");
    }
    if (!words.random_weights.empty() && (!words.prompts.empty() || !words.stops.empty())) {
        throw UsageError(
            "--random-weights has no tokenizer, so it takes no prompt and no --stop; the length of its "
            "random prompt is --prompt-tokens");
    }
    model::check(words.rule);

    model::Engine engine = open_engine(words, std::move(table));
    const std::vector<model::Request> requests = make_requests(words, engine);
    LoadingBar bar;
    engine.load({.sequences = static_cast<std::int64_t>(requests.size()),
                 .positions = model::positions_needed(engine.config(), requests)},
                std::ref(bar));
    bar.clear();

    std::vector<TraceEntry> trace;
    const model::Watch watch = make_watch(words, engine.tokenizer(), trace);
    const bool streamed = static_cast<bool>(watch.on_text);
    if (streamed) std::cout << words.prompts.front() << std::flush;
    model::Timing timing;
    std::vector<model::Result> results;
    try {
        results = engine.generate(requests, watch, &timing);
    } catch (...) {
        if (streamed) std::cout << std::endl;  // the message gets a line of its own
        throw;
    }
    print_results(words, engine.tokenizer() != nullptr, results, streamed);
    std::cout << std::flush;

    const double copy_gb_s = copy_roof(engine.device());
    if (words.trace && trace.empty()) {
        std::cerr
            << "t2t: there is no trace: it shows a token after the first, and no text has one\n";
    } else if (words.trace) {
        std::cout << '\n' << model::describe(trace, copy_gb_s) << std::flush;
    }
    print_summary(engine.device(), copy_gb_s, timing,
                  results.size() == 1 ? ending(results.front(), engine.config()) : "");
}

}  // namespace

void add_commands(CLI::App& app) {
    CLI::App* command = app.add_subcommand("generate", "Writes text with a language model");
    const auto words = std::make_shared<GenerateWords>();
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
    command->add_option("--max-tokens", words->max_tokens, "new tokens at most")
        ->type_name("N")
        ->capture_default_str();
    command
        ->add_option("--temperature", words->rule.temperature,
                     "0: always the most probable token; higher: bolder")
        ->type_name("T")
        ->capture_default_str();
    command
        ->add_option("--top-p", words->rule.top_p,
                     "only the fewest tokens whose probabilities add up to this")
        ->type_name("P")
        ->capture_default_str();
    command->add_option("--top-k", words->rule.top_k, "only the N most probable tokens; 0 for all")
        ->type_name("N")
        ->capture_default_str();
    command->add_option("--seed", words->rule.seed, "the same seed gives the same text")
        ->type_name("N")
        ->check([](const std::string& text) {
            return text.starts_with('-') ? "it is " + text + "; it must be 0 or more" : "";
        })
        ->capture_default_str();
    add_texts(*command, "--stop", words->stops, "a string that ends the text; may be given again")
        ->type_name("TEXT")
        ->allow_extra_args(false);
    command->add_option("--top", words->top, "show the N most probable tokens at each step")
        ->type_name("N")
        ->check(CLI::Range(0, 1000));
    add_texts(*command, "--rung", words->rungs,
              "the rung that serves an operation, such as gemv=v1; may be given again")
        ->type_name("OP=RUNG")
        ->allow_extra_args(false);
    command->add_flag("--list-rungs", words->list_rungs, "show all operations and their rungs");
    command->add_flag("--trace", words->trace,
                      "show every operation of one token: chapter, rung, time, share of the roof");
    command
        ->add_option("--random-weights", words->random_weights,
                     "measure a shape without files: " + model::known_shapes())
        ->type_name("SHAPE");
    command
        ->add_option("--prompt-tokens", words->prompt_tokens,
                     "with --random-weights: the length of the random prompt")
        ->type_name("N")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
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

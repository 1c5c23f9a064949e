#include "cli/generate.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "cli/nearest.hpp"
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
    const std::vector<std::string> shipped{"tales-gpt2", "tales-mistral", "tales-mixtral"};
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
    const std::string meant = nearest(name, shipped);
    throw UsageError(
        "--model '" + name +
        "' is neither a shipped model (tales-gpt2, tales-mistral, tales-mixtral) nor a "
        "folder; " +
        (meant.empty() ? "name a folder with config.json, tokenizer.json and "
                         "model.safetensors"
                       : "did you mean " + meant + "?"));
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
        line += formatted(" · prompt %lld token%s, %.1f tokens/s",
                          static_cast<long long>(timing.prompt_tokens),
                          timing.prompt_tokens == 1 ? "" : "s",
                          rate(timing.prompt_tokens, timing.prompt_seconds));
    }
    if (timing.decode_tokens > 0) {
        line += formatted(" · decode %lld token%s, %.1f tokens/s",
                          static_cast<long long>(timing.decode_tokens),
                          timing.decode_tokens == 1 ? "" : "s",
                          rate(timing.decode_tokens, timing.decode_seconds));
        if (copy_gb_s > 0) {
            const double gb_s = timing.decode_bytes / timing.decode_seconds / 1e9;
            line += formatted(" · %.1f %% of the roof", 100 * gb_s / copy_gb_s);
        }
    }
    std::cerr << line << end << '\n';
}

/// Are these the words of one text, without the quotes that would make them one?
bool looks_unquoted(const std::vector<std::string>& prompts) {
    return prompts.size() > 1 && std::ranges::all_of(prompts, [](const std::string& prompt) {
               return prompt.find_first_of(" \t\n") == prompt.npos;
           });
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

}  // namespace

std::string random_weights_shapes() {
    return model::known_shapes();
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
    try {
        model::check(words.rule);
    } catch (const std::invalid_argument& error) {
        throw UsageError(error.what());
    }
    if (looks_unquoted(words.prompts)) {
        std::cerr << "t2t: these are " << words.prompts.size()
                  << " prompts of one word; for one text put them in quotes\n";
    }

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

}  // namespace t2t::cli

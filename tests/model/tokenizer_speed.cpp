// How fast the tokenizers are: megabytes of text a second, on one core. Not a test: run it by hand,
// from the repository's root.
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

constexpr std::size_t text_bytes = 4'000'000;

/// Prose of 20,000 words made of English syllables. As in a book, a few are frequent and most are
/// rare (Zipf's law).
std::string prose() {
    constexpr std::string_view syllables[] = {
        "the", "an",   "in",  "er",  "re", "on", "st", "ing", "ed",  "al",  "ly",  "for",
        "mo",  "ther", "con", "was", "ki", "ty", "qu", "low", "sha", "den", "pre", "hea"};
    std::mt19937 draw(1);
    std::vector<std::string> words;
    for (int i = 0; i < 20'000; ++i) {
        std::string word;
        for (std::size_t n = 1 + draw() % 4; n > 0; --n) word += syllables[draw() % 24];
        words.push_back(word);
    }
    std::string text;
    while (text.size() < text_bytes) {
        const double uniform = draw() / 4294967296.0;
        text += words[static_cast<std::size_t>(std::pow(20'000.0, uniform)) - 1];
        text += draw() % 12 == 0 ? ".\n" : draw() % 8 == 0 ? ", " : " ";
    }
    return text;
}

/// No word comes twice: nothing but merging.
std::string letters() {
    std::mt19937 draw(2);
    std::string text;
    while (text.size() < text_bytes) text += draw() % 6 == 0 ? ' ' : char('a' + draw() % 26);
    return text;
}

std::string one_letter() {
    return std::string(text_bytes, 'e');
}

std::string spaces() {
    return std::string(text_bytes, ' ');
}

void encode(benchmark::State& state, const char* model, std::string (*make)()) {
    const auto tokenizer =
        Tokenizer::from_file(std::string("model/pretrained/") + model + "/tokenizer.json");
    const std::string text = make();
    std::size_t tokens = 0;
    for (auto _ : state) {
        const std::vector<std::int32_t> ids = tokenizer->encode(text);
        tokens = ids.size();
        benchmark::DoNotOptimize(ids.data());
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
    state.counters["bytes/token"] = double(text.size()) / double(tokens);
}

void decode(benchmark::State& state, const char* model) {
    const auto tokenizer =
        Tokenizer::from_file(std::string("model/pretrained/") + model + "/tokenizer.json");
    const std::string text = prose();
    const std::vector<std::int32_t> ids = tokenizer->encode(text);
    for (auto _ : state) benchmark::DoNotOptimize(tokenizer->decode(ids));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void load(benchmark::State& state, const char* model) {
    const std::string file = std::string("model/pretrained/") + model + "/tokenizer.json";
    for (auto _ : state) benchmark::DoNotOptimize(Tokenizer::from_file(file));
}

BENCHMARK_CAPTURE(encode, gpt2_prose, "tales-gpt2", prose);
BENCHMARK_CAPTURE(encode, mistral_prose, "tales-mistral", prose);
BENCHMARK_CAPTURE(encode, gpt2_letters, "tales-gpt2", letters);
BENCHMARK_CAPTURE(encode, mistral_letters, "tales-mistral", letters);
BENCHMARK_CAPTURE(encode, gpt2_one_letter, "tales-gpt2", one_letter);
BENCHMARK_CAPTURE(encode, mistral_one_letter, "tales-mistral", one_letter);
BENCHMARK_CAPTURE(encode, gpt2_spaces, "tales-gpt2", spaces);
BENCHMARK_CAPTURE(encode, mistral_spaces, "tales-mistral", spaces);
BENCHMARK_CAPTURE(decode, gpt2, "tales-gpt2");
BENCHMARK_CAPTURE(decode, mistral, "tales-mistral");
BENCHMARK_CAPTURE(load, gpt2, "tales-gpt2")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(load, mistral, "tales-mistral")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace t2t::model

BENCHMARK_MAIN();

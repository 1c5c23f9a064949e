// `t2t generate`, called as a user calls it.

#include <unistd.h>

#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "common/device/properties.hpp"
#include "common/process/child_process.hpp"
#include "tests/cli/program.hpp"

namespace t2t::cli {
namespace {

process::Output generate(const std::string& words) {
    return tests::run_program("generate " + words);
}

/// What goes to stderr.
process::Output complaint(const std::string& words) {
    return generate(words + " 2>&1 >/dev/null");
}

TEST(Generate, WritesThePromptAndGoesOn) {
    const process::Output output = generate("'Once upon a time' --max-tokens 12 2>/dev/null");
    EXPECT_EQ(output.status, 0);
    EXPECT_EQ(output.text.find("Once upon a time"), 0u) << output.text;
    EXPECT_GT(output.text.size(), 40u) << output.text;
}

TEST(Generate, SaysHowFastItWasInOneLine) {
    const process::Output output = complaint("'Once upon a time' --max-tokens 12");
    EXPECT_EQ(output.status, 0);
    EXPECT_NE(output.text.find(" · prompt 5 tokens, "), std::string::npos) << output.text;
    EXPECT_NE(output.text.find(" · decode 11 tokens, "), std::string::npos) << output.text;
    EXPECT_NE(output.text.find(" % of the roof\n"), std::string::npos) << output.text;
    EXPECT_EQ(output.text.find('\n'), output.text.size() - 1) << output.text;
}

TEST(Generate, EveryShippedModelWritesAStoryThatEnds) {
    for (const char* model : {"tales-gpt2", "tales-mistral", "tales-mixtral"}) {
        const process::Output output =
            generate(std::string("'Once upon a time' --temperature 0 --model ") + model + " 2>&1");
        EXPECT_EQ(output.status, 0) << model;
        EXPECT_EQ(output.text.find("Once upon a time"), 0u) << output.text;
        EXPECT_NE(output.text.find(" · the model ended the text\n"), std::string::npos)
            << output.text;
    }
}

TEST(Generate, AFolderIsAModel) {
    EXPECT_EQ(generate("Once --max-tokens 2 --model model/pretrained/tales-gpt2/ 2>/dev/null").text,
              generate("Once --max-tokens 2 --model tales-gpt2 2>/dev/null").text);
}

TEST(Generate, TheSameSeedWritesTheSameTextAloneAndInABatch) {
    const std::string alone = generate("'The king said' --seed 5 --max-tokens 20 2>/dev/null").text;
    EXPECT_EQ(generate("'The king said' --seed 5 --max-tokens 20 2>/dev/null").text, alone);
    EXPECT_NE(generate("'The king said' --seed 6 --max-tokens 20 2>/dev/null").text, alone);
    const std::string batch =
        generate("Once 'The king said' 'A' --seed 5 --max-tokens 20 2>/dev/null").text;
    EXPECT_NE(batch.find("\n\n" + alone), std::string::npos) << batch << "\n---\n" << alone;
}

TEST(Generate, TopShowsCandidates) {
    const process::Output output =
        generate("'Once upon a' --temperature 0 --max-tokens 1 --top 3 2>/dev/null");
    EXPECT_EQ(output.text.find("     logit  probability        id  piece\n"), 0u) << output.text;
    EXPECT_NE(output.text.find("▁time"), std::string::npos) << output.text;
    EXPECT_NE(output.text.find("Once upon a time"), std::string::npos) << output.text;
}

TEST(Generate, TraceNamesChaptersAndRungs) {
    const process::Output output =
        generate("'Once upon a time' --max-tokens 4 --trace 2>/dev/null");
    for (const char* word : {"gather_rows", "rms_norm", "rope", "kv_append", "decode_attention",
                             "gemv", "swiglu", "vector_add", "draw", "share of the token"}) {
        EXPECT_NE(output.text.find(word), std::string::npos) << word << '\n' << output.text;
    }
}

TEST(Generate, ListsItsRungsAndTakesOneByName) {
    const process::Output list = generate("--list-rungs");
    EXPECT_EQ(list.status, 0);
    EXPECT_NE(list.text.find("* v6_output_order"), std::string::npos) << list.text;
    for (const std::string rung : {"v1_gemv_thread_per_row", "v2_gemv_warp_per_row"}) {
        const process::Output named = generate("--list-rungs --rung gemv=" + rung);
        EXPECT_NE(named.text.find("* " + rung), std::string::npos) << named.text;
    }
    EXPECT_EQ(generate("Once --temperature 0 --max-tokens 4 --rung gemv=v2 2>/dev/null").text,
              generate("Once --temperature 0 --max-tokens 4 2>/dev/null").text);
}

TEST(Generate, AStopStringIsNotPrinted) {
    const process::Output output =
        generate("'Once upon a' --temperature 0 --max-tokens 20 --stop time 2>/dev/null");
    EXPECT_EQ(output.text, "Once upon a \n");
}

// Each of these is syntax of the argument parser, or of its configuration files.
TEST(Generate, TakesEveryTextAsItIsTyped) {
    const std::string texts[] = {"[INST] a, b [/INST]",
                                 "[a,b]",
                                 "[[aa]]",
                                 "[",
                                 "{}",
                                 "%%",
                                 "++",
                                 "list",
                                 "generate",
                                 "a=b",
                                 "\"q\"",
                                 "'q'",
                                 "- item",
                                 "-5 °C",
                                 "--- y",
                                 "a\nb",
                                 "@a",
                                 "~x"};
    for (const std::string& text : texts) {
        EXPECT_EQ(generate(process::shell_word(text) + " --max-tokens 0 2>/dev/null").text,
                  text + '\n');
    }
    EXPECT_EQ(generate("--max-tokens 0 -- --trace 2>/dev/null").text, "--trace\n");
    for (const std::string text : {"[a,b]", "[[aa]]", "{}", "%%", "++", "-x", "a=b"}) {
        EXPECT_EQ(complaint("Once --model " + process::shell_word(text))
                      .text.find("t2t: --model '" + text + "' is neither a shipped model"),
                  0u);
    }
}

TEST(Generate, TakesAStopStringAsItIsTyped) {
    // The text goes on with " time": no part of these strings may end it.
    const std::string whole =
        generate("'Once upon a' --temperature 0 --max-tokens 6 2>/dev/null").text;
    EXPECT_NE(whole.find(" time"), std::string::npos) << whole;
    for (const std::string text : {"[ time,time]", "[[ttiimmee]]", "{}", "%%", "-x", "--trace"}) {
        EXPECT_EQ(generate("'Once upon a' --temperature 0 --max-tokens 6 2>/dev/null --stop " +
                           process::shell_word(text))
                      .text,
                  whole);
    }
}

void expect_refusal(const std::string& words, int status, const std::string& sentence) {
    const process::Output output = complaint(words);
    EXPECT_EQ(output.status, status) << words;
    EXPECT_EQ(output.text, "t2t: " + sentence + "\n") << words;
}

TEST(Generate, WrongWordsAreOneSentence) {
    expect_refusal("", 2, "generate needs a prompt: ./t2t generate \"Once upon a time\"");
    expect_refusal("Once --stop ''", 2, "--stop needs a string that is not empty");
    expect_refusal("Once --stop=", 2, "--stop needs a string that is not empty");
    expect_refusal("Once --max-token 3", 2,
                   "unknown option '--max-token'; did you mean '--max-tokens'? See ./t2t generate "
                   "--help");
    expect_refusal(
        "Once --temp=0", 2,
        "unknown option '--temp'; did you mean '--temperature'? See ./t2t generate --help");
    expect_refusal(
        "-frob", 2,
        "unknown option '-frob'; see ./t2t generate --help, and put -- before a text that "
        "begins with -");
    expect_refusal("Once --temperature -1", 2,
                   "temperature is -1; it must be 0 (greedy) or a number above");
    expect_refusal("Once --top-p 1.5", 2, "top-p is 1.5; it must be above 0 and at most 1");
    expect_refusal("Once --top-p 0", 2, "top-p is 0; it must be above 0 and at most 1");
    const std::string up_to = "; it must be a whole number from 0 to ";
    expect_refusal("Once --top-k -2", 2, "--top-k is '-2'" + up_to + "9223372036854775807");
    expect_refusal("Once --max-tokens -2", 2,
                   "--max-tokens is '-2'" + up_to + "9223372036854775807");
    expect_refusal("Once --max-tokens 1.5", 2,
                   "--max-tokens is '1.5'" + up_to + "9223372036854775807");
    expect_refusal("Once --seed 99999999999999999999999", 2,
                   "--seed is '99999999999999999999999'" + up_to + "18446744073709551615");
    expect_refusal("Once --seed ''", 2, "--seed is ''" + up_to + "18446744073709551615");
    expect_refusal("Once --top 1001", 2, "--top is '1001'" + up_to + "1000");
    expect_refusal("Once --top-p nan", 2, "--top-p is 'nan'; it must be a number, such as 0.5");
    expect_refusal("Once --top-p 0,5", 2, "--top-p is '0,5'; it must be a number, such as 0.5");
    expect_refusal("Once --model tales_gpt2", 2,
                   "--model 'tales_gpt2' is neither a shipped model (tales-gpt2, tales-mistral, "
                   "tales-mixtral) nor a folder; did you mean tales-gpt2?");
    expect_refusal("Once --rung gemv", 1,
                   "'gemv' does not name a rung; write OP=RUNG, such as gemv=v1");
    expect_refusal(
        "Once --model nowhere", 2,
        "--model 'nowhere' is neither a shipped model (tales-gpt2, tales-mistral, "
        "tales-mixtral) nor a folder; name a folder with config.json, tokenizer.json and "
        "model.safetensors");
    EXPECT_EQ(complaint("Once --model ''").status, 2);
    EXPECT_EQ(complaint("Once --model " + std::string(5000, 'x')).status, 2);
    expect_refusal("Once --model README.md", 1,
                   "--model README.md is a file; name the folder that holds it");
    expect_refusal(
        "Once --model mistralai/Mistral-7B-v0.1", 1,
        "there is no folder 'mistralai/Mistral-7B-v0.1'; if that is a model's name at huggingface.co, "
        "fetch it first: hf download mistralai/Mistral-7B-v0.1 --local-dir Mistral-7B-v0.1, then --model "
        "Mistral-7B-v0.1");
    EXPECT_EQ(complaint("Once --seed -1").status, 2);
    expect_refusal("Once --random-weights gpt2", 2,
                   "--random-weights has no tokenizer, so it takes no prompt and no --stop; the "
                   "length of its random prompt is --prompt-tokens");
    expect_refusal("--random-weights gpt5", 1,
                   "there is no built-in shape 'gpt5'; there are: gpt2, gpt2-xl, llama-2-7b, "
                   "mistral-7b, mixtral-8x7b-8layers");
    EXPECT_EQ(complaint("Once --dtype fp8").status, 2);
    EXPECT_EQ(complaint("Once --max-tokens many").status, 2);
}

TEST(Generate, APromptLongerThanTheContextIsRefused) {
    std::string prompt;
    for (int i = 0; i < 1200; ++i) prompt += "time ";
    const process::Output output = complaint(process::shell_word(prompt) + " --model tales-gpt2");
    EXPECT_EQ(output.status, 1);
    EXPECT_NE(output.text.find("this model's context holds 512"), std::string::npos) << output.text;
}

/// A copy of a shipped model that a test may damage.
class DamagedModel : public ::testing::Test {
 protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("t2t-damaged-" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
        for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"}) {
            std::filesystem::copy_file(std::filesystem::path("model/pretrained/tales-gpt2") / name,
                                       folder_ / name);
        }
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    /// One sentence on stderr that holds both words, exit code 1.
    void expect_complaint(const std::string& file, const std::string& words,
                          const std::string& prompt = "Once") {
        const process::Output output =
            complaint(process::shell_word(prompt) + " --max-tokens 2 --model " +
                      process::shell_word(folder_.string()));
        EXPECT_EQ(output.status, 1) << output.text;
        EXPECT_EQ(output.text.find("t2t: "), 0u) << output.text;
        EXPECT_EQ(output.text.find('\n'), output.text.size() - 1) << output.text;
        EXPECT_NE(output.text.find(file), std::string::npos) << output.text;
        EXPECT_NE(output.text.find(words), std::string::npos) << output.text;
    }

    /// A warning that holds `words`, and text all the same.
    void expect_warning(const std::string& words) {
        const process::Output output =
            complaint("Once --max-tokens 2 --model " + process::shell_word(folder_.string()));
        EXPECT_EQ(output.status, 0) << output.text;
        EXPECT_EQ(output.text.find("t2t: warning: "), 0u) << output.text;
        EXPECT_LT(output.text.find(words), output.text.find('\n')) << output.text;
    }

    void replace(const std::string& name, const std::string& what, const std::string& with) {
        std::ifstream in(folder_ / name);
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const std::size_t at = text.find(what);
        ASSERT_NE(at, std::string::npos) << what;
        text.replace(at, what.size(), with);
        std::ofstream(folder_ / name) << text;
    }

    std::filesystem::path folder_;
};

TEST_F(DamagedModel, EachMissingFileIsNamed) {
    for (const char* name : {"model.safetensors", "tokenizer.json", "config.json"}) {
        std::filesystem::remove(folder_ / name);
        expect_complaint(name, "");
    }
}

TEST_F(DamagedModel, ATruncatedCheckpointIsNamed) {
    std::filesystem::resize_file(folder_ / "model.safetensors", 100'000);
    expect_complaint("model.safetensors", "");
}

TEST_F(DamagedModel, AnUnsupportedArchitectureIsNamedWithThoseSupported) {
    replace("config.json", "\"model_type\": \"gpt2\"", "\"model_type\": \"t5\"");
    expect_complaint("config.json", "model_type is \"t5\"");
    expect_complaint("config.json", "mixtral");
}

// `transformers` goes by model_type, too.
TEST_F(DamagedModel, AnArchitectureBesideAModelTypeIsAWarning) {
    replace("config.json", "GPT2LMHeadModel", "T5ForConditionalGeneration");
    expect_warning("architectures is [\"T5ForConditionalGeneration\"]");
}

TEST_F(DamagedModel, AShapeThatContradictsTheConfigIsNamed) {
    replace("config.json", "\"vocab_size\": 2048", "\"vocab_size\": 2047");
    expect_complaint("model.safetensors", "wte.weight");
}

TEST_F(DamagedModel, ATokenThatTheModelDoesNotKnowIsNamed) {
    replace("tokenizer.json", "\"added_tokens\": [",
            "\"added_tokens\": [{\"id\": 5000, \"content\": \"<big>\", \"single_word\": false, "
            "\"lstrip\": false, \"rstrip\": false, \"normalized\": false, \"special\": false},");
    expect_complaint("tokenizer.json",
                     "gives token 2048 (<big>), but config.json says vocab_size 2048",
                     "A <big> word");
}

TEST_F(DamagedModel, LayersThatTheConfigLeavesOutAreNamed) {
    replace("config.json", "\"n_layer\": 4", "\"n_layer\": 3");
    expect_warning("transformer.h.3.");
}

TEST_F(DamagedModel, AFolderOfTheCurrentFolderIsAModelToo) {
    const process::Output output = process::run(
        "cd " + process::shell_word(folder_.string()) + " && T2T_ROOT=/nowhere " +
        tests::program_of("generate") + " generate Once --max-tokens 2 --model . 2>&1");
    EXPECT_EQ(output.status, 0) << output.text;
}

TEST(Generate, AFullDiskIsNoticed) {
    const process::Output output =
        process::run(tests::program_of("generate") +
                     " generate Once --max-tokens 2 2>&1 >/dev/full | grep cannot");
    EXPECT_EQ(output.text, "t2t: cannot write to standard output\n");
}

TEST(Generate, WordsWithoutQuotesAreSaidToBePrompts) {
    const std::string hint =
        "t2t: these are 3 prompts of one word; for one text put them in quotes\n";
    EXPECT_EQ(complaint("Once upon a --max-tokens 1").text.find(hint), 0u);
    EXPECT_EQ(complaint("'Once upon' 'a time' --max-tokens 1").text.find("quotes"),
              std::string::npos);
    EXPECT_EQ(complaint("Once --max-tokens 1").text.find("quotes"), std::string::npos);
}

TEST(Generate, AHugeNumberOfTokensIsTheContext) {
    std::string prompt = "time";
    for (int i = 1; i < 510; ++i) prompt += " time";  // a token each; the story cannot end so soon
    const process::Output output =
        complaint(process::shell_word(prompt) +
                  " --model tales-gpt2 --temperature 0 --max-tokens 9223372036854775807");
    EXPECT_EQ(output.status, 0) << output.text;
    EXPECT_NE(output.text.find("the context of 512 tokens is full\n"), std::string::npos)
        << output.text;
}

TEST(Generate, NothingToTraceIsSaid) {
    const process::Output output = complaint("Once --max-tokens 1 --trace");
    EXPECT_EQ(output.text.find("t2t: there is no trace"), 0u) << output.text;
}

TEST_F(DamagedModel, AMergeOfAnUnknownTokenIsNamed) {
    replace("tokenizer.json", "\"merges\": [", "\"merges\": [ [\"zqzqzq\", \"a\"],");
    expect_complaint("tokenizer.json", "zqzqzq");
}

}  // namespace
}  // namespace t2t::cli

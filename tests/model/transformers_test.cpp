// Models with random weights against `transformers`: shapes and settings that no shipped model has.
// tests/model/transformers/README.md says how they were made. The small ones are stored here; where
// T2T_TRANSFORMERS_MODELS names a folder of larger ones, those are compared too.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/model/loaded.hpp"
#include "tests/model/stored.hpp"

namespace t2t::tests {
namespace {

namespace fs = std::filesystem;

// Both sides sum in fp32, in different orders: a product of some thousand terms is off by about
// ε·√k ≈ 3e-6 of its scale, and some sixty such products follow each other.
double tolerance(std::span<const float> expected) {
    double largest = 0;
    for (const float logit : expected) largest = std::max(largest, std::abs(double{logit}));
    return 3e-5 * largest;
}

void expect_close(std::span<const float> actual, std::span<const float> expected,
                  const std::string& what) {
    ASSERT_EQ(actual.size(), expected.size()) << what;
    const double allowed = tolerance(expected);
    for (std::size_t i = 0; i < actual.size(); ++i) {
        const double difference = std::abs(double{actual[i]} - double{expected[i]});
        ASSERT_TRUE(difference <= allowed) << what << ", logit " << i << ": " << actual[i]
                                           << ", not " << expected[i] << " ± " << allowed;
    }
}

void compare(const fs::path& folder) {
    const Stored stored(folder / "expected.safetensors");
    Loaded model(folder, {.positions = 512});

    const auto ids = stored.values<std::int32_t>("input_ids");
    const auto logits = stored.values<float>("logits");
    expect_close(model.prompt(ids), logits, "a prompt");
    const std::size_t vocabulary = logits.size() / ids.size();
    model.steps(ids, [&](std::size_t i, const std::vector<float>& step) {
        expect_close(step, std::span(logits).subspan(i * vocabulary, vocabulary),
                     "step " + std::to_string(i));
    });

    const auto long_ids = stored.values<std::int32_t>("long_input_ids");
    const auto last = stored.values<float>("long_last_logits");
    const auto all = model.prompt(long_ids);
    expect_close(std::span(all).last(last.size()), last, "a long prompt");
}

std::vector<fs::path> folders_in(const fs::path& parent) {
    std::vector<fs::path> folders;
    for (const auto& entry : fs::directory_iterator(parent)) {
        if (fs::exists(entry.path() / "expected.safetensors")) folders.push_back(entry.path());
    }
    std::ranges::sort(folders);
    return folders;
}

TEST(Transformers, SmallModelsWithEverySettingAgree) {
    const auto folders = folders_in("tests/model/transformers/small");
    EXPECT_GE(folders.size(), 7u);
    for (const fs::path& folder : folders) {
        SCOPED_TRACE(folder.filename().string());
        compare(folder);
    }
}

TEST(Transformers, LargeModelsAgree) {
    const char* parent = std::getenv("T2T_TRANSFORMERS_MODELS");
    if (parent == nullptr) {
        GTEST_SKIP() << "set T2T_TRANSFORMERS_MODELS to the folder that "
                        "tests/model/transformers/make_models.py wrote";
    }
    const auto folders = folders_in(parent);
    EXPECT_FALSE(folders.empty()) << parent;
    for (const fs::path& folder : folders) {
        SCOPED_TRACE(folder.filename().string());
        compare(folder);
    }
}

}  // namespace
}  // namespace t2t::tests

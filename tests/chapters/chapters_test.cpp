#include "chapters/chapters.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "chapters/ladders.hpp"

namespace t2t {
namespace {

// Tests run in the project's root.
const std::filesystem::path root = "chapters";

TEST(Chapters, AreTwentyInOrder) {
    ASSERT_EQ(chapters().size(), 20u);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(chapters()[static_cast<std::size_t>(i)].number, i + 1);
}

TEST(Chapters, HaveAFolderWhenTheyStand) {
    EXPECT_EQ(chapters().front().folder(), "01_vector_add");
    EXPECT_EQ(chapters().back().folder(), "20_many_gpus");
    for (const Chapter& chapter : chapters()) {
        EXPECT_EQ(std::filesystem::is_directory(root / chapter.folder()), chapter.stands)
            << chapter.folder();
    }
}

TEST(Chapters, HaveLaddersWhenTheyStand) {
    for (const Chapter& chapter : chapters()) {
        EXPECT_EQ(!ladders_of(chapter.number).empty(), chapter.stands) << chapter.folder();
    }
}

TEST(Chapters, ListExactlyTheRungsThatHaveAFile) {
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands) continue;
        std::set<std::string> files;
        for (const auto& file : std::filesystem::directory_iterator(root / chapter.folder())) {
            const std::string name = file.path().stem().string();
            if (file.path().extension() == ".cu" && name != "bench") files.insert(name);
        }
        std::set<std::string> rungs;
        for (const LadderEntry& ladder : ladders_of(chapter.number)) {
            EXPECT_FALSE(ladder.rungs.empty()) << ladder.operation;
            for (const RungEntry& rung : ladder.rungs) {
                EXPECT_TRUE(rungs.emplace(rung.name).second) << rung.name << " is listed twice";
                EXPECT_FALSE(rung.idea.empty()) << rung.name;
            }
        }
        EXPECT_EQ(rungs, files) << chapter.folder();
    }
}

template <typename T>
struct Nothing {
    std::int64_t n = 0;
};

template <typename T>
constexpr Rung<Nothing<T>> rung(std::string_view name, Needs needs = {},
                                Takes<Nothing<T>> takes = {}) {
    return {.name = name, .run = nullptr, .idea = "an idea", .needs = needs, .takes = takes};
}

template <typename T>
constexpr Takes<Nothing<T>> even{"n that is even",
                                 [](const Nothing<T>& op) { return op.n % 2 == 0; }};

/// `v1_plain [int32] takes everything; needs compute capability 7.5`, a line for each rung.
std::string text_of(const LadderEntry& entry) {
    std::string text;
    for (const RungEntry& rung : entry.rungs) {
        text += std::string(rung.name) + " [";
        for (const std::string_view type : rung.types) {
            text += (text.ends_with('[') ? "" : ", ") + std::string(type);
        }
        text += "] takes " + std::string(rung.takes) + "; " + needs_text(rung.needs) + '\n';
    }
    return text;
}

TEST(Entry, OfOneLadderIsThatLadder) {
    constexpr Ladder ladder{"nothing", std::array{rung<int>("v1_plain", {}, even<int>),
                                                  rung<int>("v2_wide", {.exactly = 90})}};
    EXPECT_EQ(entry(ladder).operation, "nothing");
    EXPECT_EQ(entry(ladder).rungs.front().idea, "an idea");
    EXPECT_EQ(text_of(entry(ladder)),
              "v1_plain [] takes n that is even; needs compute capability 7.5\n"
              "v2_wide [] takes everything; needs compute capability 9.0 exactly\n");
}

// Each list has a rung that the others lack, and v10 comes after v9.
TEST(Entry, OfSeveralLaddersHasEveryRungOnceInClimbingOrder) {
    constexpr Ladder chars{"nothing", std::array{rung<char>("v1_plain"), rung<char>("v10_late")},
                           "int8"};
    constexpr Ladder ints{
        "nothing", std::array{rung<int>("v1_plain"), rung<int>("v2_wide"), rung<int>("v9_fast")},
        "int32"};
    constexpr Ladder longs{"nothing", std::array{rung<long>("v1_plain"), rung<long>("v2_wide")},
                           "int64"};
    const std::string rest = "] takes everything; needs compute capability 7.5\n";
    EXPECT_EQ(text_of(entry(chars, ints, longs)), "v1_plain [" + rest + "v2_wide [int32, int64" +
                                                      rest + "v9_fast [int32" + rest +
                                                      "v10_late [int8" + rest);
}

TEST(Entry, SaysWhatARungTakesOfEachTypeWhereThatDiffers) {
    constexpr Takes<Nothing<char>> small{"n < 128",
                                         [](const Nothing<char>& op) { return op.n < 128; }};
    constexpr Ladder chars{"nothing", std::array{rung<char>("v1_plain", {}, small)}, "int8"};
    constexpr Ladder ints{"nothing", std::array{rung<int>("v1_plain", {}, even<int>)}, "int32"};
    constexpr Ladder longs{"nothing", std::array{rung<long>("v1_plain", {}, even<long>)}, "int64"};
    EXPECT_EQ(text_of(entry(ints, longs)),
              "v1_plain [] takes n that is even; needs compute capability 7.5\n");
    EXPECT_EQ(text_of(entry(ints, chars, longs)),
              "v1_plain [] takes n that is even (int32, int64), n < 128 (int8); needs compute "
              "capability 7.5\n");
}

TEST(Entry, ARungNeedsTheSameForAllTypes) {
    constexpr Ladder ints{"nothing", std::array{rung<int>("v2_wide")}, "int32"};
    constexpr Ladder longs{"nothing", std::array{rung<long>("v2_wide", {.at_least = 80})}, "int64"};
    try {
        entry(ints, longs);
        FAIL() << "nothing was thrown";
    } catch (const std::logic_error& error) {
        EXPECT_STREQ(error.what(),
                     "the rung v2_wide needs compute capability 7.5, and for other types it needs "
                     "compute capability 8.0; make it two rungs");
    }
}

}  // namespace
}  // namespace t2t

#include "chapters/chapters.hpp"

#include <filesystem>
#include <set>
#include <string>

#include <gtest/gtest.h>

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
        EXPECT_EQ(std::filesystem::is_directory(root / chapter.folder()), chapter.stands())
            << chapter.folder();
    }
}

TEST(Chapters, ListExactlyTheRungsThatHaveAFile) {
    for (const Chapter& chapter : chapters()) {
        if (!chapter.stands()) continue;
        std::set<std::string> files;
        for (const auto& file : std::filesystem::directory_iterator(root / chapter.folder())) {
            const std::string name = file.path().stem().string();
            if (file.path().extension() == ".cu" && name != "bench") files.insert(name);
        }
        std::set<std::string> rungs;
        for (const LadderEntry& ladder : chapter.ladders) {
            EXPECT_FALSE(ladder.rungs.empty()) << ladder.operation;
            for (const RungEntry& rung : ladder.rungs) {
                EXPECT_TRUE(rungs.emplace(rung.name).second) << rung.name << " is listed twice";
                EXPECT_FALSE(rung.idea.empty()) << rung.name;
            }
        }
        EXPECT_EQ(rungs, files) << chapter.folder();
    }
}

}  // namespace
}  // namespace t2t

// The program behind ./t2t, called as a user calls it.

#include <string>

#include <gtest/gtest.h>

#include "chapters/chapters.hpp"
#include "chapters/ladders.hpp"
#include "cli/chapter_list.hpp"
#include "cli/usage_error.hpp"
#include "common/process/child_process.hpp"
#include "tests/cli/program.hpp"

namespace t2t::cli {
namespace {

process::Output program(const std::string& words) {
    return tests::run_program(words);
}

std::string message_of(const std::string& chapter) {
    try {
        find_chapter(chapter);
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

TEST(Chapters, AreFoundByEachOfTheirNames) {
    for (const char* name : {"3", "03", "shared_memory", "03_shared_memory", "03_shared_memory/",
                             "chapters/03_shared_memory"}) {
        EXPECT_EQ(find_chapter(name).number, 3) << name;
    }
}

TEST(Chapters, UnknownOnesAreAnsweredWithThoseThereAre) {
    for (const std::string name : {"99", "", "shared", "003", "3 "}) {
        EXPECT_EQ(message_of(name).find("unknown chapter '" + name +
                                        "'; there are: 01_vector_add 02_memory_access "
                                        "03_shared_memory"),
                  0u)
            << message_of(name);
    }
}

TEST(Chapters, OnesToComeSaySo) {
    EXPECT_EQ(message_of("20"),
              "chapter 20_many_gpus is still to come; ./t2t list shows what stands");
}

TEST(Program, ListsEveryRungWithItsIdea) {
    const process::Output list = program("list");
    EXPECT_EQ(list.status, 0);
    for (const Chapter& chapter : chapters()) {
        EXPECT_NE(list.text.find(chapter.folder()), std::string::npos) << chapter.folder();
        for (const LadderEntry& ladder : ladders_of(chapter.number)) {
            for (const RungEntry& rung : ladder.rungs) {
                EXPECT_NE(list.text.find(rung.name), std::string::npos) << rung.name;
                EXPECT_NE(list.text.find(rung.idea), std::string::npos) << rung.idea;
                if (rung.needs == Needs{}) continue;
                EXPECT_NE(list.text.find(needs_text(rung.needs) + ')'), std::string::npos)
                    << rung.name;
            }
        }
    }
}

TEST(Program, EveryCommandHasHelpWithAnExample) {
    for (const std::string command :
         {"generate", "list", "bench", "docs", "doctor", "dev", "dev check"}) {
        const process::Output help = program(command + " --help");
        EXPECT_EQ(help.status, 0) << command;
        EXPECT_NE(help.text.find("Example"), std::string::npos) << help.text;
        EXPECT_NE(help.text.find("./t2t " + command.substr(0, 3)), std::string::npos) << help.text;
    }
}

TEST(Program, WrongWordsAreOneSentenceAndExitCodeTwo) {
    for (const char* words :
         {"list extra", "bench", "bench 99", "bench --fast 01", "bench 03 --json /nonexistent/x"}) {
        const process::Output output = program(std::string(words) + " 2>&1 >/dev/null");
        EXPECT_EQ(output.status, 2) << words;
        EXPECT_EQ(output.text.find("t2t: "), 0u) << output.text;
        EXPECT_EQ(output.text.find('\n'), output.text.size() - 1) << output.text;
    }
}

TEST(Program, WrongWordsAreNamedAsTheyWereTyped) {
    const auto complaint = [](const std::string& words) {
        return program(words + " 2>&1 >/dev/null").text;
    };
    const std::string unwritable = "; name a file that you may write, in a folder that exists\n";
    EXPECT_EQ(complaint("bench 03 --json '[/nonexistent/x]'"),
              "t2t: --json: cannot write [/nonexistent/x]" + unwritable);
    EXPECT_EQ(complaint("bench '[03]'").find("t2t: unknown chapter '[03]'; there are: "), 0u);
    EXPECT_EQ(complaint("bench 03 '{}'")
                  .find("t2t: chapter 03_shared_memory has no rung '{}'; there are: "),
              0u);
    EXPECT_EQ(complaint("list '[a]'"), "t2t: '[a]' is one word too many; see ./t2t list --help\n");
    EXPECT_EQ(complaint("bench 03 --repititions 3"),
              "t2t: unknown option '--repititions'; did you mean '--repetitions'? See ./t2t bench "
              "--help\n");
    EXPECT_EQ(complaint("dev check --fast"),
              "t2t: unknown option '--fast'; see ./t2t dev check --help\n");
}

}  // namespace
}  // namespace t2t::cli

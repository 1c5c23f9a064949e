// `./t2t watch`: again at each save.
#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/cli/run/own_folder.hpp"

namespace t2t::tests {
namespace {

std::string printing(int number) {
    return "#include <cstdio>\n#include \"n.h\"\nint main() { std::printf(\"<%d %d>\\n\", " +
           std::to_string(number) + ", N); std::fflush(stdout); for (;;); }\n";
}

// Waits until the file `out` holds `text`.
bool appears(const OwnFolder& folder, const std::string& text) {
    for (int tries = 0; tries < 600; ++tries) {
        if (folder.read("out").find(text) != std::string::npos) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
}

TEST(Watch, RunsAgainWhenAFileOrItsHeaderIsSaved) {
    OwnFolder folder;
    folder.write("watched.cu", printing(1));
    folder.write("n.h", "#define N 1\n");
    folder.start("watch watched.cu");
    EXPECT_TRUE(appears(folder, "<1 1>")) << folder.read(".errors");
    folder.write("watched.cu", printing(2));
    EXPECT_TRUE(appears(folder, "<2 1>")) << folder.read(".errors");
    folder.write("n.h", "#define N 2\n");
    EXPECT_TRUE(appears(folder, "<2 2>")) << folder.read(".errors");
    folder.write("watched.cu", "int main() { retrn; }\n");
    for (int tries = 0; tries < 300 && folder.read(".errors").find("retrn") == std::string::npos;
         ++tries) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_NE(folder.read(".errors").find("watched.cu:1:14: error: "), std::string::npos);
    folder.write("watched.cu", printing(3));
    EXPECT_TRUE(appears(folder, "<3 ")) << folder.read(".errors");
    // Ended itself, it leaves no program behind that it has started.
    process::run("kill " + folder.read("pid"));
    const std::string programs = "grep -l '^./watched' /proc/[0-9]*/cmdline 2>/dev/null";
    bool gone = false;
    for (int tries = 0; tries < 50 && !gone; ++tries) {
        gone = process::run(programs).text.empty();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_TRUE(gone) << process::run(programs).text;
}

}  // namespace
}  // namespace t2t::tests

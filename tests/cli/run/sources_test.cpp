// Which files belong to a program.
#include "cli/run/sources.hpp"

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/run/warps_in_step.hpp"
#include "tests/cli/run/own_folder.hpp"

namespace t2t::own::tests {
namespace {

namespace fs = std::filesystem;

class OwnSources : public ::testing::Test {
 protected:
    OwnSources() { fs::current_path(folder.path()); }
    ~OwnSources() override { fs::current_path("/"); }

    // The files of a program, as messages name them, in the order of their paths.
    static std::vector<std::string> names(const Sources& sources) {
        std::vector<std::string> found;
        for (const auto& [path, source] : sources.by_path) found.push_back(source.shown);
        return found;
    }

    t2t::tests::OwnFolder folder;
};

TEST_F(OwnSources, FollowsIncludesBesideTheFileAndInFolders) {
    folder.write("main.cu", "#include \"near.cuh\"\n  #  include <far.h>\n#include <vector>\n");
    folder.write("near.cuh", "#include \"deeper/more.h\"\n");
    folder.write("deeper/more.h", "#include \"../near.cuh\"\n");
    folder.write("lib/far.h", "");
    folder.write("far.h", "not this one: <> does not look beside the file\n");
    EXPECT_EQ(names(gather({"main.cu"}, {"lib"})),
              (std::vector<std::string>{"deeper/more.h", "lib/far.h", "main.cu", "near.cuh"}));
}

TEST_F(OwnSources, AFileMayIncludeItself) {
    folder.write("self.cu", "#include \"self.cu\"\n");
    EXPECT_EQ(names(gather({"self.cu"}, {})), std::vector<std::string>{"self.cu"});
}

TEST_F(OwnSources, TranslatesDeviceCodeAndNoOther) {
    folder.write("a.cu", "void f() { k<<<1, 2>>>(); }\n");
    folder.write("b.cpp", "int x = 1 <<3;\n");
    const Sources sources = gather({"a.cu", "b.cpp"}, {});
    EXPECT_TRUE(sources.find("a.cu")->translated.starts_with("#line 1 \"a.cu\"\nvoid f() { ::t2t"));
    EXPECT_EQ(sources.find("b.cpp")->translated, "#line 1 \"b.cpp\"\nint x = 1 <<3;\n");
    EXPECT_EQ(sources.find((fs::canonical(folder.path()) / "b.cpp").string()),
              sources.find("b.cpp"));
    EXPECT_EQ(sources.find("c.cpp"), nullptr);
}

TEST_F(OwnSources, AnUnservedLibraryIsAnErrorAtItsLineOnly) {
    folder.write("a.cu", "#if 0\n#include <cublas_v2.h>\n#endif\nint x;\n");
    EXPECT_EQ(gather({"a.cu"}, {}).find("a.cu")->translated,
              "#line 1 \"a.cu\"\n#if 0\n#error not served: cublas_v2.h\n#endif\nint x;\n");
}

TEST_F(OwnSources, ALibraryThatTheProgramBringsAlongIsIncluded) {
    folder.write("a.cu", "#include <cub/cub.cuh>\n");
    folder.write("lib/cub/cub.cuh", "int x;\n");
    const Sources sources = gather({"a.cu"}, {"lib"});
    EXPECT_EQ(sources.find("a.cu")->translated, "#line 1 \"a.cu\"\n#include <cub/cub.cuh>\n");
    EXPECT_NE(sources.find("lib/cub/cub.cuh"), nullptr);
}

TEST_F(OwnSources, SaysWhereALaunchCannotBeRead) {
    folder.write("a.cu", "int x;\nvoid f() { k<<<1, 2>>>(; }\n");
    try {
        gather({"a.cu"}, {});
        FAIL() << "no error";
    } catch (const std::runtime_error& error) {
        EXPECT_EQ(std::string(error.what()),
                  "a.cu:2: the arguments of this launch have no end; close them with )");
    }
}

TEST_F(OwnSources, AreTexts) {
    const auto refusal = [&](const std::string& text) {
        folder.write("a.cu", text);
        try {
            gather({"a.cu"}, {});
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("none");
    };
    EXPECT_EQ(refusal(std::string("\x7f"
                                  "ELF\0\1",
                                  6)),
              "'a.cu' is no text, so it cannot be CUDA source; name another file");
    EXPECT_EQ(refusal(std::string("\xFF\xFEi\0n\0t\0", 8)),
              "'a.cu' is in UTF-16; save it as UTF-8");
    EXPECT_EQ(refusal("int x;"), "none");
}

TEST_F(OwnSources, AreWrittenAsTheyLie) {
    folder.write("sub/a.cu", "#include \"../b.cuh\"\n");
    folder.write("b.cuh", "int x;\n");
    const Sources sources = gather({"sub/a.cu"}, {});
    write(sources, folder.path() / "mirror");
    const fs::path a =
        mirrored(folder.path() / "mirror", fs::canonical(folder.path()) / "sub/a.cu");
    EXPECT_TRUE(fs::exists(a));
    EXPECT_TRUE(fs::exists(a.parent_path() / "../b.cuh"));
}

// ---- warps that are trusted to run in step ---------------------------------------------------------

TEST_F(OwnSources, VolatileMemoryWithoutASyncIsNoted) {
    const std::string last_warp = R"(#include <cuda_runtime.h>
__device__ void sum(volatile float* part, int lane) {
    part[lane] += part[lane + 32];
    part[lane] += part[lane + 16];
}
)";
    folder.write("old.cu", last_warp);
    folder.write("new.cu", last_warp + "__device__ void wait() { __syncwarp(); }\n");
    folder.write("flag.cu", last_warp + "__device__ void publish() { __threadfence(); }\n");
    folder.write("host.cu", "volatile int stop = 0;\nint main() {}\n");
    folder.write("ptx.cu", "__device__ void f() { asm volatile(\"bar.sync 0;\"); }\n");
    const auto notes = [](const char* file) { return notes_on_warps_in_step(gather({file}, {})); };
    EXPECT_EQ(notes("old.cu").find("t2t: old.cu:2: volatile memory and no __syncwarp()"), 0u)
        << notes("old.cu");
    for (const char* file : {"new.cu", "flag.cu", "host.cu", "ptx.cu"}) EXPECT_EQ(notes(file), "");
}

}  // namespace
}  // namespace t2t::own::tests

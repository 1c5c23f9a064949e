// The words of `run`, `check FILE.cu` and `watch`.
#include "cli/run/command_line.hpp"

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/usage_error.hpp"
#include "tests/cli/run/own_folder.hpp"

namespace t2t::own::tests {
namespace {

class OwnCommandLine : public ::testing::Test {
 protected:
    OwnCommandLine() {
        folder.write("add.cu", "");
        folder.write("more.cpp", "");
        folder.write("add.cuh", "");
        folder.write("data.txt", "");
        std::filesystem::current_path(folder.path());
    }
    ~OwnCommandLine() override { std::filesystem::current_path("/"); }

    static std::string refusal(const std::vector<std::string>& words) {
        try {
            parse(words);
        } catch (const cli::UsageError& error) {
            return error.what();
        }
        return "none";
    }

    t2t::tests::OwnFolder folder;
};

TEST_F(OwnCommandLine, TakesFilesOptionsAndArguments) {
    const CommandLine line =
        parse({"run", "add.cu", "-I", ".", "-I..", "more.cpp", "-DN=3", "-D", "M", "-std=c++20",
               "-o", "kept", "--timeout", "5", "--", "-x", "add.cu"});
    EXPECT_EQ(line.files, (std::vector<std::filesystem::path>{"add.cu", "more.cpp"}));
    EXPECT_EQ(line.include_dirs, (std::vector<std::filesystem::path>{".", ".."}));
    EXPECT_EQ(line.definitions, (std::vector<std::string>{"N=3", "M"}));
    EXPECT_EQ(line.standard, "20");
    EXPECT_EQ(line.output, "kept");
    EXPECT_EQ(line.timeout, 5u);
    EXPECT_EQ(line.arguments, (std::vector<std::string>{"-x", "add.cu"}));
    EXPECT_FALSE(line.check);
}

TEST_F(OwnCommandLine, IsCxx17AsNvccsUnlessAsked) {
    EXPECT_EQ(parse({"run", "add.cu"}).standard, "17");
    EXPECT_EQ(parse({"run", "add.cu", "-std=c++14"}).standard, "17");
    EXPECT_EQ(parse({"run", "add.cu", "-std", "c++20"}).standard, "20");
    EXPECT_EQ(parse({"run", "add.cu", "--std=c++20"}).standard, "20");
    EXPECT_EQ(refusal({"run", "add.cu", "-std=c++98"}),
              "-std=c++98 is not served; use -std=c++17 or -std=c++20");
}

TEST_F(OwnCommandLine, TakesNvccsOptionsThatMeanNothingHere) {
    const CommandLine line =
        parse({"run", "-O3", "-arch=sm_80", "-gencode", "arch=compute_80,code=sm_80", "-lineinfo",
               "-Xptxas", "-v", "--expt-relaxed-constexpr", "add.cu", "-lm"});
    EXPECT_EQ(line.files.size(), 1u);
    const CommandLine long_names =
        parse({"run", "--generate-code=arch=compute_80,code=sm_80", "--ptxas-options=-v", "-ccbin",
               "g++-12", "--maxrregcount", "32", "-rdc", "true", "-O", "3", "--fmad=false",
               "-Werror", "all-warnings", "--default-stream", "per-thread", "-v", "add.cu"});
    EXPECT_EQ(long_names.files.size(), 1u);
}

TEST_F(OwnCommandLine, KnowsNvccsOtherNames) {
    const CommandLine line =
        parse({"run", "add.cu", "--include-path=.", "--define-macro", "N=3",
               "--compiler-options=-fopenmp,-g", "--library=GL", "--linker-options", "-s",
               "--output-file", "kept", "-U", "M", "--", "--define-macro=X"});
    EXPECT_EQ(line.include_dirs, (std::vector<std::filesystem::path>{"."}));
    EXPECT_EQ(line.definitions, (std::vector<std::string>{"N=3"}));
    EXPECT_EQ(line.host_options, (std::vector<std::string>{"-fopenmp", "-g", "-UM"}));
    EXPECT_EQ(line.libraries, (std::vector<std::string>{"-lGL", "-Xlinker", "-s"}));
    EXPECT_EQ(line.output, "kept");
    EXPECT_EQ(line.arguments, (std::vector<std::string>{"--define-macro=X"}));
}

TEST_F(OwnCommandLine, SaysWhatToDoAboutOptionsOfOthers) {
    EXPECT_EQ(refusal({"run", "add.cu", "-fopenmp"}),
              "-fopenmp is the C++ compiler's; write -Xcompiler -fopenmp, as with nvcc");
    EXPECT_EQ(refusal({"run", "-c", "add.cu"}),
              "-c makes something else than a program; ./t2t run compiles all files and runs the "
              "program, so leave it out");
}

TEST_F(OwnCommandLine, LinksWithLibrariesThatAreNotCudas) {
    const CommandLine line = parse({"run", "add.cu", "-lGL", "-L", "lib", "-lcudart", "-lcublas",
                                    "-Xcompiler", "-fopenmp,-O1", "-Xcompiler=-g"});
    EXPECT_EQ(line.libraries, (std::vector<std::string>{"-lGL", "-Llib"}));
    EXPECT_EQ(line.host_options, (std::vector<std::string>{"-fopenmp", "-O1", "-g"}));
}

TEST_F(OwnCommandLine, CheckHasItsOwnOptions) {
    const CommandLine line =
        parse({"check", "add.cu", "--annotate", "--draw=12", "--out", "a.svg", "--json", "-"});
    EXPECT_TRUE(line.check && line.annotate);
    EXPECT_EQ(line.draw, "12");
    EXPECT_EQ(line.picture, "a.svg");
    EXPECT_EQ(line.json, "-");
    EXPECT_TRUE(parse({"watch", "add.cu", "--check"}).check);
    EXPECT_FALSE(parse({"watch", "add.cu"}).check);
    EXPECT_EQ(
        refusal({"run", "add.cu", "--annotate"}),
        "unknown option '--annotate'; see ./t2t run --help, and put -- before the program's own "
        "arguments");
}

TEST_F(OwnCommandLine, RefusesWhatIsNoSourceFile) {
    EXPECT_EQ(refusal({"run"}), "./t2t run needs a file, such as ./t2t run vector_add.cu");
    EXPECT_EQ(refusal({"run", "ad.cu"}), "there is no file 'ad.cu'");
    EXPECT_EQ(refusal({"run", "add.cu", "100"}),
              "there is no file '100'; put -- before the program's own arguments");
    EXPECT_EQ(refusal({"run", "add.cuh"}),
              "'add.cuh' is a header; name the .cu file that includes it");
    EXPECT_EQ(refusal({"run", "."}), "'.' is a folder; name the .cu files in it");
    EXPECT_EQ(
        refusal({"run", "data.txt"}),
        "'data.txt' is no source file: .cu, .cpp, .cc, .cxx or .c; rename it to .cu if it is CUDA");
    EXPECT_EQ(
        refusal({"run", "add.cu", "data.txt"}),
        "'data.txt' is no source file: .cu, .cpp, .cc, .cxx or .c; put -- before the program's own "
        "arguments");
}

TEST_F(OwnCommandLine, RefusesWrongValues) {
    EXPECT_EQ(refusal({"run", "add.cu", "--timeout", "0"}),
              "--timeout is '0'; it must be a whole number of seconds from 1 to 86400");
    EXPECT_EQ(refusal({"run", "add.cu", "--timeout"}), "--timeout needs a value behind it");
    EXPECT_EQ(refusal({"run", "add.cu", "-I", "none"}), "-I names 'none', which is no folder");
    EXPECT_EQ(refusal({"run", "add.cu", "-o", "add.cu"}),
              "-o would overwrite the source file 'add.cu'; name another file");
    EXPECT_EQ(refusal({"run", "add.cu", "-o", "data.txt"}),
              "-o would overwrite 'data.txt', which is no program; name another file");
    EXPECT_EQ(refusal({"run", "add.cu", "-o", "."}),
              "-o names the folder '.'; name a file in it, such as ./program");
    EXPECT_EQ(refusal({"run", "add.cu", "-o", "none/add"}),
              "-o: cannot write none/add; name a file that you may write, in a folder that exists");
    EXPECT_EQ(refusal({"run", "add.cu", "-D", "3=4"}),
              "-D defines '3', which is no name; write letters, digits and _, such as -DN=1024");
    EXPECT_EQ(refusal({"run", "add.cu", "--timeot", "3"}),
              "unknown option '--timeot'; did you mean '--timeout'?");
}

}  // namespace
}  // namespace t2t::own::tests

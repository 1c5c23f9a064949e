// From what compilers print to sentences at the user's own lines. The compilers' texts are g++ 12's and clang 14's.
#include "cli/run/diagnostics.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/translator/translate.hpp"

namespace t2t::own::tests {
namespace {

Sources program(const std::string& text) {
    Sources sources;
    sources.files = {"/home/ada/add.cu"};
    sources.by_path["/home/ada/add.cu"] = {"/home/ada/add.cu", "add.cu", text,
                                           cpu_device::translate(text, "add.cu")};
    return sources;
}

// The first error, as it is printed.
std::string first(const std::string& compilers_text, const std::string& source = "") {
    const Sources sources = program(source);
    const std::vector<Diagnostic> errors = compiler_errors(compilers_text, sources);
    return errors.empty() ? "none" : text_of(errors.front(), sources);
}

TEST(OwnErrors, StandAtTheUsersColumn) {
    // The launch is longer in the translation; what comes behind it is further right there.
    const std::string source = "void f() { k<<<1, 2>>>(p); undefined(); }\n";
    const std::string translated = cpu_device::translate(source, "add.cu");
    const std::size_t column = translated.find("undefined()") - translated.find("void f()") + 1;
    EXPECT_EQ(first("add.cu: In function ‘void f()’:\nadd.cu:1:" + std::to_string(column) +
                        ": error: ‘undefined’ was not declared in this scope\n",
                    source),
              "add.cu:1:28: error: ‘undefined’ was not declared in this scope\n"
              "  1 | void f() { k<<<1, 2>>>(p); undefined(); }\n"
              "    |                            ^\n");
}

TEST(OwnErrors, KeepTabsAndCountCharacters) {
    EXPECT_EQ(first("add.cu:1:8: error: expected ‘;’\n", "\tint é x\n"),
              "add.cu:1:8: error: expected ‘;’\n"
              "  1 | \tint é x\n"
              "    | \t     ^\n");
}

TEST(OwnErrors, InsideAHeaderOfOursPointToTheUsersLine) {
    EXPECT_EQ(first("/t2t/runtime/launch.hpp: In instantiation of ‘struct X’:\n"
                    "/t2t/runtime/launch.hpp:60:12:   required from ‘launch’\n"
                    "add.cu:2:5:   required from here\n"
                    "/t2t/runtime/launch.hpp:71:9: error: no match\n",
                    "int x;\nint y(1, 2);\n"),
              "add.cu:2:5: error: no match\n  2 | int y(1, 2);\n    |     ^\n");
}

TEST(OwnErrors, NameWhatIsNotServed) {
    EXPECT_EQ(
        first("add.cu:1:2: error: #error not served: cublas_v2.h\n"),
        "add.cu:1:2: error: cuBLAS (cublas_v2.h) is not served by the CPU device; with a GPU and "
        "nvcc, ./t2t --device cuda run FILE serves it\n");
    EXPECT_EQ(
        first("add.cu:1:2: error: \"not served: thrust/sort.h\"\n"),
        "add.cu:1:2: error: Thrust (thrust/sort.h) is not served by the CPU device; with a GPU and "
        "nvcc, ./t2t --device cuda run FILE serves it\n");
    EXPECT_EQ(
        first("add.cu:1:2: error: ‘tex2D’ was not declared in this scope\n"),
        "add.cu:1:2: error: 'tex2D': textures are not served by the CPU device; with a GPU and "
        "nvcc, ./t2t --device cuda run FILE serves it\n");
    EXPECT_EQ(
        first("add.cu:1:2: error: use of undeclared identifier 'cudaSomethingNew'\n"),
        "add.cu:1:2: error: the CPU device does not know 'cudaSomethingNew'; with a GPU and nvcc, "
        "./t2t --device cuda run FILE serves it\n");
    EXPECT_EQ(
        first(
            "In function ‘lane’,\n    inlined from ‘k’ at add.cu:3:5:\nadd.cu:1:2: error: call to "
            "‘t2t::cpu_device::inline_ptx’ declared with attribute error: inline PTX\n"),
        "add.cu:1:2: error: inline PTX is not served by the CPU device; use an intrinsic of CUDA C++ "
        "in its place; with a GPU and nvcc, ./t2t --device cuda run FILE serves it\n");
}

TEST(OwnErrors, KeepTheCompilersSuggestion) {
    EXPECT_EQ(first("add.cu:1:2: error: ‘cudaMaloc’ was not declared in this scope; did you mean "
                    "‘cudaMalloc’?\n"),
              "add.cu:1:2: error: ‘cudaMaloc’ was not declared in this scope; did you mean "
              "‘cudaMalloc’?\n");
}

TEST(OwnErrors, SayWhatToDoAboutHeaders) {
    const std::string sentence =
        "add.cu:1:10: error: there is no header 'mine.h', neither beside the file nor on this machine; "
        "name its folder with -I DIR\n";
    EXPECT_EQ(first("add.cu:1:10: fatal error: mine.h: No such file or directory\n"), sentence);
    EXPECT_EQ(first("add.cu:1:10: fatal error: 'mine.h' file not found\n"), sentence);
    EXPECT_EQ(
        first("add.cu:1:19: error: #include nested depth 200 exceeds maximum of 200\n"),
        "add.cu:1:19: error: this header includes itself, directly or through another; begin it "
        "with #pragma once\n");
}

TEST(OwnErrors, SayHowALaunchIsWritten) {
    EXPECT_EQ(first("add.cu:1:3: error: too few arguments to function "
                    "‘t2t::cpu_device::LaunchConfiguration t2t::cpu_device::configure(dim3, dim3, "
                    "std::size_t, cudaStream_t)’\n"),
              "add.cu:1:3: error: a launch has two to four values between <<< and >>>: "
              "kernel<<<grid, block, bytes of dynamic shared memory, stream>>>(arguments)\n");
    EXPECT_EQ(
        first(
            "add.cu:1:3: error: invalid operands of types ‘void()’ and ‘int’ to binary ‘operator<<’\n"),
        "add.cu:1:3: error: a launch has three signs on each side: kernel<<<grid, block>>>(arguments)\n");
}

TEST(OwnErrors, NameTheKeywordThatIsMeant) {
    EXPECT_EQ(
        first("add.cu:1:1: error: ‘_global_’ does not name a type; did you mean ‘__locale_t’?\n"),
        "add.cu:1:1: error: there is no '_global_'; did you mean __global__?\n");
    EXPECT_EQ(first("add.cu:1:1: error: ‘__gloabl__’ does not name a type\n"),
              "add.cu:1:1: error: there is no '__gloabl__'; did you mean __global__?\n");
}

TEST(OwnErrors, LeaveOutWhatAnotherOneExplains) {
    EXPECT_EQ(
        first("add.cu:1:17: error: variable or field ‘k’ declared void\n"
              "add.cu:1:19: error: ‘cudaTextureObject_t’ was not declared in this scope\n"),
        "add.cu:1:19: error: 'cudaTextureObject_t': textures are not served by the CPU device; "
        "with a GPU and nvcc, ./t2t --device cuda run FILE serves it\n");
}

TEST(OwnErrors, AreToldOnce) {
    const Sources sources = program("int x\n");
    EXPECT_EQ(compiler_errors("add.cu:1:2: error: a\nadd.cu:1:2: error: a\nadd.cu:1:3: error: b\n",
                              sources)
                  .size(),
              2u);
}

TEST(OwnErrors, OfTheLinkerAreSentences) {
    const Sources sources = program("int x;\nint main() { helper(3); }\n");
    const auto errors = linker_errors(
        "/usr/bin/ld: 0.o: in function `main':\n"
        "/home/ada/add.cu:2: undefined reference to `helper(int)'\n"
        "/usr/bin/ld: /home/ada/add.cu:2: undefined reference to `helper(int)'\n"
        "collect2: error: ld returned 1 exit status\n",
        sources);
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(text_of(errors[0], sources),
              "add.cu:2: error: nothing defines 'helper(int)'; name the file that does, too\n"
              "  2 | int main() { helper(3); }\n");
    const auto no_library = linker_errors(
        "/usr/bin/ld: cannot find -lsolver: No such file or directory\n"
        "collect2: error: ld returned 1 exit status\n",
        sources);
    ASSERT_EQ(no_library.size(), 1u);
    EXPECT_EQ(
        no_library[0].message,
        "there is no library 'solver' on this machine; install it, or name its folder with -L DIR");
    const auto openmp = linker_errors(
        "/home/ada/add.cu:2: undefined reference to `omp_get_num_threads'\n", sources);
    ASSERT_EQ(openmp.size(), 1u);
    EXPECT_EQ(openmp[0].message,
              "'omp_get_num_threads' is OpenMP's; write -Xcompiler -fopenmp behind the files");
    const auto no_main = linker_errors(
        "/usr/bin/ld: Scrt1.o: in function `_start':\n(.text+0x1b): undefined reference to `main'\n",
        sources);
    ASSERT_EQ(no_main.size(), 1u);
    EXPECT_EQ(text_of(no_main[0], sources),
              "error: the program has no main; write int main() { … } that launches the kernel\n");
}

}  // namespace
}  // namespace t2t::own::tests

// The names of parameters, against what a person reads in the sources of the chapters.
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/cpu_device/observer/program/source_lines.hpp"

namespace t2t::observer {
namespace {

using Names = std::vector<std::string>;

/// The lines of a file, relative to the root, where the tests run.
std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// The names that parameter_names() finds when the compiler gives the line with `kernel(`.
Names names_of(const std::string& file, const std::string& kernel) {
    const std::vector<std::string> lines = lines_of(file);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i].find(kernel + "(") != std::string::npos) {
            return parameter_names({file, static_cast<int>(i + 1), kernel});
        }
    }
    ADD_FAILURE() << "no " << kernel << " in " << file;
    return {};
}

TEST(ParameterNames, OfKernelsAsTheChaptersHaveThem) {
    struct Example {
        std::string rung;
        std::string kernel;
        Names names;
    };
    const std::vector<Example> examples{
        {"01_vector_add/v1_one_element", "one_element_kernel", {"a", "b", "c", "n"}},
        {"02_memory_access/v1_soa_by_field", "soa_by_field_kernel", {"from", "to", "n"}},
        {"02_memory_access/v2_gather_warp_per_row",
         "gather_warp_per_row_kernel",
         {"table", "ids", "out", "rows", "width", "count"}},
        {"02_memory_access/v3_gather_vectorised",
         "gather_vectorised_kernel",
         {"table", "ids", "out", "rows", "width", "count", "missing"}},
        {"03_shared_memory/v3_padded", "padded_kernel", {"in", "out", "rows", "columns"}},
        {"04_reduction/v2_argmax_block_per_row",
         "argmax_block_per_row_kernel",
         {"x", "index", "columns"}},
        {"05_matmul/v2_shared_tiles",
         "shared_tiles_kernel",
         {"x", "w", "bias", "residual", "y", "m", "n", "k"}},
        {"09_normalization/v2_layer_norm_block_per_row",
         "layer_norm_block_per_row_kernel",
         {"x", "weight", "bias", "y", "width", "epsilon"}},
        {"10_fused_kernels/v1_swiglu_chain",
         "swiglu_chain_product_kernel",
         {"gate_up", "y", "rows", "width"}},
        {"11_tensor_cores/v1_wmma",
         "wmma_kernel",
         {"x", "w", "bias", "residual", "y", "m", "n", "k"}},
        {"13_positions/v1_rope_sincos",
         "rope_sincos_kernel",
         {"qkv", "positions", "frequencies", "q", "k", "v", "tokens", "heads", "kv_heads",
          "head_dim"}},
        {"14_flash_attention/v1_three_kernels",
         "scores_times_values_kernel",
         {"weights", "cache", "out", "batch", "shape"}},
        {"15_kv_cache/v1_decode_block_per_head",
         "decode_block_per_head_kernel",
         {"q", "cache", "out", "batch", "shape"}},
        {"17_mixture_of_experts/v1_experts_warp_per_row",
         "experts_warp_per_row_hidden_kernel",
         {"x", "chosen", "gate_up", "hidden", "tokens", "width", "inner", "experts", "top_k",
          "function"}},
        {"18_sampling/v1_sort_bitonic", "sort_bitonic_kernel", {"values", "sorted", "tokens", "n"}},
    };
    for (const auto& [rung, kernel, names] : examples) {
        EXPECT_EQ(names_of("chapters/" + rung + ".cu", kernel), names) << kernel;
    }
}

/// `name` when `line` declares a kernel of that name, else empty.
std::string declared_kernel(const std::string& line) {
    const std::size_t end = line.find("_kernel(");
    if (end == std::string::npos || line.starts_with("//")) return "";
    const std::size_t begin = line.rfind(' ', end) + 1;
    return line.substr(begin, end + std::string("_kernel").size() - begin);
}

TEST(ParameterNames, EveryKernelOfEveryChapterNamesAllOfThem) {
    int kernels = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator("chapters")) {
        if (entry.path().extension() != ".cu") continue;
        const std::vector<std::string> lines = lines_of(entry.path());
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const std::string kernel = declared_kernel(lines[i]);
            if (kernel.empty()) continue;
            ++kernels;
            const Names names = parameter_names({entry.path(), static_cast<int>(i + 1), kernel});
            EXPECT_GE(names.size(), 2u) << entry.path() << ' ' << kernel;
            for (const std::string& name : names) {
                EXPECT_TRUE(!name.empty() && std::islower(static_cast<unsigned char>(name[0])))
                    << entry.path() << ' ' << kernel << " '" << name << "'";
            }
        }
    }
    EXPECT_GE(kernels, 40);
}

/// A source file of its own, as an absolute path.
class SourceFile : public testing::Test {
 protected:
    ~SourceFile() override { std::filesystem::remove(path_); }

    Names names(const std::string& source, const std::string& function, int line = 1) {
        std::ofstream(path_) << source;
        return parameter_names({path_, line, function});
    }

 private:
    // Of this process alone: cases run side by side.
    const std::string path_ =
        testing::TempDir() + "t2t_parameter_names_" + std::to_string(getpid()) + ".cu";
};

TEST_F(SourceFile, TypesOfEveryForm) {
    EXPECT_EQ(
        names("void f(std::int64_t n, const std::array<float, 4>& a, unsigned long long b) {}",
              "f"),
        (Names{"n", "a", "b"}));
    EXPECT_EQ(names("void f(const float (*)[4], float rows[8][4], Args... args) {}", "f"),
              (Names{"", "rows", "args"}));
    EXPECT_EQ(
        names("void f(int n = g(1, 2), [[maybe_unused]] int m, Map<int, Set<int>> s) {}", "f"),
        (Names{"n", "m", "s"}));
    EXPECT_EQ(names("void f() {}", "f"), Names{});
}

TEST_F(SourceFile, ParametersWithoutAName) {
    EXPECT_EQ(names("void f(float*, int, unsigned int, std::int64_t, const Shape,\n"
                    "       const float* __restrict__) {}",
                    "f"),
              (Names{"", "", "", "", "", ""}));
}

TEST_F(SourceFile, CommentsAndLiteralsAreNoCode) {
    EXPECT_EQ(names("void f(int a,  // [n], then f(int x\n"
                    "       /* int b, */ char c = ',', const char* d = \"\\\",(\") {}",
                    "f"),
              (Names{"a", "c", "d"}));
    EXPECT_EQ(names("int limit = 1'000; void f(int a) {}", "f"), Names{"a"});
}

TEST_F(SourceFile, TheLineMayBeAnyFromTheNameToTheBody) {
    const std::string source =
        "void f(int other);\n"        // 1: a declaration
        "void g() { f(1); }\n"        // 2: a call
        "__global__ void\n"           // 3
        "f(const float* in,\n"        // 4: the name
        "  float* out)\n"             // 5
        "{ f(in, out); }\n"           // 6: the body
        "void f(double later) {}\n";  // 7
    for (const int line : {4, 5, 6})
        EXPECT_EQ(names(source, "f", line), (Names{"in", "out"})) << line;
    EXPECT_EQ(names(source, "f", 7), Names{"later"});
    EXPECT_EQ(names(source, "f", 3), Names{});
}

TEST_F(SourceFile, OnlyTheWholeNameCounts) {
    EXPECT_EQ(names("void copy_kernel_2(int a) {} void kernel(int b) {} void kernel_(int c) {}",
                    "kernel"),
              Names{"b"});
    EXPECT_EQ(names("template <> void scale<float, 4>(float* in) {}", "scale"), Names{"in"});
}

TEST_F(SourceFile, WhatIsNotThereHasNoNames) {
    EXPECT_EQ(names("void f(int a) {}", "g"), Names{});
    EXPECT_EQ(names("void f(int a", "f"), Names{});
    EXPECT_EQ(parameter_names({"no/such/file.cu", 1, "f"}), Names{});
    EXPECT_EQ(parameter_names({}), Names{});
}

}  // namespace
}  // namespace t2t::observer

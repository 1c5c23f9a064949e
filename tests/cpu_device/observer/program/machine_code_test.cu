// The cost of basic blocks that the compiler really made: functions of this file, whose operations
// are counted by hand in their source.
#include "common/cpu_device/observer/program/machine_code.hpp"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include <cuda_runtime.h>

#include "common/process/child_process.hpp"
#include "tests/cpu_device/observer/program/expected_flops.hpp"

namespace t2t::observer {
namespace {

// ---- code to be looked at ------------------------------------------------------------------------
// Each is a function of its own, with a name that the linker knows as it is written.

#define T2T_CODE extern "C" __attribute__((noinline, used))

T2T_CODE float machine_code_axpy(float a, float x, float y) {
    return a * x + y;
}
T2T_CODE float machine_code_differences(float a, float b, float c) {
    return (a - b) * (a + c) - b * c;
}
T2T_CODE double machine_code_double(double a, double b) {
    return (a + b) * (a - b) / b;
}
T2T_CODE float machine_code_exponential(float x) {
    return expf(x) + x;
}
T2T_CODE double machine_code_logarithm(double x) {
    return log(x) * 0.5;
}
T2T_CODE float machine_code_last_call(float x) {
    return tanhf(x);
}
T2T_CODE float machine_code_no_operation(float a, float b) {
    return -fabsf(fmaxf(a, floorf(b)));
}
T2T_CODE int machine_code_integers(int a, int b) {
    return a * b + a / (b | 1) - (a ^ b);
}
T2T_CODE double machine_code_sum(const double* in /* [10] */) {
    double sum = 0;
    for (int i = 0; i < 10; ++i) sum += in[i];
    return sum;
}
T2T_CODE void machine_code_add_vectors(float4* out, const float4* in) {
    float4 a = *out;
    const float4 b = *in;
    a.x += b.x;
    a.y += b.y;
    a.z += b.z;
    a.w += b.w;
    *out = a;
}
T2T_CODE void machine_code_tile(float* out, int i, int j) {
    static thread_local float tile[32][33];
    tile[i][j] = *out * 2.5f;
    *out = tile[j][i] + 1.0f;
}
T2T_CODE float machine_code_either(float x, const float* in) {
    if (x > 3) return x * in[0];
    return x + in[1];
}

// ---- the marked blocks of a function -------------------------------------------------------------

struct Code {
    std::vector<std::uint64_t> markers;  // in memory
    unsigned instructions = 0;           // lines of objdump
};

std::string objdump_of_program(const std::string& option) {
    return process::output_of({"objdump", "-d", "--no-show-raw-insn", option,
                               std::filesystem::read_symlink("/proc/self/exe")},
                              "");
}

std::uint64_t hexadecimal(const std::string& digits) {
    return std::stoull(digits, nullptr, 16);
}

// The addresses behind the calls of the hook, in what objdump has printed.
Code code_in(const std::string& text, std::uint64_t load_bias) {
    Code code;
    std::istringstream lines(text);
    bool behind_marker = false;
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(' ')) continue;
        if (behind_marker) code.markers.push_back(hexadecimal(line) + load_bias);
        behind_marker =
            line.find("call ") != line.npos && line.find("<__sanitizer_cov_trace_pc>") != line.npos;
        ++code.instructions;
    }
    return code;
}

// An address in memory minus the same in the file, from a function whose name objdump knows.
std::uint64_t load_bias_from(const std::string& text, const std::string& name,
                             std::uint64_t in_memory) {
    const std::size_t heading = text.find(" <" + name + ">:\n");
    return heading == text.npos ? 0 : in_memory - hexadecimal(text.substr(heading - 16, 16));
}

// Asks objdump for one function by its name.
Code code_of(const std::string& name, std::uint64_t in_memory) {
    const std::string text = objdump_of_program("--disassemble=" + name);
    return code_in(text, load_bias_from(text, name, in_memory));
}

BlockCost& operator+=(BlockCost& sum, const BlockCost& more) {
    sum.instructions += more.instructions;
    sum.fp64 += more.fp64;
    sum.fp32 += more.fp32;
    return sum;
}

// All blocks of a function, each run once.
template <typename Function>
BlockCost cost_of(const char* name, Function* function) {
    const Code code = code_of(name, reinterpret_cast<std::uint64_t>(function));
    EXPECT_FALSE(code.markers.empty()) << name;
    BlockCost sum;
    for (const BlockCost& cost : block_costs(code.markers)) sum += cost;
    EXPECT_GT(sum.instructions, 0u) << name;
    EXPECT_LE(sum.instructions, code.instructions) << name;
    return sum;
}
#define T2T_COST(name) cost_of(#name, &name)

// Operations as written in the source.
void expect_cost(const BlockCost& cost, const Expected& fp32, const Expected& fp64) {
    expect_flops(cost.fp32, fp32, "fp32");
    expect_flops(cost.fp64, fp64, "fp64");
}

#if defined(__FMA__)
TEST(MachineCode, MultiplyAddIsOneOperation) {
    expect_cost(T2T_COST(machine_code_axpy), {.fma = 1}, {});
}
// Of a · b − c · d one product is rounded, the other part of the fma.
TEST(MachineCode, DifferenceOfProducts) {
    expect_cost(T2T_COST(machine_code_differences), {.add = 2, .mul = 1, .fma = 1}, {});
}
#endif

TEST(MachineCode, DoublePrecision) {
    expect_cost(T2T_COST(machine_code_double), {}, {.add = 2, .mul = 1, .special = 1});
}

TEST(MachineCode, LibraryCallsAreSpecial) {
    expect_cost(T2T_COST(machine_code_exponential), {.add = 1, .special = 1}, {});
    expect_cost(T2T_COST(machine_code_logarithm), {}, {.mul = 1, .special = 1});
    expect_cost(T2T_COST(machine_code_last_call), {.special = 1}, {});
}

TEST(MachineCode, SignsMaximaAndIntegersAreNoOperations) {
    expect_cost(T2T_COST(machine_code_no_operation), {}, {});
    expect_cost(T2T_COST(machine_code_integers), {}, {});
}

TEST(MachineCode, ALoopCostsOneTurn) {
    expect_cost(T2T_COST(machine_code_sum), {}, {.add = 1});
}

TEST(MachineCode, VectorsCountEachElement) {
    expect_cost(T2T_COST(machine_code_add_vectors), {.add = 4}, {});
}

TEST(MachineCode, IndexChecksCostNothing) {
    expect_cost(T2T_COST(machine_code_tile), {.add = 1, .mul = 1}, {});
}

TEST(MachineCode, EachBranchHasItsOwnCost) {
    expect_cost(T2T_COST(machine_code_either), {.add = 1, .mul = 1}, {});
    const auto markers =
        code_of("machine_code_either", reinterpret_cast<std::uint64_t>(&machine_code_either))
            .markers;
    for (const BlockCost& cost : block_costs(markers)) {
        EXPECT_LE(cost.fp32.add + cost.fp32.mul, 1u) << "both branches in one block";
    }
}

// Costs come in the order of the markers, wherever in the program those are.
TEST(MachineCode, OrderIsKept) {
    const auto marker = [](const char* name, auto* function) {
        return code_of(name, reinterpret_cast<std::uint64_t>(function)).markers.at(0);
    };
    const std::vector<std::uint64_t> markers{
        marker("machine_code_last_call", &machine_code_last_call),
        marker("machine_code_double", &machine_code_double),
        marker("machine_code_exponential", &machine_code_exponential),
        marker("machine_code_double", &machine_code_double)};
    const std::vector<BlockCost> costs = block_costs(markers);
    ASSERT_EQ(costs.size(), 4u);
    expect_cost(costs[0], {.special = 1}, {});
    expect_cost(costs[1], {}, {.add = 2, .mul = 1, .special = 1});
    expect_cost(costs[2], {.add = 1, .special = 1}, {});
    expect_cost(costs[3], {}, {.add = 2, .mul = 1, .special = 1});
}

// Of all blocks of this program at once, objdump is asked in a few wide ranges; of one alone, in a
// narrow one.
TEST(MachineCode, CostsDoNotDependOnWhatElseIsAskedFor) {
    const std::string text = objdump_of_program("--section=.text");
    const auto place = reinterpret_cast<std::uint64_t>(&machine_code_axpy);
    const auto markers = code_in(text, load_bias_from(text, "machine_code_axpy", place)).markers;
    ASSERT_GT(markers.size(), 100u);
    const std::vector<BlockCost> costs = block_costs(markers);
    ASSERT_EQ(costs.size(), markers.size());
    for (std::size_t i = 0; i < markers.size(); i += markers.size() / 30) {
        const BlockCost alone = block_costs({&markers[i], 1}).at(0);
        EXPECT_EQ(costs[i].instructions, alone.instructions);
        EXPECT_EQ(costs[i].fp32.total(), alone.fp32.total());
        EXPECT_EQ(costs[i].fp64.total(), alone.fp64.total());
    }
}

TEST(MachineCode, NoMarkersNoCosts) {
    EXPECT_TRUE(block_costs({}).empty());
}

TEST(MachineCode, AnAddressThatIsNoCodeCostsNothing) {
    const std::vector<std::uint64_t> markers{0x10};
    const std::vector<BlockCost> costs = block_costs(markers);
    ASSERT_EQ(costs.size(), 1u);
    EXPECT_EQ(costs[0].instructions, 0u);
}

TEST(MachineCode, WithoutObjdumpAllCostsAreZero) {
    const auto markers =
        code_of("machine_code_axpy", reinterpret_cast<std::uint64_t>(&machine_code_axpy)).markers;
    const std::string path = std::getenv("PATH");
    setenv("PATH", "/nonexistent", 1);
    const std::vector<BlockCost> costs = block_costs(markers);
    setenv("PATH", path.c_str(), 1);
    ASSERT_EQ(costs.size(), markers.size());
    for (const BlockCost& cost : costs) {
        EXPECT_EQ(cost.instructions, 0u);
        expect_cost(cost, {}, {});
    }
}

}  // namespace
}  // namespace t2t::observer

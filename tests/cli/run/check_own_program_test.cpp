// `./t2t check FILE.cu`: a beginner's favourite mistakes, and every way in which a program may end.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/cli/run/own_folder.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class CheckOwnProgram : public ::testing::Test {
 protected:
    // The faults of a program: `kind line` each, from the report in JSON.
    std::string faults_of(const std::string& program) {
        folder.write("a.cu", program);
        const Ran ran = folder.t2t("check a.cu --json report.json >/dev/null");
        const nlohmann::json report = nlohmann::json::parse(folder.read("report.json"));
        std::string faults;
        for (const nlohmann::json& fault : report["faults"]) {
            EXPECT_EQ(fault["where"]["file"], "a.cu");
            faults += fault["kind"].get<std::string>() + ' ' +
                      std::to_string(fault["where"]["line"].get<int>()) + '\n';
        }
        EXPECT_EQ(ran.status, faults.empty() ? 0 : 1) << ran.errors;
        return faults;
    }

    OwnFolder folder;
};

TEST_F(CheckOwnProgram, ReportsACleanProgramsTraffic) {
    folder.write("squares.cu", squares);
    const Ran ran = folder.t2t("check squares.cu");
    EXPECT_EQ(ran.status, 0) << ran.errors;
    EXPECT_EQ(ran.output.find("0 1 4 9\n\nsquares.cu · square<<<1, 4>>>\nno faults\n"), 0u)
        << ran.output;
    EXPECT_PRED2(contains, ran.output, "16 B asked, 32 B moved (50 % efficiency)");
    EXPECT_TRUE(ran.output.ends_with("\nno faults in 1 kernel\n"));
}

// ---- mistakes -------------------------------------------------------------------------------------

TEST_F(CheckOwnProgram, NoBoundsCheck) {
    EXPECT_EQ(faults_of(R"(
__global__ void add(float* x, int n) {
    x[blockIdx.x * blockDim.x + threadIdx.x] = 1;
}
int main() {
    float* x;
    cudaMalloc(&x, 1000 * sizeof(float));
    add<<<4, 256>>>(x, 1000);
    cudaDeviceSynchronize();
    cudaFree(x);
})"),
              "out_of_bounds 3\n");
}

TEST_F(CheckOwnProgram, NoBarrierBetweenWriteAndRead) {
    const std::string faults = faults_of(R"(
__global__ void reverse(int* x) {
    __shared__ int tile[64];
    tile[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = tile[63 - threadIdx.x];
}
int main() {
    int* x;
    cudaMalloc(&x, 256);
    cudaMemset(x, 1, 256);
    reverse<<<1, 64>>>(x);
    cudaDeviceSynchronize();
    cudaFree(x);
})");
    EXPECT_PRED2(contains, faults, "shared_race 5\n");
}

TEST_F(CheckOwnProgram, ASumWithoutAnAtomic) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void sum(const int* x, int* total) { *total += x[threadIdx.x]; }
int main() {
    int *x, *total;
    cudaMalloc(&x, 256);
    cudaMalloc(&total, 4);
    cudaMemset(x, 1, 256);
    cudaMemset(total, 0, 4);
    sum<<<1, 64>>>(x, total);
    cudaDeviceSynchronize();
    cudaFree(x);
    cudaFree(total);
})"),
                 "global_race_in_block 2\n");
}

TEST_F(CheckOwnProgram, ABarrierInABranch) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void half(int* x) {
    if (threadIdx.x < 32) {
        x[threadIdx.x] = 1;
        __syncthreads();
    }
}
int main() {
    int* x;
    cudaMalloc(&x, 256);
    half<<<1, 64>>>(x);
    cudaDeviceSynchronize();
    cudaFree(x);
})"),
                 "divergent_barrier 5\n");
}

TEST_F(CheckOwnProgram, AHostPointer) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void set(int* x) { x[threadIdx.x] = 1; }
int main() {
    int x[32];
    set<<<1, 32>>>(x);
    cudaDeviceSynchronize();
})"),
                 "host_pointer 2\n");
}

TEST_F(CheckOwnProgram, MemoryThatNobodyFilled) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void add(const float* x, float* y) { y[threadIdx.x] = x[threadIdx.x] + 1; }
int main() {
    float *x, *y;
    cudaMalloc(&x, 128);
    cudaMalloc(&y, 128);
    add<<<1, 32>>>(x, y);
    cudaDeviceSynchronize();
    cudaFree(x);
    cudaFree(y);
})"),
                 "uninitialised_global 2\n");
}

TEST_F(CheckOwnProgram, MemoryThatIsFreed) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void set(int* x) { x[threadIdx.x] = 1; }
int main() {
    int* x;
    cudaMalloc(&x, 128);
    cudaFree(x);
    set<<<1, 32>>>(x);
    cudaDeviceSynchronize();
})"),
                 "use_after_free 2\n");
}

TEST_F(CheckOwnProgram, TheIndexOfTheGridInSharedMemory) {
    EXPECT_PRED2(contains, faults_of(R"(
__global__ void copy(int* x) {
    __shared__ int tile[32];
    int at = threadIdx.x + blockIdx.x * blockDim.x;
    int* mine = tile + at;
    *mine = at;
    __syncthreads();
    x[at] = *mine;
}
int main() {
    int* x;
    cudaMalloc(&x, 512);
    copy<<<4, 32>>>(x);
    cudaDeviceSynchronize();
    cudaFree(x);
})"),
                 "shared_out_of_bounds 6\n");
}

TEST_F(CheckOwnProgram, TheEndOfADeviceArray) {
    EXPECT_PRED2(contains, faults_of(R"(
__device__ int table[16];
__global__ void fill() { table[threadIdx.x] = 1; }
int main() {
    fill<<<1, 32>>>();
    cudaDeviceSynchronize();
})"),
                 "index_out_of_bounds 3\n");
}

TEST_F(CheckOwnProgram, ManagedMemoryBeforeTheKernelHasEnded) {
    const std::string program = R"(
#include <cstdio>
__global__ void fill(int* x) { x[threadIdx.x] = 1; }
int main() {
    int* x;
    cudaMallocManaged(&x, 128);
    fill<<<1, 32>>>(x);
    WAIT
    std::printf("%d\n", x[0]);
    cudaFree(x);
})";
    const auto with = [&](const std::string& wait) {
        std::string text = program;
        return text.replace(text.find("WAIT"), 4, wait);
    };
    EXPECT_EQ(faults_of(with("")), "stream_race 9\n");
    EXPECT_EQ(faults_of(with("cudaDeviceSynchronize();")), "");
}

TEST_F(CheckOwnProgram, ALaunchThatCudaRefuses) {
    folder.write("a.cu", R"(
__global__ void set(int* x) { x[threadIdx.x] = 1; }
int main() {
    int* x;
    cudaMalloc(&x, 8192);
    set<<<1, 2048>>>(x);
    cudaDeviceSynchronize();
    cudaFree(x);
})");
    const Ran ran = folder.t2t("check a.cu");
    EXPECT_PRED2(contains, ran.output,
                 "note: the program did not ask, but the launch of set was refused");
    EXPECT_PRED2(contains, ran.output,
                 "argument: its block has 2048 threads, and 1024 are the most\n");
    EXPECT_PRED2(contains, ran.output, "no kernel was launched");
}

TEST_F(CheckOwnProgram, MemoryThatIsNeverFreedIsANote) {
    folder.write("a.cu", R"(
__global__ void set(int* x) { x[threadIdx.x] = 1; }
int main() {
    int* x;
    for (int i = 0; i < 3; ++i)
        cudaMalloc(&x, 128);
    set<<<1, 32>>>(x);
    cudaFree(x);
})");
    const Ran ran = folder.t2t("check a.cu");
    EXPECT_EQ(ran.status, 0);
    EXPECT_PRED2(contains, ran.output,
                 "note: never freed: 2 allocations, 256 bytes, allocated at a.cu:6\n");
}

TEST_F(CheckOwnProgram, WhatAGlobalObjectFreesIsFreed) {
    folder.write("a.cu", R"(
struct Buffer {
    int* x;
    Buffer() { cudaMalloc(&x, 128); }
    ~Buffer() { cudaFree(x); }
};
Buffer buffer;
__global__ void set(int* x) { x[threadIdx.x] = 1; }
int main() {
    set<<<1, 32>>>(buffer.x);
})");
    const Ran ran = folder.t2t("check a.cu");
    EXPECT_EQ(ran.status, 0);
    EXPECT_FALSE(contains(ran.output, "never freed")) << ran.output;
}

TEST_F(CheckOwnProgram, NamesTheKernelsParameter) {
    folder.write("a.cu", R"(
__global__ void add(float* sum, int n) {
    sum[threadIdx.x] += n;
}
int main() {
    float* x;
    cudaMalloc(&x, 128);
    add<<<1, 32>>>(x, 1);
    cudaDeviceSynchronize();
    cudaFree(x);
})");
    EXPECT_PRED2(contains, folder.t2t("check a.cu").output,
                 "reads 4 bytes, 0 bytes into `sum` (128 bytes");
}

// ---- how a program may end ------------------------------------------------------------------------

constexpr const char* kernel = R"(#include <cstdio>
#include <cstdlib>
#include <unistd.h>
__global__ void set(int* x) { x[threadIdx.x] = 1; }
void launch() {
    int* x;
    cudaMalloc(&x, 128);
    set<<<1, 32>>>(x);
    cudaFree(x);
}
)";

TEST_F(CheckOwnProgram, SaysWhatWasNotRun) {
    folder.write("a.cu", R"(
__global__ void first(int* x) { x[threadIdx.x + 1] = 1; }
__global__ void second(int* x) { *x = 1; }
int main() {
    int* x;
    cudaMalloc(&x, 256);
    first<<<1, 64>>>(x);
    for (int i = 0; i < 3; ++i) second<<<1, 1>>>(x);
})");
    EXPECT_PRED2(
        contains, folder.t2t("check a.cu").output,
        "note: CUDA starts nothing after such an error, so this launch was not run: second, and 2");
}

TEST_F(CheckOwnProgram, KeepsTheProgramsExitCode) {
    folder.write("a.cu", std::string(kernel) + "int main() { launch(); return 3; }\n");
    EXPECT_EQ(folder.t2t("check a.cu").status, 3);
}

TEST_F(CheckOwnProgram, ReportsAfterExit) {
    folder.write("a.cu", std::string(kernel) + "int main() { launch(); exit(4); }\n");
    const Ran ran = folder.t2t("check a.cu");
    EXPECT_EQ(ran.status, 4);
    EXPECT_TRUE(ran.output.ends_with("\nno faults in 1 kernel\n")) << ran.output;
}

TEST_F(CheckOwnProgram, ReportsACrashOfTheHostWithItsPlace) {
    folder.write("a.cu", std::string(kernel) + R"(
void fill(int* values) {
    for (int i = 0; i < 10; ++i)
        values[i] = i;
}
int main() {
    launch();
    int* values = nullptr;
    fill(values);
})");
    const Ran ran = folder.t2t("check a.cu");
    EXPECT_NE(ran.status, 0);
    EXPECT_PRED2(
        contains, ran.output,
        "CRASH: the host's code ended with Segmentation fault: a null pointer, at a.cu:14, in fill");
    EXPECT_TRUE(ran.output.ends_with("\nno faults in 1 kernel; the host's code crashed\n"))
        << ran.output;
    folder.write("b.cu", "int main() {\n    volatile int all[4000000];\n    all[0] = 1;\n}\n");
    EXPECT_PRED2(contains, folder.t2t("check b.cu").output,
                 "Segmentation fault: the stack overflowed");
}

TEST_F(CheckOwnProgram, ReportsAfterAbort) {
    folder.write("a.cu", std::string(kernel) + "int main() {\n    launch();\n    abort();\n}\n");
    EXPECT_PRED2(contains, folder.t2t("check a.cu").output,
                 "the host's code called abort() at a.cu:13, in main");
}

TEST_F(CheckOwnProgram, ReportsAtItsTimeLimit) {
    folder.write("a.cu", std::string(kernel) + "int main() { launch(); for (;;) usleep(1000); }\n");
    const Ran ran = folder.t2t("check a.cu --timeout 2");
    EXPECT_EQ(ran.status, 124);
    EXPECT_TRUE(ran.output.ends_with("\nno faults in 1 kernel\n")) << ran.output;
    EXPECT_EQ(ran.errors, "t2t: the program was ended after 2 s, its --timeout\n");
}

TEST_F(CheckOwnProgram, ReportsWhenTheProgramHasClosedItsOutput) {
    folder.write("a.cu",
                 std::string(kernel) + "int main() { launch(); fclose(stdout); close(1); }\n");
    EXPECT_TRUE(folder.t2t("check a.cu").output.ends_with("\nno faults in 1 kernel\n"));
}

TEST_F(CheckOwnProgram, ReportsOnceWhenTheProgramForks) {
    folder.write("a.cu", std::string(kernel) + "int main() { launch(); fork(); }\n");
    const std::string output = folder.t2t("check a.cu").output;
    EXPECT_EQ(output.find("no faults in"), output.rfind("no faults in"));
    EXPECT_PRED2(contains, output, "no faults in 1 kernel");
}

TEST_F(CheckOwnProgram, SaysThatThereIsNoKernel) {
    folder.write("a.cu", "int main() {}\n");
    EXPECT_PRED2(contains, folder.t2t("check a.cu").output, "no kernel was launched");
}

// ---- other forms of the report --------------------------------------------------------------------

TEST_F(CheckOwnProgram, AnnotatesDrawsAndWritesJson) {
    folder.write("squares.cu", squares);
    const Ran ran = folder.t2t("check squares.cu --annotate --draw 2 --out lanes.svg");
    EXPECT_PRED2(contains, ran.output, "__global__ void square(int* values)");
    EXPECT_PRED2(contains, ran.output, "drawn in lanes.svg");
    EXPECT_PRED2(contains, folder.read("lanes.svg"), "<svg");
    const Ran json = folder.t2t("check squares.cu --json -");
    const std::size_t begin = json.output.find('{');
    const nlohmann::json report = nlohmann::json::parse(json.output.substr(begin));
    EXPECT_EQ(report["command"], "./t2t check squares.cu");
    EXPECT_EQ(report["file"], "squares.cu");
    EXPECT_EQ(report["total"]["global_store"]["bytes_asked"], 16);
}

TEST_F(CheckOwnProgram, RefusesALineThatIsNone) {
    folder.write("squares.cu", squares);
    EXPECT_EQ(folder.t2t("check squares.cu --draw two").errors,
              "t2t: --draw takes a line of the file, such as 44, or FILE:LINE; 'two' is neither\n");
    const Ran ran = folder.t2t("check squares.cu --draw 1");
    EXPECT_PRED2(contains, ran.output,
                 "squares.cu:1 accesses no global or shared memory; lines that do: 2");
}

}  // namespace
}  // namespace t2t::tests

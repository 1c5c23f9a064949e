// `./t2t run`: programs as people write them, from source to exit code.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/cli/run/own_folder.hpp"

namespace t2t::tests {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

class OwnProgram : public ::testing::Test {
 protected:
    OwnFolder folder;
};

TEST_F(OwnProgram, Runs) {
    folder.write("squares.cu", squares);
    const Ran ran = folder.t2t("run squares.cu");
    EXPECT_EQ(ran.status, 0);
    EXPECT_EQ(ran.output, "0 1 4 9\n");
    EXPECT_EQ(ran.errors, "");
}

TEST_F(OwnProgram, GetsArgumentsAndInputAndGivesItsExitCode) {
    folder.write("a sum.cu", R"(#include <iostream>
int main(int count, char** words) {
    int a, b;
    std::cin >> a >> b;
    std::cout << count << words[0] << words[1] << a + b << std::endl;
    std::cerr << "an error\n";
    return 7;
})");
    const Ran ran = folder.t2t("run 'a sum.cu' -- '--x y'", "echo 3 4 |");
    EXPECT_EQ(ran.status, 7);
    EXPECT_EQ(ran.output, "2./a sum--x y7\n");
    EXPECT_EQ(ran.errors, "an error\n");
}

TEST_F(OwnProgram, OfSeveralFilesWithHeadersAndDefinitions) {
    folder.write("main.cu", R"(#include <cstdio>
#include "scale.cuh"
int count(int);
extern "C" int doubled(int);
int main() {
    float* x;
    cudaMallocHost(&x, 4);
    scale<<<1, 1>>>(x);
    cudaDeviceSynchronize();
    std::printf("%g %d %d\n", *x, count(VALUE), doubled(4));
})");
    folder.write("include/scale.cuh", R"(#pragma once
#include "more/value.h"
__global__ void scale(float* x);
)");
    folder.write("include/more/value.h", "#define VALUE 5\n");
    folder.write("scale.cu", R"(#include <scale.cuh>
__global__ void scale(float* x) { *x = FACTOR; })");
    folder.write("count.cpp", "int count(int n) { return n + 1; }\n");
    folder.write("plain.c", "int doubled(int class) { return 2 * class; }\n");
    const Ran ran = folder.t2t("run main.cu scale.cu count.cpp plain.c -I include -DFACTOR=2.5f");
    EXPECT_EQ(ran.output, "2.5 6 8\n") << ran.errors;
}

TEST_F(OwnProgram, ReadsAHeaderFirst) {
    folder.write("first.h", "#define ANSWER 42\n__global__ void set(int* x) { *x = ANSWER; }\n");
    folder.write("a.cu",
                 "#include <cstdio>\nint main() {\n    int* x;\n    cudaMallocHost(&x, 4);\n"
                 "    set<<<1, 1>>>(x);\n    std::printf(\"%d\", *x);\n}\n");
    EXPECT_EQ(folder.t2t("run a.cu -include first.h").output, "42");
    EXPECT_EQ(folder.t2t("run a.cu -include none.h").errors,
              "t2t: -include names 'none.h', which is no file\n");
}

TEST_F(OwnProgram, IsKeptUntilASourceChanges) {
    folder.write("a.cu",
                 "#include <cstdio>\n#include \"n.h\"\nint main() { std::printf(\"%d\", N); }\n");
    folder.write("n.h", "#define N 1\n");
    EXPECT_EQ(folder.t2t("run a.cu -o kept").output, "1");
    folder.write("n.h", "#define N 2\n");
    EXPECT_EQ(folder.t2t("run a.cu").output, "2");
    const process::Output kept =
        process::run(process::shell_word((folder.path() / "kept").string()));
    EXPECT_EQ(kept.text, "1");
}

TEST_F(OwnProgram, SeesNvccsMacrosInDeviceCodeAlone) {
    folder.write("a.cu", R"(#include <cstdio>
#if !defined(__CUDACC__) || !defined(__NVCC__)
#error no nvcc
#endif
__global__ void k(int* x) {
#if __CUDA_ARCH__ >= 700
    *x = 70;
#else
    *x = 1;
#endif
}
int host();
int main() {
    int* x;
    cudaMallocHost(&x, 4);
    k<<<1, 1>>>(x);
    cudaDeviceSynchronize();
    std::printf("%d %d\n", *x, host());
})");
    folder.write("b.cpp", R"(#ifdef __CUDACC__
int host() { return 1; }
#else
int host() { return 2; }
#endif
)");
    EXPECT_EQ(folder.t2t("run a.cu b.cpp").output, "70 2\n");
}

TEST_F(OwnProgram, IsCxx17UnlessAsked) {
    folder.write("a.cu", "#include <cstdio>\nint main() { std::printf(\"%ld\", __cplusplus); }\n");
    EXPECT_EQ(folder.t2t("run a.cu").output, "201703");
    EXPECT_GT(folder.t2t("run a.cu -std=c++20").output, "201703");
    // Names that C++20 has put into std are a C++17 program's own.
    folder.write("b.cu", R"(#include <cmath>
using namespace std;
__host__ __device__ float lerp(float a, float b, float t) { return a + t * (b - a); }
int main() { return lerp(0.0f, 8.0f, 0.5f) == 4 ? 0 : 1; }
)");
    EXPECT_EQ(folder.t2t("run b.cu").status, 0);
}

TEST_F(OwnProgram, MayRunPastASharedArrayAsOnAGpu) {
    folder.write("a.cu", R"(#include <cstdio>
__global__ void k(int* x) {
    __shared__ int tile[32];
    int at = threadIdx.x + blockIdx.x * 300;  // the index of the whole grid
    tile[at] = at;
    __syncthreads();
    if (at < 32) x[at] = tile[at];
}
int main() {
    int* x;
    cudaMallocHost(&x, 128);
    k<<<100, 32>>>(x);
    std::printf("%s %d\n", cudaGetErrorName(cudaDeviceSynchronize()), x[31]);
})");
    EXPECT_EQ(folder.t2t("run a.cu").output, "cudaSuccess 31\n");
}

TEST_F(OwnProgram, MayPassAnOwnerToAKernel) {
    folder.write("a.cu", R"(#include <cstdio>
struct Counter {
    int* count;
    Counter() { cudaMalloc(&count, 4); cudaMemset(count, 0, 4); }
    ~Counter() { cudaFree(count); }
};
__global__ void add(Counter counter, int* sum) { *sum = atomicAdd(counter.count, 1) + 1; }
int main() {
    int* sum;
    cudaMallocHost(&sum, 4);
    {
        Counter counter;
        add<<<4, 64>>>(counter, sum);
    }
    std::printf("%s %d\n", cudaGetErrorName(cudaDeviceSynchronize()), *sum);
})");
    EXPECT_EQ(folder.t2t("run a.cu").output, "cudaSuccess 256\n");
}

TEST_F(OwnProgram, IsEndedAfterItsTime) {
    folder.write(
        "a.cu",
        "#include <cstdio>\nint main() { puts(\"begun\"); for (volatile int i = 0;; ++i); }\n");
    const Ran ran = folder.t2t("run a.cu --timeout 1");
    EXPECT_EQ(ran.status, 124);
    EXPECT_EQ(ran.output, "begun\n");
    EXPECT_EQ(ran.errors, "t2t: the program was ended after 1 s, its --timeout\n");
}

TEST_F(OwnProgram, IsToldOfErrorsThatItDidNotAskAbout) {
    folder.write("a.cu", R"(
__global__ void add(float* x) { x[threadIdx.x] += 1; }
int main() {
    float* x;
    cudaMalloc(&x, 8192);
    add<<<1, 2048>>>(x);
    cudaDeviceSynchronize();
})");
    EXPECT_EQ(
        folder.t2t("run a.cu").errors,
        "t2t: the program did not ask, but the launch of add was refused with "
        "cudaErrorInvalidValue, invalid argument: its block has 2048 threads, and 1024 are the "
        "most; ./t2t check finds out more\n");
    folder.write("b.cu", R"(
__global__ void add(float* x) { x[threadIdx.x] += 1; }
int main() {
    add<<<1, 1>>>(nullptr);
    return cudaGetLastError() == cudaSuccess ? 0 : 3;
})");
    const Ran ran = folder.t2t("run b.cu");
    EXPECT_EQ(ran.status, 3);
    EXPECT_EQ(ran.errors, "");
}

TEST_F(OwnProgram, IsToldWhyALaunchWasRefused) {
    const auto note = [&](const std::string& launch) {
        folder.write("a.cu", "__global__ void k() {}\nint main() {\n    " + launch + "();\n}\n");
        return folder.t2t("run a.cu").errors;
    };
    EXPECT_PRED2(contains, note("k<<<100 / 256, 256>>>"),
                 "its grid is (0, 1, 1), which holds no block");
    EXPECT_PRED2(contains, note("k<<<dim3(1, 70000), 32>>>"),
                 "its grid is (1, 70000, 1), and (2147483647, 65535, 65535) is the largest");
    EXPECT_PRED2(contains, note("k<<<1, 0>>>"), "its block is (0, 1, 1), which holds no thread");
    EXPECT_PRED2(contains, note("k<<<1, dim3(1, 1, 100)>>>"),
                 "its block is (1, 1, 100), and 64 is the longest z");
    EXPECT_PRED2(contains, note("k<<<1, 32, 100000>>>"),
                 "it asks for 100000 bytes of dynamic shared memory, and 49152 are the most until "
                 "cudaFuncSetAttribute allows more");
}

TEST_F(OwnProgram, IsToldOfPointersToTheHost) {
    const std::string kernel =
        "#include <cstdlib>\n__device__ int variable;\n"
        "__global__ void k(int* x, int* end) { if (x != end) *x = 1; }\n";
    folder.write("host.cu",
                 kernel +
                     "int main() {\n    int* x = (int*)malloc(64);\n"
                     "    k<<<1, 1>>>(x, nullptr);\n    return cudaDeviceSynchronize();\n}\n");
    EXPECT_EQ(
        folder.t2t("run host.cu").errors,
        "t2t: the kernel k was given a pointer to memory of the host, which a GPU cannot reach: "
        "allocate it with cudaMalloc, copy, and pass that; ./t2t check finds out more\n");
    folder.write("device.cu", kernel + R"(int main() {
    int *device, *managed, *pinned, *symbol, *async;
    cudaMalloc(&device, 64);
    cudaMallocManaged(&managed, 64);
    cudaMallocHost(&pinned, 64);
    cudaMallocAsync(&async, 64, nullptr);
    cudaGetSymbolAddress((void**)&symbol, variable);
    int* registered = (int*)malloc(64);
    cudaHostRegister(registered, 64, 0);
    for (int* x : {device, managed, pinned, symbol, async, registered}) k<<<1, 1>>>(x, x + 16);
    return cudaDeviceSynchronize();
})");
    EXPECT_EQ(folder.t2t("run device.cu").errors, "");
}

TEST_F(OwnProgram, IsToldThatWarpsDoNotRunInStep) {
    folder.write("sum.cu", R"(#include <cstdio>
__global__ void sum(const int* x, int* total) {
    __shared__ volatile int part[64];
    int i = threadIdx.x;
    part[i] = x[i];
    __syncthreads();
    if (i < 32) {
        for (int width = 32; width > 0; width /= 2) part[i] += part[i + width];
    }
    if (i == 0) *total = part[0];
}
int main() {
    int* x;
    cudaMallocManaged(&x, 65 * sizeof(int));
    for (int i = 0; i < 64; ++i) x[i] = i;
    sum<<<1, 64>>>(x, x + 64);
    cudaDeviceSynchronize();
    std::puts("done");
})");
    for (int again = 0; again < 2; ++again) {
        const Ran ran = folder.t2t("run sum.cu");
        EXPECT_EQ(ran.output, "done\n");
        EXPECT_EQ(ran.errors.find("t2t: sum.cu:3: volatile memory and no __syncwarp()"), 0u)
            << ran.errors;
    }
}

TEST_F(OwnProgram, IsToldWhyItCrashed) {
    const auto note = [&](const std::string& body) {
        folder.write("a.cu",
                     "int f(int n) { volatile char a[999]; a[0] = n; return f(n + 1) + a[0]; }\n"
                     "int main(int count, char**) {\n    " +
                         body + "\n}\n");
        return folder.t2t("run a.cu").errors;
    };
    const auto sentence = [](const std::string& cause) {
        return "t2t: the host's code crashed: " + cause + "; ./t2t check says where\n";
    };
    EXPECT_PRED2(contains, note("int* p = nullptr;\n    *p = 1;"), sentence("a null pointer"));
    EXPECT_PRED2(contains, note("return 7 / (count - 1);"),
                 sentence("an integer division by zero"));
    EXPECT_PRED2(contains, note("return *(int*)0x4142434445464748;"),
                 sentence("a pointer that is garbage"));
    EXPECT_PRED2(
        contains, note("return f(0);"),
        sentence("the stack overflowed, by a recursion without end or by a local array that "
                 "belongs into a std::vector"));
}

TEST_F(OwnProgram, ThatNvccWouldRefuseIsRefused) {
    const auto error = [&](const std::string& text) {
        folder.write("a.cu", text);
        return folder.t2t("run a.cu").errors;
    };
    EXPECT_PRED2(contains, error("__global__ void k() {}\nint main() { k(); }\n"),
                 "a.cu:2:14: error: a kernel is launched and not called; write kernel<<<grid, "
                 "block>>>(arguments)\n");
    EXPECT_PRED2(
        contains,
        error("float f() { return 1; }\n__global__ void k(float* x) { *x = f(); }\n"
              "int main() { k<<<1, 1>>>(nullptr); }\n"),
        "a.cu:2:36: error: device code calls a function of the host; write __host__ __device__ "
        "before that function\n");
    EXPECT_PRED2(
        contains, error("__device__ int f() { return 1; }\nint main() { return f(); }\n"),
        "a.cu:2:21: error: the host calls a __device__ function; write __host__ __device__ "
        "before that function\n");
    EXPECT_PRED2(
        contains,
        error("__global__ void k() { __shared__ int s = 0; atomicAdd(&s, 1); }\nint main() {}\n"),
        "error: __shared__ memory takes no initial value; let one thread write it, then call "
        "__syncthreads()\n");
}

TEST_F(OwnProgram, ThatDoesNotCompileSaysWhereOnce) {
    folder.write(
        "a.cu",
        "__global__ void k() {}\nint main() {\n    k<<<1, 1>>>(); first();\n    return second;\n}\n");
    const Ran ran = folder.t2t("run a.cu");
    EXPECT_EQ(ran.status, 1);
    EXPECT_EQ(ran.output, "");
    EXPECT_EQ(ran.errors,
              "a.cu:3:20: error: ‘first’ was not declared in this scope\n"
              "  3 |     k<<<1, 1>>>(); first();\n"
              "    |                    ^\n"
              "t2t: a.cu does not compile; 1 more error, --all-errors shows it\n");
    EXPECT_NE(folder.t2t("run a.cu --all-errors").errors.find("a.cu:4:12: error: ‘second’"),
              std::string::npos);
}

TEST_F(OwnProgram, WithoutAMainSaysSo) {
    folder.write("a.cu", "__global__ void k() {}\n");
    EXPECT_EQ(folder.t2t("run a.cu").errors,
              "error: the program has no main; write int main() { … } that launches the kernel\n"
              "t2t: a.cu does not compile\n");
}

TEST_F(OwnProgram, MayHoldPtxThatNoKernelComesTo) {
    const std::string lane = R"(
__device__ static unsigned lane() {
    unsigned id;
    asm volatile("mov.u32 %0, %%laneid;" : "=r"(id));
    return id;
})";
    folder.write("unused.cu", lane + "\nint main() { return 5; }\n");
    EXPECT_EQ(folder.t2t("run unused.cu").status, 5);
    folder.write("used.cu",
                 lane + "\n__global__ void k(unsigned* x) { *x = lane(); }\nint main() {}\n");
    EXPECT_EQ(folder.t2t("run used.cu").errors.find("used.cu:4:5: error: inline PTX is not served"),
              0u);
}

TEST_F(OwnProgram, NamesAndTextsMayBeInAnyLanguage) {
    folder.write("größe.cu", R"(#include <cstdio>
__global__ void füllen(int* größe) { *größe = 3; }
int main() {
    int* größe;
    cudaMallocHost(&größe, 4);
    füllen<<<1, 1>>>(größe);
    cudaDeviceSynchronize();
    std::printf("größe %d\n", *größe);
})");
    const Ran ran = folder.t2t("run größe.cu");
    EXPECT_EQ(ran.output, "größe 3\n") << ran.errors;
}

TEST_F(OwnProgram, ThatAllocatesTooMuchGetsCudasError) {
    folder.write("a.cu", R"(#include <cstdio>
int main() {
    void* p;
    std::puts(cudaGetErrorName(cudaMalloc(&p, std::size_t(100) << 40)));
})");
    EXPECT_EQ(folder.t2t("run a.cu").output, "cudaErrorMemoryAllocation\n");
}

TEST_F(OwnProgram, MayForkAndCloseItsOutput) {
    folder.write("a.cu", R"(#include <cstdio>
#include <sys/wait.h>
#include <unistd.h>
int main() {
    if (fork() == 0) return 0;
    wait(nullptr);
    std::puts("parent");
    std::fclose(stdout);
    return 2;
})");
    const Ran ran = folder.t2t("run a.cu");
    EXPECT_EQ(ran.status, 2);
    EXPECT_EQ(ran.output, "parent\n");
}

}  // namespace
}  // namespace t2t::tests

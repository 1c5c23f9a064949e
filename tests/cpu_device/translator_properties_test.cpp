// What the launch translator must keep for any source: the lines, the meaning and its speed. The
// sources are made from random pieces; the check of the meaning is the C++ compiler's.
#include "common/cpu_device/translator/translate.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <gtest/gtest.h>

namespace t2t::cpu_device {
namespace {

// A file as learners write them; `say` is a kernel of the stub header below.
constexpr std::string_view realistic = R"cuda(
#include "stub.hpp"

#define CHECK(call) check((call), #call)
#define RUN(kernel, grid, block, ...) \
    do { \
        /* counted, then \
           launched */ \
        ++launches; \
        kernel<<<grid, block>>>(__VA_ARGS__); \
    } while (false)
#define PASTE(type) say_##type<<<2, 1>>>(20)

int launches = 0;
inline int check(int code, const char*) { return code; }  // don't use <<<1, 2>>>(x) here

namespace course {
template <typename T, int n, bool more = (n > 3)>
__global__ void scale(T factor) {
    extern __shared__ __align__(16) unsigned char raw[];
    extern __shared__ T rows[][2];
    raw[0] = 0;
    rows[1][0] = factor;
    log(more ? "more" : "less", n * static_cast<int>(rows[1][0]));
}
__global__ void say_int(int value) { log("say", value); }
__global__ void nothing() { log("nothing", 0); }

using Say = void(int);
Say* const table[] = {say_int, say_int};
struct Rung { Say* run; };
template <typename T> struct Block { static constexpr int size = 64; };

void all(int n, int stream) {
    const char* text = R"(k<<<1, 2>>>(a))";
    const Rung rung{say_int};
    scale<float, 1'0 / 2><<<dim3(n >> 2, 2), n < 3 ? 1 : 2, 16, stream>>>(1.5f);
    if (n > 1) scale<int, 2><<<1, Block<Block<Block<int>>>::size>>>(3); else nothing<<<1, 1>>>();
    CHECK((say_int<<<1, 2>>>(4), 0));
    (*table[0])<<<1, 2>>>(5);
    for (int i = 6; i < 8; ++i) table[1]<<<i, 1>>>(i);
    rung.run<<<
        1,  // blocks
        2   // threads
    >>>(
        8);
    switch (n) {
        case 8: course::
            say_int<<<9, 1>>>([&] { nothing<<<7, 7>>>(); return text[0] == 'k' ? 9 : 0; }());
    }
    RUN(say_int, 1, 10, 10);
    RUN(nothing, 1, 11);
    PASTE(int);
    log("launches", launches);
    log("line", __LINE__);
}
}  // namespace course

int main() { course::all(8, 30); }
)cuda";

// A CPU device of one thread: every launch prints its configuration and calls the kernel once.
constexpr std::string_view stub = R"cpp(
#include <cstdio>
#define __global__
#define __shared__ static
#define __align__(n) alignas(n)
#define T2T_KERNEL_ADDRESS(...) (&(*(__VA_ARGS__)))
    struct dim3 {
        unsigned x, y = 1, z = 1;
        dim3(unsigned x, unsigned y = 1) : x(x), y(y) {}
    };
    inline void log(const char* what, int value) {
        std::printf("%s %d\n", what, value);
    }
    namespace t2t::cpu_device {
    struct Configuration {
        dim3 grid, block;
        int bytes, stream;
    };
    inline Configuration configure(dim3 grid, dim3 block, int bytes = 0, int stream = 0) {
        return {grid, block, bytes, stream};
    }
    template <typename T>
    T* dynamic_shared() {
        alignas(16) static char memory[64];
        return reinterpret_cast<T*>(memory);
    }
    template <typename Address, typename Kernel, typename... Arguments>
    void launch(const char*, Configuration c, Address*, Kernel kernel, Arguments... arguments) {
        std::printf("<<<%u.%u %u %d %d>>> ", c.grid.x, c.grid.y, c.block.x, c.bytes, c.stream);
        kernel(arguments...);
    }
    }  // namespace t2t::cpu_device
)cpp";

std::size_t lines(std::string_view text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

void write(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
}

TEST(Realistic, CompilesAndCallsTheKernels) {
    if (std::system("c++ --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "there is no c++ here";
    const auto folder = std::filesystem::temp_directory_path() /
                        ("t2t_translator_test_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    write(folder / "stub.hpp", stub);
    write(folder / "course.cpp", translate(realistic, (folder / "course.cu").string()));
    const std::string in_folder = "cd '" + folder.string() + "' && ";
    const int status = std::system(
        (in_folder + "c++ -std=c++20 -Wall -Wextra -Werror course.cpp -o course > messages 2>&1 && "
                     "./course > output")
            .c_str());
    EXPECT_EQ(status, 0) << read(folder / "messages");
    const std::size_t line = lines(realistic.substr(0, realistic.find("__LINE__"))) + 1;
    EXPECT_EQ(read(folder / "output"),
              "<<<2.2 2 16 30>>> more 5\n"
              "<<<1.1 64 0 0>>> less 6\n"
              "<<<1.1 2 0 0>>> say 4\n"
              "<<<1.1 2 0 0>>> say 5\n"
              "<<<6.1 1 0 0>>> say 6\n"
              "<<<7.1 1 0 0>>> say 7\n"
              "<<<1.1 2 0 0>>> say 8\n"
              "<<<7.1 7 0 0>>> nothing 0\n"
              "<<<9.1 1 0 0>>> say 9\n"
              "<<<1.1 10 0 0>>> say 10\n"
              "<<<1.1 11 0 0>>> nothing 0\n"
              "<<<2.1 1 0 0>>> say 20\n"
              "launches 2\n"
              "line " +
                  std::to_string(line) + "\n");
    std::filesystem::remove_all(folder);
}

// Random blanks between tokens: the names in the configuration and in the arguments stay on their
// lines, and every line but those of the kernel's own name keeps what it begins with.
TEST(Lines, EveryNameStaysOnItsLine) {
    constexpr std::array<std::string_view, 6> blanks{" ",  "\n",       "\\\n",
                                                     "\t", "/* \n */", " // <<<\n"};
    const std::vector<std::string_view> tokens{
        "before", ";",   "ns", "::",    "k",   "<",     "int", ",", "(",      "2",
        ">",      "1",   ")",  ">",     "<<<", "one",   ",",   "f", "(",      "two",
        ")",      ">>>", "(",  "three", ",",   "four",  ")",   ";", "extern", "__shared__",
        "float",  "s",   "[",  "]",     ";",   "after", ";"};
    std::mt19937 random(1);
    for (int round = 0; round < 500; ++round) {
        std::string source = "void f() {";
        std::map<std::string_view, std::size_t> line_of;
        for (const std::string_view token : tokens) {
            source += blanks[random() % blanks.size()];
            line_of[token] = lines(source);
            source += token;
        }
        source += "\n}\n";

        const std::string result = translate(source, "/f.cu");
        ASSERT_EQ(lines(result), lines(source) + 1) << source << result;
        for (const std::string_view name : {"before", "one", "two", "three", "four", "after"}) {
            const auto at = result.find(name);
            ASSERT_NE(at, std::string::npos) << source << result;
            EXPECT_EQ(lines(std::string_view(result).substr(0, at)), line_of[name] + 1)
                << name << " in\n"
                << source << "\nbecame\n"
                << result;
        }
    }
}

// Damaged sources: pieces of the realistic one deleted, doubled, swapped, and stray symbols put in.
TEST(Fuzz, NeverCrashesAndKeepsTheLineCount) {
    constexpr std::array<std::string_view, 24> strays{"<<<",
                                                      ">>>",
                                                      "<",
                                                      ">",
                                                      "(",
                                                      ")",
                                                      "[",
                                                      "]",
                                                      "{",
                                                      "}",
                                                      "\"",
                                                      "'",
                                                      "\n",
                                                      "\\\n",
                                                      "/*",
                                                      "*/",
                                                      "R\"x(",
                                                      "#if 0\n",
                                                      "\n#else\n",
                                                      "\n#endif\n",
                                                      "\n#define A ",
                                                      "::",
                                                      "extern __shared__ ",
                                                      ";"};
    int translated = 0;
    int refused = 0;
    for (unsigned seed = 1; seed <= 4000; ++seed) {
        std::mt19937 random(seed);
        std::string source(realistic);
        for (unsigned changes = 1 + random() % 8; changes > 0; --changes) {
            const std::size_t at = random() % (source.size() + 1);
            const std::size_t length = std::min<std::size_t>(random() % 40, source.size() - at);
            switch (random() % 4) {
                case 0:
                    source.erase(at, length);
                    break;
                case 1:
                    source.insert(at, source.substr(at, length));
                    break;
                case 2:
                    source.insert(random() % (source.size() + 1), source.substr(at, length));
                    break;
                case 3:
                    source.insert(at, strays[random() % strays.size()]);
                    break;
            }
        }
        try {
            const std::string result = translate(source, "/f.cu");
            ASSERT_EQ(lines(result), lines(source) + 1) << "seed " << seed << "\n" << source;
            ++translated;
        } catch (const TranslationError& error) {
            ASSERT_GE(error.line(), 1u) << "seed " << seed;
            ASSERT_LE(error.line(), lines(source) + 1) << "seed " << seed;
            ++refused;
        }
    }
    EXPECT_GT(translated, 400);  // both ways out are well travelled
    EXPECT_GT(refused, 400);
}

// Measured: 16 ms. The bound leaves room for sanitizers and busy machines, and none for time
// that grows with the square of the length.
TEST(Speed, TenThousandLines) {
    std::string source;
    while (lines(source) < 10'000) source += realistic;
    const std::clock_t start = std::clock();  // of the processor: other programs may be running
    const std::string result = translate(source, "/f.cu");
    const double seconds = double(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_EQ(lines(result), lines(source) + 1);
    EXPECT_LT(seconds, 0.5);
    RecordProperty("milliseconds", std::to_string(1e3 * seconds));
}

}  // namespace
}  // namespace t2t::cpu_device

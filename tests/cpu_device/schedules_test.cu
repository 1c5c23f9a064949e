// The CPU device's schedules: another order of the threads shows a race, and leaves right kernels right.
#include <algorithm>
#include <array>

#include "tests/cpu_device/faults.hpp"

namespace t2t::conformance {
namespace {

constexpr int threads = 64;

#define SKIP_ON_GPU() \
    if (!on_cpu_device()) GTEST_SKIP() << "a GPU chooses the order of its threads itself"

template <bool Barrier>
__global__ void left_neighbour_kernel(int* out) {
    __shared__ int values[threads];
    int i = threadIdx.x;
    values[i] = i + 1;
    if (Barrier) __syncthreads();
    out[i] = i == 0 ? 0 : values[i - 1];
}

template <bool Barrier>
int wrong_values() {
    auto values = collect<int>(
        threads, [](int* out) { left_neighbour_kernel<Barrier><<<1, threads>>>(out); });
    int wrong = 0;
    for (int i = 0; i < threads; ++i) wrong += values[i] != i;
    return wrong;
}

/// Prints the number of wrong values under `schedule`; needs a process that has launched nothing yet.
template <bool Barrier>
[[noreturn]] void print_wrong_values(const char* schedule) {
    setenv("T2T_SCHEDULE", schedule, 1);
    std::fprintf(stderr, "%d wrong\n", wrong_values<Barrier>());
    std::_Exit(0);
}

class SchedulesDeathTest : public testing::Test {
 protected:
    void SetUp() override {
        SKIP_ON_GPU();
        GTEST_FLAG_SET(death_test_style, "threadsafe");
    }
};

TEST_F(SchedulesDeathTest, ForwardHidesAMissingBarrier) {
    EXPECT_EXIT(print_wrong_values<false>("forward"), testing::ExitedWithCode(0), "^0 wrong");
}

TEST_F(SchedulesDeathTest, ReverseShowsAMissingBarrier) {
    EXPECT_EXIT(print_wrong_values<false>("reverse"), testing::ExitedWithCode(0), "^63 wrong");
}

TEST_F(SchedulesDeathTest, RandomShowsAMissingBarrier) {
    for (const char* schedule : {"random:0", "random:1", "random:987654321"}) {
        EXPECT_EXIT(print_wrong_values<false>(schedule), testing::ExitedWithCode(0),
                    "^[1-5][0-9] wrong")
            << schedule;
    }
}

TEST_F(SchedulesDeathTest, AKernelWithItsBarrierIsRightUnderAll) {
    for (const char* schedule : {"forward", "reverse", "random:1", "random:2"}) {
        EXPECT_EXIT(print_wrong_values<true>(schedule), testing::ExitedWithCode(0), "^0 wrong")
            << schedule;
    }
}

__global__ void order_kernel(int* order /* [threads] */, int* next) {
    order[atomicAdd(next, 1)] = threadIdx.x;
}

std::vector<int> order_of_threads() {
    DeviceBuffer<int> next(std::vector<int>{0});
    return collect<int>(threads, [&](int* out) { order_kernel<<<1, threads>>>(out, next.data()); });
}

// Exits with 0 when a seed gives one order, the same at every launch, and not that of another schedule.
[[noreturn]] void check_random_order() {
    setenv("T2T_SCHEDULE", "random:5", 1);
    auto order = order_of_threads();
    auto again = order_of_threads();
    auto forward = tabulate<int>(threads, [](int i) { return i; });
    if (order != again || order == forward) std::_Exit(1);
    std::sort(order.begin(), order.end());
    std::_Exit(order == forward ? 0 : 2);
}

TEST_F(SchedulesDeathTest, ASeedNamesOneOrder) {
    EXPECT_EXIT(check_random_order(), testing::ExitedWithCode(0), "");
}

TEST_F(SchedulesDeathTest, ABadValueEndsTheProgramWithOneSentence) {
    for (const char* bad : {"sideways", "Forward", "random", "random:", "random:x", "random:-1"}) {
        EXPECT_EXIT(print_wrong_values<true>(bad), testing::ExitedWithCode(2),
                    "^t2t: T2T_SCHEDULE is '" + std::string(bad) +
                        "'; it must be forward, reverse or random:SEED, for example random:7\n$")
            << bad;
    }
}

/// Asks for the device's properties, which are the first thing that a program asks for.
[[noreturn]] void ask_for_properties(const char* name, const char* value) {
    setenv(name, value, 1);
    cudaDeviceProp properties;
    std::_Exit(cudaGetDeviceProperties(&properties, 0));
}

TEST_F(SchedulesDeathTest, ABadNumberEndsTheProgramBeforeAnythingHappens) {
    for (const auto& [name, bad, range] : {std::array{"T2T_WORKERS", "0", "1 to 1000000"},
                                           std::array{"T2T_WORKERS", "two", "1 to 1000000"},
                                           std::array{"T2T_TIMEOUT", "-1", "0 to 1000000"},
                                           std::array{"T2T_TIMEOUT", "1.5", "0 to 1000000"}}) {
        EXPECT_EXIT(ask_for_properties(name, bad), testing::ExitedWithCode(2),
                    std::string("^t2t: ") + name + " is '" + bad +
                        "'; it must be a whole number from " + range + "\n$");
    }
    EXPECT_EXIT(ask_for_properties("T2T_WORKERS", "64"), testing::ExitedWithCode(0), "^$");
    EXPECT_EXIT(ask_for_properties("T2T_SCHEDULE", "back"), testing::ExitedWithCode(2), "^t2t: ");
    EXPECT_EXIT(ask_for_properties("T2T_HOST_ACCESS", "no"), testing::ExitedWithCode(2),
                "^t2t: T2T_HOST_ACCESS is 'no'; it must be allow or fault");
}

}  // namespace
}  // namespace t2t::conformance

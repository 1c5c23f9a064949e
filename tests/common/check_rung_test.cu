// RungCheck on the device: a right kernel passes, and each planted fault is named.
#include "common/lab/check_rung.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <gtest/gtest.h>

#include "common/device/check.hpp"
#include "common/device/properties.hpp"
#include "common/lab/inputs.hpp"
#include "common/lab/reference/arrays.hpp"

namespace t2t::lab {

/// GoogleTest prints a cause by its name.
void PrintTo(Cause cause, std::ostream* stream) {
    *stream << name(cause);
}

namespace {

constexpr int n = 1000;
constexpr int block = 128;
constexpr int grid = (n + block - 1) / block;

/// out[i] = scale · in[i + shift] for `begin` ≤ i < `end`.
__global__ void copy_kernel(const float* in, float* out, int begin, int end, int shift,
                            float scale) {
    const int i = begin + static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < end) out[i] = scale * in[i + shift];
}

/// out[i] += in[i].
__global__ void add_kernel(const float* in, float* out) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n) out[i] += in[i];
}

/// data[i] = value for `begin` ≤ i < `end`.
__global__ void fill_kernel(float* data, int begin, int end, float value) {
    const int i = begin + static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (i < end) data[i] = value;
}

class RungCheckTest : public ::testing::Test {
 protected:
    const std::vector<float> values_ = normal(n, 3, 2, test_seed());
    const Expected same_{reference::copy(values_), {1, n}};
    RungCheck check_{"copy", "v0_planted"};

    /// A finding for `cause`, and `text` in the message.
    static void expect(const Comparison& result, Cause cause, const std::string& text) {
        EXPECT_TRUE(result.has(cause)) << result.message();
        EXPECT_NE(result.message().find(text), std::string::npos) << result.message();
    }
};

TEST_F(RungCheckTest, PassesARightKernel) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    const Comparison result =
        check_.run([&] { copy_kernel<<<grid, block>>>(in, out, 0, n, 0, 1.0f); });
    EXPECT_TRUE(result.ok()) << result.message();
    EXPECT_EQ(result.extent, (Extent{1, n}));
}

TEST_F(RungCheckTest, RunsTwice) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    int runs = 0;
    check_.run([&] {
        copy_kernel<<<grid, block>>>(in, out, 0, n, 0, 1.0f);
        ++runs;
    });
    EXPECT_EQ(runs, 2);
}

TEST_F(RungCheckTest, NamesAnOutputLeftAlone) {
    check_.input("in", values_);
    check_.output<float>("out", same_);
    expect(check_.run([] {}), Cause::untouched, "copy v0_planted, n = 1000: 1000 of 1000 wrong");
}

TEST_F(RungCheckTest, NamesAMissingTail) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    const Comparison result =
        check_.run([&] { copy_kernel<<<grid, block>>>(in, out, 0, 992, 0, 1.0f); });
    expect(result, Cause::tail, "element 992 on), never written");
    expect(result, Cause::tail, "T2T_SEED=" + std::to_string(test_seed()));
}

TEST_F(RungCheckTest, NamesAnOutputAddedToBeforeItIsSet) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    expect(check_.run([&] { add_kernel<<<grid, block>>>(in, out); }), Cause::nan_written,
           "added to before it is set");
}

TEST_F(RungCheckTest, NamesAReadOutsideAnInput) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    const Comparison result =
        check_.run([&] { copy_kernel<<<grid, block>>>(in, out, 0, n, 1, 1.0f); });
    expect(result, Cause::shifted, "worst: [999] expected");
    expect(result, Cause::shifted, "got nan");
}

TEST_F(RungCheckTest, NamesWritesAfterAndBefore) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    const Comparison after =
        check_.run([&] { copy_kernel<<<grid, block>>>(in, out, 0, n + 3, 0, 1.0f); });
    EXPECT_EQ(after.wrong, 0u);
    EXPECT_EQ(after.cause(), Cause::margin);
    expect(
        after, Cause::margin,
        "out was overwritten outside its 1000 elements: 3 elements after (nearest offset 1000).");
    const Comparison before =
        check_.run([&] { copy_kernel<<<grid + 1, block>>>(in, out, -1, n, 0, 1.0f); });
    expect(before, Cause::margin,
           "outside its 1000 elements: 1 element before (nearest offset -1).");
}

TEST_F(RungCheckTest, NamesAWriteOutsideAnInputOfOneRunOnly) {
    float* in = const_cast<float*>(check_.input("in", values_));
    float* out = check_.output<float>("out", same_);
    for (const int faulty : {1, 2}) {
        int runs = 0;
        const Comparison result = check_.run([&] {
            copy_kernel<<<grid, block>>>(in, out, 0, n, 0, 1.0f);
            if (++runs == faulty) fill_kernel<<<1, 2>>>(in, n, n + 2, 0.0f);
        });
        expect(result, Cause::margin,
               "in was overwritten outside its 1000 elements: 2 elements after");
    }
}

TEST_F(RungCheckTest, NamesAChangedInput) {
    float* in = const_cast<float*>(check_.input("in", values_));
    float* out = check_.output<float>("out", same_);
    const Comparison result = check_.run([&] {
        copy_kernel<<<grid, block>>>(in, out, 0, n, 0, 1.0f);
        fill_kernel<<<1, 1>>>(in, 500, 501, 0.0f);
    });
    EXPECT_EQ(result.cause(), Cause::input_changed) << result.message();
    expect(result, Cause::input_changed, "the input in was overwritten");
}

TEST_F(RungCheckTest, NamesRunsThatDiffer) {
    const float* in = check_.input("in", values_);
    float* out = check_.output<float>("out", same_);
    int runs = 0;
    const Comparison result = check_.run([&] {
        copy_kernel<<<grid, block>>>(in, out, 0, n, 0, 1.0f);
        if (++runs == 2) fill_kernel<<<1, 2>>>(out, 7, 9, 1e9f);
    });
    EXPECT_EQ(result.cause(), Cause::differs_by_run) << result.message();
    expect(result, Cause::differs_by_run, "differ in 2 elements, first at [7]");
}

TEST_F(RungCheckTest, ReportsWhatTheLauncherThrows) {
    check_.output<float>("out", same_);
    expect(check_.run([] { throw std::invalid_argument("copy: n is -1"); }), Cause::failed,
           "copy v0_planted, n = 1000: it did not run: copy: n is -1");
}

TEST_F(RungCheckTest, StartsBothRunsOfAnInOutFromItsValues) {
    const std::vector<float> start = normal(n, -1, 4, test_seed() + 1);
    const float* in = check_.input("in", values_);
    float* out = check_.in_out<float>("out", start, {reference::add(start, values_), {1, n}});
    const Comparison result = check_.run([&] { add_kernel<<<grid, block>>>(in, out); });
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_F(RungCheckTest, LetsANanStayInAnInOut) {
    std::vector<float> start(n, std::numeric_limits<float>::quiet_NaN());
    check_.in_out<float>("out", start, {{start.begin(), start.end()}, {1, n}});
    EXPECT_TRUE(check_.run([] {}).ok());
}

TEST_F(RungCheckTest, NamesAnInOutLeftAlone) {
    const std::vector<float> start = normal(n, -1, 4, test_seed() + 1);
    check_.in_out<float>("out", start, {reference::add(start, values_), {1, n}});
    expect(check_.run([] {}), Cause::untouched, "1000 of 1000 wrong, never written");
}

TEST_F(RungCheckTest, SaysWhichOfSeveralOutputsIsWrong) {
    const float* in = check_.input("in", values_);
    float* right = check_.output<float>("right", same_);
    float* twice = check_.output<float>("twice", same_);
    float* lost = check_.output<float>("lost", same_);
    const Comparison result = check_.run([&] {
        copy_kernel<<<grid, block>>>(in, right, 0, n, 0, 1.0f);
        copy_kernel<<<grid, block>>>(in, twice, 0, n, 0, 2.0f);
    });
    EXPECT_NE(lost, nullptr);
    expect(result, Cause::factor,
           "copy v0_planted, twice, n = 1000: 1000 of 1000 wrong, every value is 2");
    expect(result, Cause::factor, "wrong as well: lost");
}

TEST_F(RungCheckTest, TakesOffsetsAndEmptyBuffers) {
    const float* odd = check_.input("odd", values_, 1);
    const float* none = check_.input("none", std::vector<float>{});
    float* out = check_.output<float>("out", {{}, {1, 0}}, 3);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(odd) % 256, 4u);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(out) % 256, 12u);
    EXPECT_NE(none, nullptr);
    EXPECT_TRUE(check_.run([] {}).ok());
}

/// out = in, by way of a workspace. A check asks an operation for nothing but its sizes.
struct Detour {
    const float* in = nullptr;            ///< [n]
    float* out = nullptr;                 ///< [n]
    std::span<std::byte> workspace = {};  ///< as the rung asks for

    std::vector<std::int64_t> sizes() const { return {n}; }
};

/// Writes `count` elements of the workspace from `begin` on, and reads the first n of them.
template <int begin, int count>
void detour(const Detour& op, cudaStream_t stream) {
    auto* const copy = reinterpret_cast<float*>(op.workspace.data());
    fill_kernel<<<(count + block - 1) / block, block, 0, stream>>>(copy, begin, begin + count,
                                                                   0.0f);
    copy_kernel<<<grid, block, 0, stream>>>(op.in, copy, 0, n, 0, 1.0f);
    copy_kernel<<<grid, block, 0, stream>>>(copy, op.out, 0, n, 0, 1.0f);
}

/// Takes what it has not written.
void from_nowhere(const Detour& op, cudaStream_t stream) {
    copy_kernel<<<grid, block, 0, stream>>>(reinterpret_cast<float*>(op.workspace.data()), op.out,
                                            0, n, 0, 1.0f);
}

constexpr Rung<Detour> detour_rung(void (*run)(const Detour&, cudaStream_t)) {
    return {.name = "v1_detour", .run = run, .idea = "", .workspace = [](const Detour&) {
                return n * sizeof(float);
            }};
}

TEST_F(RungCheckTest, HandsInTheWorkspaceThatARungAsksFor) {
    Detour op{check_.input("in", values_), check_.output<float>("out", same_)};
    const Comparison result = check_.run(detour_rung(detour<0, n>), op);
    EXPECT_TRUE(result.ok()) << result.message();
}

TEST_F(RungCheckTest, NamesAWriteOutsideTheWorkspace) {
    Detour op{check_.input("in", values_), check_.output<float>("out", same_)};
    expect(check_.run(detour_rung(detour<0, n + 2>), op), Cause::margin,
           "workspace was overwritten outside its 4000 elements: 8 elements after (nearest offset "
           "4000).");
    expect(check_.run(detour_rung(detour<-1, n + 1>), op), Cause::margin,
           "workspace was overwritten outside its 4000 elements: 4 elements before (nearest "
           "offset -1).");
}

TEST_F(RungCheckTest, AWorkspaceStartsAsNanInBothRuns) {
    const Detour op{check_.input("in", values_), check_.output<float>("out", same_)};
    expect(check_.run(detour_rung(from_nowhere), op), Cause::nan_written, "all of them NaN");
    static int runs;
    runs = 0;
    const auto relies_on_the_first_run = [](const Detour& detoured, cudaStream_t stream) {
        (runs++ == 0 ? detour<0, n> : from_nowhere)(detoured, stream);
    };
    expect(check_.run(detour_rung(relies_on_the_first_run), op), Cause::differs_by_run,
           "differ in 1000 elements, first at [0]");
}

TEST_F(RungCheckTest, ARungThatAsksForNoWorkspaceGetsNone) {
    static std::size_t bytes;
    bytes = 1;
    const Rung<Detour> rung{"v1_plain",
                            [](const Detour& op, cudaStream_t stream) {
                                bytes = op.workspace.size();
                                copy_kernel<<<grid, block, 0, stream>>>(op.in, op.out, 0, n, 0,
                                                                        1.0f);
                            },
                            ""};
    const Comparison result =
        check_.run(rung, Detour{check_.input("in", values_), check_.output<float>("out", same_)});
    EXPECT_TRUE(result.ok()) << result.message();
    EXPECT_EQ(bytes, 0u);
}

TEST_F(RungCheckTest, AnOperationThatTheRungDoesNotTakeIsNotRunAndCounted) {
    const Rung<Detour> rung{
        .name = "v2_picky",
        .run = [](const Detour&, cudaStream_t) { FAIL() << "it ran all the same"; },
        .idea = "",
        .takes = {"n that is even and small", [](const Detour&) { return false; }},
    };
    RungCheck::offered() = {};
    const Comparison result =
        check_.run(rung, Detour{check_.input("in", values_), check_.output<float>("out", same_)});
    EXPECT_TRUE(result.ok()) << result.message();
    EXPECT_EQ(result.notes, std::vector<std::string>{
                                "not run: it takes n that is even and small, and this is 1000"});
    EXPECT_EQ(RungCheck::offered().operations, 1u);
    EXPECT_EQ(RungCheck::offered().taken, 0u);
}

template <typename T>
class RungCheckOfType : public ::testing::Test {};
using OutputTypes =
    ::testing::Types<float, double, __half, __nv_bfloat16, std::int32_t, std::int64_t>;
TYPED_TEST_SUITE(RungCheckOfType, OutputTypes);

template <typename T>
__global__ void copy_typed_kernel(const T* in, T* out, int end) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < end) out[i] = in[i];
}

// Whole numbers up to 200 are exact in all of these types.
TYPED_TEST(RungCheckOfType, ComparesEveryTypeOfOutput) {
    const std::vector<TypeParam> values = integers<TypeParam>(n, 1, 200, test_seed());
    const std::vector<float> same = integers(n, 1, 200, test_seed());
    RungCheck check("copy", "v0_typed");
    const TypeParam* in = check.input("in", values);
    TypeParam* out = check.output<TypeParam>("out", {reference::copy(same), {1, n}});

    const Comparison right = check.run([&] { copy_typed_kernel<<<grid, block>>>(in, out, n); });
    EXPECT_TRUE(right.ok()) << right.message();

    const Comparison tail = check.run([&] { copy_typed_kernel<<<grid, block>>>(in, out, 992); });
    EXPECT_EQ(tail.cause(), Cause::tail) << tail.message();
    EXPECT_NE(tail.message().find("never written"), std::string::npos) << tail.message();

    const Comparison unguarded =
        check.run([&] { copy_typed_kernel<<<grid, block>>>(in, out, n + 9); });
    EXPECT_EQ(unguarded.cause(), Cause::margin) << unguarded.message();
}

TEST(SkipReason, IsEmptyForWhatTheDeviceOffers) {
    EXPECT_EQ(skip_reason({75}), "");
    EXPECT_EQ(skip_reason({device_properties().compute_capability}), "");
}

TEST(SkipReason, SaysWhatIsNeededAndWhatThereIs) {
    const DeviceProperties device = device_properties();
    EXPECT_EQ(skip_reason({999}), "needs compute capability 99.9; " +
                                      (device.is_cpu_device ? "the CPU device" : device.name) +
                                      " has " + capability_text(device.compute_capability));
}

}  // namespace
}  // namespace t2t::lab

/// @file
/// Which rung of a ladder serves an operation, what is said when none does, and what a trace records.
///
/// The rungs launch nothing on a device: they write down that they ran.
#include "common/lab/run.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "common/device/check.hpp"
#include "common/device/event.hpp"
#include "common/device/properties.hpp"
#include "common/device/workspace.hpp"
#include "common/lab/ladder.hpp"
#include "tests/refusal.hpp"

namespace t2t {
namespace {

using tests::complaint;

/// The rungs that ran, in order: each notes that it begins.
std::vector<std::string> ran;

/// An operation of every type T; only its size matters.
template <typename T>
struct Scale {
    std::int64_t n = 0;
    std::span<std::byte> workspace = {};

    bool check() const { return n > 0; }
    Work work() const { return {8.0 * static_cast<double>(n), static_cast<double>(n)}; }
    std::vector<std::int64_t> sizes() const { return {n, 3}; }
};

template <typename T>
bool is_even(const Scale<T>& op) {
    return op.n % 2 == 0;
}

template <typename T>
void v1_plain(const Scale<T>&, cudaStream_t) {
    ran.emplace_back("v1_plain");
}
template <typename T>
void v2_even(const Scale<T>&, cudaStream_t) {
    ran.emplace_back("v2_even");
}
template <typename T>
void v3_ampere(const Scale<T>&, cudaStream_t) {
    ran.emplace_back("v3_ampere");
}
template <typename T>
void v4_hopper(const Scale<T>&, cudaStream_t) {
    ran.emplace_back("v4_hopper");
}

constexpr Ladder fp32{
    "scale",
    std::array{
        Rung<Scale<float>>{"v1_plain", v1_plain<float>, "everything"},
        Rung<Scale<float>>{
            .name = "v2_even",
            .run = v2_even<float>,
            .idea = "pairs",
            .takes = {"n that is even", is_even<float>},
            .workspace = [](const Scale<float>& op) { return workspace_bytes<float>(op.n); }},
        Rung<Scale<float>>{"v4_hopper", v4_hopper<float>, "one GPU alone", Needs{.exactly = 90}},
    },
    type_text<float>};

/// The same operation for another type: v2_even is missing, and v3_ampere stands in its place.
constexpr Ladder bf16{"scale",
                      std::array{
                          Rung<Scale<__nv_bfloat16>>{"v1_plain", v1_plain<__nv_bfloat16>, "all"},
                          Rung<Scale<__nv_bfloat16>>{"v3_ampere", v3_ampere<__nv_bfloat16>,
                                                     "newer GPUs", Needs{.at_least = 80}},
                      },
                      type_text<__nv_bfloat16>};

const DeviceProperties turing{.name = "NVIDIA T4", .compute_capability = 75};
const DeviceProperties hopper{.name = "NVIDIA H200", .compute_capability = 90};
const DeviceProperties blackwell{.name = "NVIDIA B200", .compute_capability = 100};
const DeviceProperties cpu_device{
    .name = "CPU device", .compute_capability = 80, .is_cpu_device = true};

Selection naming(const DeviceProperties& device, std::string rung) {
    Selection selection(device);
    selection.name("scale", std::move(rung));
    return selection;
}

/// The name of the rung that serves `op`.
template <typename Op, std::size_t Count>
std::string_view picked(const Selection& selection, const Ladder<Op, Count>& ladder, const Op& op) {
    return selection.pick(ladder, op).name;
}

template <typename Op, std::size_t Count>
std::string refusal(const Selection& selection, const Ladder<Op, Count>& ladder, const Op& op) {
    return complaint([&] { selection.pick(ladder, op); });
}

TEST(Needs, AtLeastIsMetByNewerDevicesAndExactlyByOneAlone) {
    EXPECT_FALSE(Needs{.at_least = 80}.met_by(75));
    EXPECT_TRUE(Needs{.at_least = 80}.met_by(80));
    EXPECT_TRUE(Needs{.at_least = 80}.met_by(100));
    EXPECT_FALSE(Needs{.exactly = 90}.met_by(80));
    EXPECT_TRUE(Needs{.exactly = 90}.met_by(90));
    EXPECT_FALSE(Needs{.exactly = 90}.met_by(100));
}

TEST(Needs, AreSaidInTheWordsOfAllMessages) {
    EXPECT_EQ(capability_text(75), "7.5");
    EXPECT_EQ(capability_text(120), "12.0");
    EXPECT_EQ(needs_text({.at_least = 80}), "needs compute capability 8.0");
    EXPECT_EQ(needs_text({.exactly = 90}), "needs compute capability 9.0 exactly");
    EXPECT_EQ(unmet({.at_least = 80}, hopper), "");
    EXPECT_EQ(unmet({.at_least = 90}, turing), "needs compute capability 9.0; NVIDIA T4 has 7.5");
    EXPECT_EQ(unmet({.exactly = 90}, blackwell),
              "needs compute capability 9.0 exactly; NVIDIA B200 has 10.0");
    EXPECT_EQ(unmet({.at_least = 90}, cpu_device),
              "needs compute capability 9.0; the CPU device has 8.0");
}

TEST(Pick, TakesTheHighestRungThatTakesTheOperation) {
    const Selection selection(turing);
    EXPECT_EQ(picked(selection, fp32, {.n = 4}), "v2_even");
    EXPECT_EQ(picked(selection, fp32, {.n = 5}), "v1_plain");
}

TEST(Pick, TakesTheHighestRungWhoseNeedsAreMet) {
    EXPECT_EQ(picked(Selection(turing), bf16, {.n = 4}), "v1_plain");
    EXPECT_EQ(picked(Selection(hopper), bf16, {.n = 4}), "v3_ampere");
    EXPECT_EQ(picked(Selection(blackwell), bf16, {.n = 4}), "v3_ampere");
    EXPECT_EQ(picked(Selection(cpu_device), bf16, {.n = 4}), "v3_ampere");
}

TEST(Pick, AnExactNeedIsMetByThatDeviceAlone) {
    EXPECT_EQ(picked(Selection(hopper), fp32, {.n = 5}), "v4_hopper");
    EXPECT_EQ(picked(Selection(blackwell), fp32, {.n = 4}), "v2_even");
    EXPECT_EQ(picked(Selection(cpu_device), fp32, {.n = 4}), "v2_even");
}

TEST(Pick, TakesTheRungThatIsNamed) {
    EXPECT_EQ(picked(naming(hopper, "v1_plain"), fp32, {.n = 4}), "v1_plain");
    EXPECT_EQ(picked(naming(hopper, "v2_even"), fp32, {.n = 4}), "v2_even");
    EXPECT_EQ(picked(naming(hopper, "v4_hopper"), fp32, {.n = 4}), "v4_hopper");
}

TEST(Pick, ANameIsForOneOperation) {
    Selection selection(hopper);
    selection.name("rotate", "v1_plain");
    EXPECT_EQ(picked(selection, fp32, {.n = 4}), "v4_hopper");
}

TEST(Pick, TheLastNameCounts) {
    Selection selection = naming(hopper, "v4_hopper");
    selection.name("rotate", "v7_other");
    selection.name("scale", "v1_plain");
    EXPECT_EQ(selection.named("scale"), "v1_plain");
    EXPECT_EQ(selection.named("rotate"), "v7_other");
    EXPECT_EQ(selection.named("shear"), "");
    EXPECT_EQ(picked(selection, fp32, {.n = 4}), "v1_plain");
}

// The second rung of one list is not the second of the other.
TEST(Pick, ANameMeansTheSameRungWhateverTheTypes) {
    EXPECT_EQ(picked(naming(hopper, "v1_plain"), bf16, {.n = 4}), "v1_plain");
    const Selection second = naming(hopper, "v2_even");
    EXPECT_EQ(picked(second, fp32, {.n = 4}), "v2_even");
    EXPECT_EQ(refusal(second, bf16, {.n = 4}),
              "scale v2_even does not exist for bf16; name none, or one of these: v1_plain, "
              "v3_ampere");
    const Selection third = naming(hopper, "v3_ampere");
    EXPECT_EQ(picked(third, bf16, {.n = 4}), "v3_ampere");
    EXPECT_EQ(refusal(third, fp32, {.n = 4}),
              "scale v3_ampere does not exist for fp32; name none, or one of these: v1_plain, "
              "v2_even, v4_hopper");
}

TEST(Pick, OnlyAWholeNameNamesARung) {
    EXPECT_NE(refusal(naming(hopper, "v1"), fp32, {.n = 4}), "");
    EXPECT_NE(refusal(naming(hopper, "v1_plain_"), fp32, {.n = 4}), "");
}

TEST(Pick, OfALadderForOneTypeSaysNothingOfTypes) {
    constexpr Ladder only{"scale",
                          std::array{Rung<Scale<int>>{"v1_plain", v1_plain<int>, "everything"}}};
    EXPECT_EQ(refusal(naming(hopper, "v9_gone"), only, {.n = 4}),
              "scale v9_gone does not exist; name none, or one of these: v1_plain");
}

TEST(Pick, ANamedRungThatDoesNotTakeTheOperationIsRefused) {
    EXPECT_EQ(refusal(naming(hopper, "v2_even"), fp32, {.n = 5}),
              "scale v2_even takes n that is even, and this is 5 × 3; name another rung, or none");
}

TEST(Pick, ANamedRungThatTheDeviceCannotRunIsRefused) {
    EXPECT_EQ(refusal(naming(blackwell, "v4_hopper"), fp32, {.n = 4}),
              "scale v4_hopper needs compute capability 9.0 exactly; NVIDIA B200 has 10.0; name "
              "another rung, or none");
    EXPECT_EQ(refusal(naming(turing, "v3_ampere"), bf16, {.n = 4}),
              "scale v3_ampere needs compute capability 8.0; NVIDIA T4 has 7.5; name another "
              "rung, or none");
}

TEST(Pick, WithoutAnyRungSaysWhyEachCannot) {
    constexpr Ladder demanding{"scale",
                               std::array{
                                   Rung<Scale<float>>{"v3_ampere", v3_ampere<float>, "", Needs{80}},
                                   Rung<Scale<float>>{.name = "v2_even",
                                                      .run = v2_even<float>,
                                                      .idea = "",
                                                      .takes = {"n that is even", is_even<float>}},
                               }};
    EXPECT_EQ(refusal(Selection(turing), demanding, {.n = 5}),
              "no rung of scale can run this: v3_ampere (needs compute capability 8.0; NVIDIA T4 "
              "has 7.5), v2_even (takes n that is even, and this is 5 × 3); use another device or "
              "other sizes");
}

/// On the CPU device v2_even is best.
constexpr Ladder marked{"scale",
                        std::array{
                            Rung<Scale<float>>{"v1_plain", v1_plain<float>, ""},
                            Rung<Scale<float>>{.name = "v2_even",
                                               .run = v2_even<float>,
                                               .idea = "",
                                               .takes = {"n that is even", is_even<float>}},
                            Rung<Scale<float>>{"v3_ampere", v3_ampere<float>, ""},
                        },
                        /*types=*/{},
                        /*on_cpu_device=*/"v2_even"};

TEST(Pick, TheCpuDeviceHasARungOfItsOwn) {
    EXPECT_EQ(picked(Selection(cpu_device), marked, {.n = 4}), "v2_even");
    EXPECT_EQ(picked(Selection(hopper), marked, {.n = 4}), "v3_ampere");
    EXPECT_EQ(picked(naming(cpu_device, "v1_plain"), marked, {.n = 4}), "v1_plain");
}

TEST(Pick, TheHighestServesWhatTheCpuDevicesRungDoesNotTake) {
    EXPECT_EQ(picked(Selection(cpu_device), marked, {.n = 5}), "v3_ampere");
}

TEST(UseSelection, NestsAndRestores) {
    const Selection outer = naming(hopper, "v1_plain");
    const Selection inner = naming(hopper, "v2_even");
    Trace trace;
    {
        const UseSelection use(outer, &trace);
        EXPECT_EQ(&selection_in_force(), &outer);
        EXPECT_EQ(trace_in_force(), &trace);
        {
            const UseSelection use_inner(inner);
            EXPECT_EQ(&selection_in_force(), &inner);
            EXPECT_EQ(trace_in_force(), nullptr);
        }
        EXPECT_EQ(&selection_in_force(), &outer);
        EXPECT_EQ(trace_in_force(), &trace);
        try {
            const UseSelection use_inner(inner);
            throw std::runtime_error("anything");
        } catch (const std::runtime_error&) {
        }
        EXPECT_EQ(&selection_in_force(), &outer);
        EXPECT_EQ(trace_in_force(), &trace);
    }
    EXPECT_EQ(trace_in_force(), nullptr);
}

TEST(UseSelection, IsOfOneThread) {
    const Selection selection = naming(hopper, "v1_plain");
    Trace trace;
    const UseSelection use(selection, &trace);
    Trace* elsewhere = &trace;
    std::thread([&] { elsewhere = trace_in_force(); }).join();
    EXPECT_EQ(elsewhere, nullptr);
}

/// A chain: scales twice, by whichever rungs serve.
struct ScaleTwice {
    std::int64_t n = 0;
    std::span<std::byte> workspace = {};

    bool check() const { return n > 0; }
    Work work() const { return {1, 2}; }
    std::vector<std::int64_t> sizes() const { return {n}; }
};

void v1_chain(const ScaleTwice& op, cudaStream_t stream) {
    ran.emplace_back("v1_chain");
    run(fp32, Scale<float>{op.n}, stream);
    run(bf16, Scale<__nv_bfloat16>{op.n}, stream);
}

constexpr Ladder chains{"scale_twice",
                        std::array{Rung<ScaleTwice>{"v1_chain", v1_chain, "one after another"}}};

/// Forgets what ran before.
class Run : public testing::Test {
 protected:
    Run() { ran.clear(); }
};

TEST_F(Run, LaunchesTheRungThatTheSelectionPicks) {
    const Selection selection = naming(hopper, "v2_even");
    const UseSelection use(selection);
    run(fp32, Scale<float>{4}, nullptr);
    EXPECT_EQ(ran, std::vector<std::string>{"v2_even"});
    EXPECT_EQ(complaint([] { run(fp32, Scale<float>{5}, nullptr); }),
              "scale v2_even takes n that is even, and this is 5 × 3; name another rung, or none");
    EXPECT_EQ(ran.size(), 1u) << "a refused operation ran";
}

TEST_F(Run, InsideARungUsesTheSameSelection) {
    const Selection plain = naming(hopper, "v1_plain");
    const UseSelection use(plain);
    run(chains, ScaleTwice{4}, nullptr);
    EXPECT_EQ(ran, (std::vector<std::string>{"v1_chain", "v1_plain", "v1_plain"}));
    ran.clear();
    const Selection highest(hopper);
    const UseSelection use_highest(highest);
    run(chains, ScaleTwice{4}, nullptr);
    EXPECT_EQ(ran, (std::vector<std::string>{"v1_chain", "v4_hopper", "v3_ampere"}));
}

TEST_F(Run, WorkspaceIsThatOfTheRungThatServes) {
    const Selection plain = naming(turing, "v1_plain");
    const Selection highest(turing);
    const UseSelection use(highest);
    EXPECT_EQ(workspace_of(fp32, Scale<float>{100}), 512u);  // 400 bytes, rounded up to 256s
    EXPECT_EQ(workspace_of(fp32, Scale<float>{101}), 0u) << "v1_plain serves an odd n";
    const UseSelection use_plain(plain);
    EXPECT_EQ(workspace_of(fp32, Scale<float>{100}), 0u);
    const Selection gone = naming(turing, "v9_gone");
    const UseSelection use_gone(gone);
    EXPECT_NE(complaint([] { workspace_of(fp32, Scale<float>{100}); }), "");
}

/// Tests that need a device skip where there is none: a GPU build on a machine without a GPU.
class RunOnDevice : public Run {
 protected:
    void SetUp() override {
        if (!has_device()) GTEST_SKIP() << "there is no GPU here";
    }
};
using TraceOfRuns = RunOnDevice;

TEST_F(RunOnDevice, WithoutASelectionTheDevicesHighestRungServes) {
    EXPECT_EQ(selection_in_force().device().name, device_properties().name);
    EXPECT_EQ(selection_in_force().named("scale"), "");
    run(fp32, Scale<float>{4}, nullptr);
    EXPECT_EQ(ran, std::vector<std::string>{
                       device_properties().compute_capability == 90 ? "v4_hopper" : "v2_even"});
}

TEST_F(TraceOfRuns, RecordsWhatRanInTheOrderInWhichItBegan) {
    const Selection selection(hopper);
    Trace trace;
    {
        const UseSelection use(selection, &trace);
        run(chains, ScaleTwice{6}, nullptr);
        run(fp32, Scale<float>{5}, nullptr);
    }
    run(fp32, Scale<float>{7}, nullptr);  // no longer traced
    const std::vector<TraceEntry> entries = trace.finish();
    ASSERT_EQ(entries.size(), 4u);
    const auto expect = [&](std::size_t i, std::string_view operation, std::string_view rung,
                            int depth, const std::vector<std::int64_t>& sizes, Work work) {
        EXPECT_EQ(entries[i].operation, operation) << i;
        EXPECT_EQ(entries[i].rung, rung) << i;
        EXPECT_EQ(entries[i].depth, depth) << i;
        EXPECT_EQ(entries[i].sizes, sizes) << i;
        EXPECT_EQ(entries[i].work.bytes, work.bytes) << i;
        EXPECT_EQ(entries[i].work.flops, work.flops) << i;
    };
    expect(0, "scale_twice", "v1_chain", 0, {6}, {1, 2});
    expect(1, "scale", "v4_hopper", 1, {6, 3}, {48, 6});
    expect(2, "scale", "v3_ampere", 1, {6, 3}, {48, 6});
    expect(3, "scale", "v4_hopper", 0, {5, 3}, {40, 5});
}

/// Keeps the device busy for n milliseconds.
struct Nap {
    std::int64_t n = 0;
    std::span<std::byte> workspace = {};

    bool check() const { return n > 0; }
    Work work() const { return {}; }
    std::vector<std::int64_t> sizes() const { return {n}; }
};

template <int milliseconds>
void sleep_for(void*) {
    std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

void v1_nap(const Nap&, cudaStream_t stream) {
    T2T_CHECK(cudaLaunchHostFunc(stream, sleep_for<30>, nullptr));
}

constexpr Ladder naps{"nap", std::array{Rung<Nap>{"v1_nap", v1_nap, "30 ms"}}};

/// 20 ms of its own, and two naps between.
struct Night : Nap {};

void v1_night(const Night&, cudaStream_t stream) {
    run(naps, Nap{1}, stream);
    T2T_CHECK(cudaLaunchHostFunc(stream, sleep_for<20>, nullptr));
    run(naps, Nap{1}, stream);
}

constexpr Ladder nights{"night", std::array{Rung<Night>{"v1_night", v1_night, "two naps"}}};

TEST_F(TraceOfRuns, ATimeIsWhatARungTookWithoutWhatItRan) {
    const Selection selection(device_properties());
    Trace trace;
    DeviceTimer timer(nullptr);
    timer.start();
    {
        const UseSelection use(selection, &trace);
        run(nights, Night{{.n = 1}}, nullptr);
        run(naps, Nap{1}, nullptr);
    }
    timer.stop();
    const double total = 1e3 * double{timer.milliseconds()};
    const std::vector<TraceEntry> entries = trace.finish();
    ASSERT_EQ(entries.size(), 4u);
    double sum = 0;
    for (const TraceEntry& entry : entries) {
        // A nap is never shorter than asked for; a millisecond for two clocks that differ.
        EXPECT_GE(entry.microseconds, entry.operation == "nap" ? 29e3 : 19e3) << entry.operation;
        sum += entry.microseconds;
    }
    EXPECT_LE(sum, total + 10) << "what a rung ran is counted twice";
}

TEST_F(TraceOfRuns, OfNothingIsEmpty) {
    EXPECT_TRUE(Trace().finish().empty());
}

TEST(WorkspaceBytes, AreMultiplesOf256) {
    EXPECT_EQ(workspace_bytes<float>(0), 0u);
    EXPECT_EQ(workspace_bytes<float>(1), 256u);
    EXPECT_EQ(workspace_bytes<float>(64), 256u);
    EXPECT_EQ(workspace_bytes<float>(65), 512u);
    EXPECT_EQ(workspace_bytes<std::int64_t>(std::int64_t{1} << 33), std::size_t{1} << 36);
}

TEST(WorkspaceTake, CutsFromTheFrontAndKeepsTheAlignment) {
    alignas(256) std::array<std::byte, 1024> memory{};
    Workspace workspace("scale v2_even", memory);
    EXPECT_EQ(workspace.rest().size(), 1024u);
    const auto at = [&](const void* pointer) {
        return static_cast<const std::byte*>(pointer) - memory.data();
    };
    EXPECT_EQ(at(workspace.take<float>(3)), 0);
    EXPECT_EQ(at(workspace.take<char>(0)), 256) << "nothing takes no bytes";
    EXPECT_EQ(at(workspace.take<double>(33)), 256);
    EXPECT_EQ(at(workspace.rest().data()), 768);
    EXPECT_EQ(workspace.rest().size(), 256u);
    EXPECT_EQ(at(workspace.take<std::int16_t>(128)), 768);
    EXPECT_TRUE(workspace.rest().empty());
}

TEST(WorkspaceTake, SaysHowManyBytesAreMissing) {
    alignas(256) std::array<std::byte, 600> memory{};
    Workspace workspace("scale v2_even", memory);
    workspace.take<float>(3);
    EXPECT_EQ(complaint([&] { workspace.take<float>(100); }),
              "scale v2_even: the workspace has 600 bytes and needs at least 768; hand in as many "
              "as the rung's workspace() says");
    EXPECT_EQ(workspace.rest().size(), 344u) << "a refusal takes nothing";
    EXPECT_NO_THROW(workspace.take<float>(64));
    Workspace none("scale v2_even", {});
    EXPECT_NO_THROW(none.take<float>(0));
    EXPECT_EQ(complaint([&] { none.take<float>(1); }),
              "scale v2_even: the workspace has 0 bytes and needs at least 256; hand in as many as "
              "the rung's workspace() says");
}

}  // namespace
}  // namespace t2t

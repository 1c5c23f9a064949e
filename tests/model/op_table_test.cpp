#include "model/engine/op_table.hpp"

#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/device/properties.hpp"
#include "common/device/stream.hpp"
#include "model/engine/generate.hpp"
#include "model/engine/trace.hpp"
#include "tests/model/tiny_model.hpp"

namespace t2t::model {
namespace {

// Chapters whose kernels serve no operation yet. This list may only shrink; chapter 12 stays, because
// its kernels run on Hopper GPUs alone and serve what chapter 11 serves.
const std::set<int> missing{12};

TEST(OpTable, EveryChapterServesAnOperation) {
    const OpTable table(device_properties());
    std::set<int> serving;
    for (const OpEntry& op : table.entries()) serving.insert(op.chapter);
    for (int chapter = 1; chapter <= 18; ++chapter) {
        EXPECT_NE(serving.contains(chapter), missing.contains(chapter))
            << "chapter " << chapter
            << (missing.contains(chapter)
                    ? " serves an operation: take it off the list of missing ones"
                    : " serves no operation of the generator");
    }
}

// What a load, a prompt, a decode step and the choice of a token launch, in each family and type,
// is the table: nothing in it is for show.
TEST(OpTable, EveryOperationIsLaunched) {
    std::set<std::string_view> launched;
    const auto run = [&](const tests::TinyModel& tiny, DType compute) {
        const tests::TemporaryFolder folder;
        tests::write_model(folder, tiny, "F32");
        const Stream stream;
        Ops ops(OpTable(device_properties()), stream.get());
        Trace trace;
        ops.trace_into(&trace);
        const ModelConfig config = read_config(folder.path());
        const Checkpoint checkpoint = Checkpoint::open(folder.path());
        Weights weights = load_weights(config, source_of(checkpoint), compute, ops, {});
        Model model(config, std::move(weights), compute, ops, {.sequences = 2, .positions = 16});
        const Request greedy{{1, 2, 3}, 3, {.temperature = 0}, {}};
        const Request drawn{{4, 5}, 3, {.temperature = 1}, {}};
        generate(model, nullptr, std::vector{greedy, drawn});
        for (const TraceEntry& entry : trace.finish()) launched.insert(entry.operation);
    };
    run(tests::tiny_gpt2(), DType::fp32);
    tests::TinyModel other_activation = tests::tiny_gpt2();
    other_activation.config["activation_function"] = "relu";
    run(other_activation, DType::fp32);
    run(tests::tiny_mixtral(), DType::fp32);
    run(tests::tiny_mistral(), DType::fp32);
    if (device_properties().compute_capability >= 80) run(tests::tiny_gpt2(), DType::bf16);

    const OpTable table(device_properties());
    for (const OpEntry& op : table.entries()) {
        const bool can_run =
            table.rung(op) != nullptr &&
            (op.operation != "round_to_bf16" || device_properties().compute_capability >= 80);
        EXPECT_EQ(launched.contains(op.operation), can_run) << op.operation;
    }
}

DeviceProperties device_of(int compute_capability) {
    DeviceProperties device;
    device.name = "a GPU";
    device.compute_capability = compute_capability;
    return device;
}

TEST(OpTable, EachOperationStartsAtTheHighestRungOfTheDevice) {
    const OpTable table(device_of(80));
    for (const OpEntry& op : table.entries()) {
        const RungEntry* rung = table.rung(op);
        ASSERT_NE(rung, nullptr) << op.operation;
        EXPECT_TRUE(rung->needs.met_by(80)) << op.operation;
    }
    EXPECT_EQ(OpTable(device_of(75)).rung(table.at("bf16_matmul")), nullptr);
}

TEST(OpTable, TheCpuDeviceStartsAtTheRungThatIsBestThere) {
    DeviceProperties device = device_of(80);
    device.is_cpu_device = true;
    const OpTable table(device);
    EXPECT_EQ(table.rung(table.at("gemv"))->name, "v1_gemv_thread_per_row");
    EXPECT_EQ(table.rung(table.at("transpose"))->name, "v6_output_order");
}

TEST(OpTable, ARungIsChosenByItsNameOrItsNumber) {
    OpTable table(device_of(80));
    table.select("transpose=v1_naive");
    EXPECT_EQ(table.rung(table.at("transpose"))->name, "v1_naive");
    table.select("transpose=v2");
    EXPECT_EQ(table.rung(table.at("transpose"))->name, "v2_tile");
    EXPECT_EQ(table.selection().named("transpose"), "v2_tile");
}

std::string complaint(const std::string& assignment, int compute_capability = 80) {
    try {
        OpTable(device_of(compute_capability)).select(assignment);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "no complaint";
}

TEST(OpTable, WrongWordsGetASentence) {
    EXPECT_EQ(complaint("gemv"), "'gemv' does not name a rung; write OP=RUNG, such as gemv=v1");
    EXPECT_EQ(complaint("argmax=v9"),
              "operation 'argmax' has no rung 'v9'; there are: v1_argmax_thread_per_row, "
              "v2_argmax_block_per_row");
    EXPECT_EQ(complaint("argmax="),
              "operation 'argmax' has no rung ''; there are: v1_argmax_thread_per_row, "
              "v2_argmax_block_per_row");
    EXPECT_EQ(complaint("conv=v1").substr(0, 48),
              "there is no operation 'conv'; there are: vector_");
    EXPECT_EQ(complaint("bf16_matmul=v1", 75),
              "bf16_matmul v1_wmma needs compute capability 8.0; a GPU has 7.5");
}

TEST(Trace, ATableAndTheShareOfEachChapter) {
    const std::vector<TraceEntry> entries{
        {"residual_norm", "v1_x", 0, {1, 4}, {9, 0}, 0},
        {"gemv", "v1_x", 1, {1, 8, 4}, {3000, 0}, 30},
        {"vector_add", "v3_y", 0, {1, 4}, {48, 0}, 10},
    };
    const std::string text = describe(entries, /*copy_gb_s=*/1);
    EXPECT_NE(text.find("\n  gemv "), std::string::npos) << text;  // run by a chain: indented
    EXPECT_NE(text.find("1×8×4"), std::string::npos) << text;
    EXPECT_NE(text.find("10.0%"), std::string::npos) << text;  // 3,000 bytes in 30 µs at 1 GB/s
    EXPECT_NE(text.find("01_vector_add           25.0 %"), std::string::npos) << text;
    EXPECT_NE(text.find("16_quantization         75.0 %"), std::string::npos) << text;
    EXPECT_NE(text.find("40.0 µs in all, 3 operations"), std::string::npos) << text;
}

}  // namespace
}  // namespace t2t::model

// The keys and values of `t2t check --json`, from a report made by hand.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/check/json.hpp"
#include "tests/cli/check_reports.hpp"

namespace t2t::rung_check::tests {
namespace {

using nlohmann::ordered_json;

std::string keys(const ordered_json& json) {
    std::string names;
    for (const auto& [key, value] : json.items()) names += (names.empty() ? "" : " ") + key;
    return names;
}

TEST(CheckJson, KeysAreThoseOfTheReport) {
    RungReport rung = sample_rung();
    rung.report.faults.push_back(sample_fault());
    rung.report.kernels[0].requests.push_back(strided_request(false, 4, 4));
    const ordered_json json = to_json(rung);
    EXPECT_EQ(keys(json),
              "operation rung shape right faults kernels total device_bytes shadow_bytes");
    EXPECT_EQ(keys(json["faults"][0]),
              "kind kernel where other thread other_thread what cause count");
    EXPECT_EQ(keys(json["kernels"][0]),
              "kernel definition grid block shared_bytes launches total lines requests");
    EXPECT_EQ(keys(json["kernels"][0]["lines"][0]), "where traffic");
    EXPECT_EQ(keys(json["kernels"][0]["requests"][0]),
              "where memory access name bytes offsets sectors passes warp");
    EXPECT_EQ(
        keys(json["total"]),
        "global_load global_store shared_load shared_store global_atomic shared_atomic "
        "barriers warp_operations warp_instructions thread_instructions active_lanes fp64 fp32 "
        "fp16 bf16 tensor_flops flops bytes_moved l2_bytes intensity");
    EXPECT_EQ(keys(json["total"]["global_load"]),
              "requests sectors threads bytes_asked bytes_moved sectors_per_request efficiency");
    EXPECT_EQ(keys(json["total"]["shared_load"]),
              "requests passes least_passes conflicts threads bytes_asked passes_per_request");
    EXPECT_EQ(keys(json["total"]["global_atomic"]), "requests threads rounds conflicts");
    EXPECT_EQ(keys(json["total"]["fp32"]), "add mul fma special total");
}

TEST(CheckJson, ValuesAreThoseOfTheReport) {
    RungReport rung = sample_rung();
    rung.report.faults.push_back(sample_fault());
    const ordered_json json = to_json(rung);
    EXPECT_EQ(json["rung"], "v2_tile");
    EXPECT_EQ(json["right"], true);
    const ordered_json& kernel = json["kernels"][0];
    EXPECT_EQ(kernel["grid"], ordered_json::array({4, 1, 1}));
    EXPECT_EQ(kernel["block"], ordered_json::array({32, 8, 1}));
    EXPECT_EQ(kernel["lines"][0]["where"]["line"], 4);
    const ordered_json& load = kernel["lines"][0]["traffic"]["global_load"];
    EXPECT_EQ(load["sectors_per_request"], 4.0);  // 512 / 128
    EXPECT_EQ(load["bytes_moved"], 512 * 32);
    EXPECT_EQ(json["total"]["shared_load"]["conflicts"], 4096 - 128);
    EXPECT_EQ(json["total"]["active_lanes"], 24.0);
    EXPECT_EQ(json["total"]["flops"], 4096);
    EXPECT_EQ(json["faults"][0]["kind"], "shared_race");
    EXPECT_EQ(json["faults"][0]["other"]["line"], 4);
    EXPECT_EQ(json["faults"][0]["other_thread"]["thread"], ordered_json::array({32, 0, 0}));
}

TEST(CheckJson, WhatIsNotThereIsNull) {
    RungReport rung = sample_rung();
    observer::Fault fault = sample_fault();
    fault.other.reset();
    fault.other_thread.reset();
    rung.report.faults.push_back(fault);
    observer::Request request = strided_request(false, 4, 4);
    request.lanes = 0b101;
    rung.report.kernels[0].requests.push_back(request);
    const ordered_json json = to_json(rung);
    EXPECT_TRUE(json["faults"][0]["other"].is_null());
    EXPECT_TRUE(json["faults"][0]["other_thread"].is_null());
    const ordered_json& offsets = json["kernels"][0]["requests"][0]["offsets"];
    ASSERT_EQ(offsets.size(), 32u);
    EXPECT_EQ(offsets[0], 0);
    EXPECT_TRUE(offsets[1].is_null());
    EXPECT_EQ(offsets[2], 8);
}

TEST(CheckJson, RightOnlyWhenJudgedRight) {
    RungReport rung = sample_rung();
    rung.wrong = "element 3 is 0, not 1";
    EXPECT_EQ(to_json(rung)["right"], false);
    EXPECT_EQ(to_json(rung)["wrong"], "element 3 is 0, not 1");
    rung.wrong.clear();
    rung.report.faults = {sample_fault()};
    rung.report.faults[0].kind = observer::FaultKind::trap;
    EXPECT_EQ(to_json(rung)["right"], false);
    rung.skipped = "needs compute capability 9.0";
    EXPECT_EQ(keys(to_json(rung)), "operation rung shape skipped");
}

}  // namespace
}  // namespace t2t::rung_check::tests

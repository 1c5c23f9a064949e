/// @file
/// What every rung that attends must refuse, in chapters 14 and 15.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chapters/14_flash_attention/flash_attention.cuh"
#include "common/lab/guarded_buffer.hpp"
#include "tests/refusal.hpp"

namespace t2t::tests {

/// Sizes that are negative, overflow or do not fit each other, null pointers, and misaligned ones. The
/// sentence names the field.
inline void expect_refusal_of_bad_attention(const Rung<flash_attention::Attention<float>>& rung) {
    using Op = flash_attention::Attention<float>;
    lab::GuardedBuffer<float> q(64), keys(128), values(128), out(64);
    lab::GuardedBuffer<std::int32_t> numbers(std::vector<std::int32_t>{0, 1, 0, 1});
    const std::int32_t* at = numbers.data();
    const auto* odd = reinterpret_cast<const std::int32_t*>(reinterpret_cast<const char*>(at) + 2);
    Op good{.q = q.data(),
            .cache = {keys.data(), values.data(), 2, 4},
            .out = out.data(),
            .batch = {.tokens = 2, .longest = 4, .sequences = 2, .pages_per_sequence = 1},
            .shape = {4, 2, 8, 0, 1}};
    good.batch.positions = good.batch.owners = good.batch.pages = at;
    lab::GuardedBuffer<std::uint8_t> workspace(rung.workspace(good));
    good.workspace = {reinterpret_cast<std::byte*>(workspace.data()), workspace.size()};
    const auto refuses = [&](const std::string& part, auto spoil) {
        Op bad = good;
        spoil(bad);
        const std::string said = complaint([&] { rung.run(bad, nullptr); });
        EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
    };
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    refuses("attention: tokens is -2; a size is 0 or more", [](Op& op) { op.batch.tokens = -2; });
    refuses("sequences is -2", [](Op& op) { op.batch.sequences = -2; });
    refuses("pages_per_sequence is -1", [](Op& op) { op.batch.pages_per_sequence = -1; });
    refuses("longest is -1", [](Op& op) { op.batch.longest = -1; });
    refuses("page_count is -2", [](Op& op) { op.cache.page_count = -2; });
    refuses("page is -4", [](Op& op) { op.cache.page = -4; });
    refuses("heads is -4", [](Op& op) { op.shape.heads = -4; });
    refuses("kv_heads is -2", [](Op& op) { op.shape.kv_heads = -2; });
    refuses("head_dim is -8", [](Op& op) { op.shape.head_dim = -8; });
    refuses("window is -1", [](Op& op) { op.shape.window = -1; });
    refuses("3 key heads do not divide 4 query heads", [](Op& op) { op.shape.kv_heads = 3; });
    refuses("0 key heads do not divide 4 query heads", [](Op& op) { op.shape.kv_heads = 0; });
    refuses("do not fit", [](Op& op) { op.batch.tokens = most / 4; });
    refuses("do not fit", [](Op& op) { op.cache.page_count = most / 4; });
    refuses("do not fit", [](Op& op) { op.cache.page = most / 4; });
    refuses("do not fit", [](Op& op) { op.batch.sequences = most / 2; });
    refuses("attention: q is null", [](Op& op) { op.q = nullptr; });
    refuses("attention: keys is null", [](Op& op) { op.cache.keys = nullptr; });
    refuses("attention: values is null", [](Op& op) { op.cache.values = nullptr; });
    refuses("attention: out is null", [](Op& op) { op.out = nullptr; });
    refuses("attention: positions is null", [](Op& op) { op.batch.positions = nullptr; });
    refuses("attention: owners is null", [](Op& op) { op.batch.owners = nullptr; });
    refuses("attention: pages is null", [](Op& op) { op.batch.pages = nullptr; });
    refuses("attention: q is not aligned", [](Op& op) { op.q += 1; });
    refuses("attention: keys is not aligned", [](Op& op) { op.cache.keys += 1; });
    refuses("attention: values is not aligned", [](Op& op) { op.cache.values += 1; });
    refuses("attention: out is not aligned", [](Op& op) { op.out += 2; });
    refuses("attention: positions is not aligned", [=](Op& op) { op.batch.positions = odd; });
    refuses("attention: owners is not aligned", [=](Op& op) { op.batch.owners = odd; });
    refuses("attention: pages is not aligned", [=](Op& op) { op.batch.pages = odd; });
    EXPECT_TRUE(out.unchanged() && workspace.unchanged()) << "a refused call has written";
}

}  // namespace t2t::tests

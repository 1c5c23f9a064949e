// Votes, matches and warp reductions: what the lanes of a mask have in common.
#include <algorithm>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {
namespace {

__global__ void votes_kernel(unsigned* out /* [32, 3] */, unsigned mask, unsigned yes) {
    unsigned lane = threadIdx.x;
    if (!names(mask, lane)) return;
    int predicate = names(yes, lane) ? -8 : 0;  // any value but 0 is true
    out[3 * lane] = __all_sync(mask, predicate) != 0;
    out[3 * lane + 1] = __any_sync(mask, predicate) != 0;
    out[3 * lane + 2] = __ballot_sync(mask, predicate);
}

TEST(Vote, AllAnyAndBallotForOddMasks) {
    for (unsigned mask : masks) {
        for (unsigned yes : {0u, full_mask, mask, ~mask, 0x00ff00ffu, 0x80000000u, 1u}) {
            std::vector<unsigned> expected;
            for (unsigned lane = 0; lane < 32; ++lane) {
                unsigned all = (yes & mask) == mask;
                unsigned any = (yes & mask) != 0;
                if (names(mask, lane)) {
                    expected.insert(expected.end(), {all, any, yes & mask});
                } else {
                    expected.insert(expected.end(), {full_mask, full_mask, full_mask});
                }
            }
            auto votes = collect<unsigned>(
                96, [=](unsigned* out) { votes_kernel<<<1, 32>>>(out, mask, yes); });
            EXPECT_EQ(votes, expected) << std::hex << "mask " << mask << ", yes " << yes;
        }
    }
}

__global__ void vote_after_exits_kernel(unsigned* out /* [32, 3] */, unsigned exited) {
    unsigned lane = threadIdx.x;
    if (names(exited, lane)) return;
    out[3 * lane] = __all_sync(full_mask, 1) != 0;
    out[3 * lane + 1] = __any_sync(full_mask, 0) != 0;
    out[3 * lane + 2] = __ballot_sync(full_mask, 1);
}

TEST(Vote, LanesThatReturnedDoNotVote) {
    for (unsigned exited : {0x80000000u, 0x55555555u, 0xfffffffeu, 0x0000ffffu}) {
        auto votes = collect<unsigned>(
            96, [=](unsigned* out) { vote_after_exits_kernel<<<1, 32>>>(out, exited); });
        for (unsigned lane = 0; lane < 32; ++lane) {
            if (names(exited, lane)) continue;
            EXPECT_EQ(votes[3 * lane], 1u);
            EXPECT_EQ(votes[3 * lane + 1], 0u);
            EXPECT_EQ(votes[3 * lane + 2], ~exited);
        }
    }
}

__global__ void ballot_of_block_kernel(unsigned* out) {
    out[threadIdx.x] = __ballot_sync(full_mask, threadIdx.x % 2);
}

TEST(Vote, APartialWarpHasNoLanesBeyondTheBlock) {
    auto ballots =
        collect<unsigned>(45, [](unsigned* out) { ballot_of_block_kernel<<<1, 45>>>(out); });
    EXPECT_EQ(ballots, tabulate<unsigned>(
                           45, [](int thread) { return thread < 32 ? 0xaaaaaaaau : 0x0aaau; }));
}

__global__ void divergent_vote_kernel(unsigned* out) {
    unsigned lane = threadIdx.x;
    if (lane < 10) {
        out[lane] = __ballot_sync(0x3ff, lane != 4);
    } else if (lane < 30) {
        out[lane] = __ballot_sync(0x3ffffc00, lane % 2 == 0);
    } else {
        out[lane] = __ballot_sync(0xc0000000, lane == 31);
    }
}

TEST(Vote, BranchesOfOneWarpVoteApart) {
    auto ballots =
        collect<unsigned>(32, [](unsigned* out) { divergent_vote_kernel<<<1, 32>>>(out); });
    EXPECT_EQ(ballots, tabulate<unsigned>(32, [](int lane) {
                  return lane < 10 ? 0x3efu : lane < 30 ? 0x15555400u : 0x80000000u;
              }));
}

template <typename T>
__global__ void match_any_kernel(unsigned* out, unsigned mask, const T* values /* [32] */) {
    unsigned lane = threadIdx.x;
    if (names(mask, lane)) out[lane] = __match_any_sync(mask, values[lane]);
}

template <typename T>
void expect_match_any(const std::vector<T>& values /* [32] */) {
    DeviceBuffer<T> device_values(values);
    for (unsigned mask : masks) {
        auto matches = collect<unsigned>(32, [&](unsigned* out) {
            match_any_kernel<T><<<1, 32>>>(out, mask, device_values.data());
        });
        for (unsigned lane = 0; lane < 32; ++lane) {
            unsigned expected = 0;
            for (unsigned other = 0; other < 32; ++other) {
                if (names(mask, other) && values[other] == values[lane]) expected |= 1u << other;
            }
            if (!names(mask, lane)) expected = full_mask;
            EXPECT_EQ(matches[lane], expected) << std::hex << "mask " << mask << " lane " << lane;
        }
    }
}

TEST(Match, AnyGroupsEqualIntegers) {
    expect_match_any(tabulate<int>(32, [](int lane) { return lane * lane % 7 - 3; }));
    expect_match_any(tabulate<unsigned>(32, [](int lane) { return lane / 5 + 4'000'000'000u; }));
}
TEST(Match, AnyComparesAll64Bits) {
    expect_match_any(
        tabulate<long long>(32, [](int lane) { return (lane % 3LL << 40) + lane % 2; }));
    expect_match_any(tabulate<unsigned long long>(32, [](int lane) { return lane % 4ULL << 62; }));
}
TEST(Match, AnyGroupsEqualFloats) {
    expect_match_any(tabulate<float>(32, [](int lane) { return lane % 5 * 0.1f; }));
    expect_match_any(tabulate<double>(32, [](int lane) { return lane % 3 * 1e-40; }));
}
TEST(Match, AnyOfDistinctValuesIsTheLaneItself) {
    expect_match_any(tabulate<int>(32, [](int lane) { return lane; }));
    expect_match_any(std::vector<int>(32, -9));
}

__global__ void match_all_kernel(unsigned* out /* [32, 2] */, unsigned mask, int odd_one_out) {
    unsigned lane = threadIdx.x;
    if (!names(mask, lane)) return;
    int agreed = -1;
    long long value = (5LL << 35) + (int(lane) == odd_one_out);
    out[2 * lane] = __match_all_sync(mask, value, &agreed);
    out[2 * lane + 1] = agreed != 0;
}

TEST(Match, AllNeedsEveryNamedLaneToAgree) {
    for (unsigned mask : masks) {
        for (int odd_one_out : {-1, 0, 9, 31}) {
            bool agree = odd_one_out < 0 || !names(mask, odd_one_out) || mask == 1u << odd_one_out;
            auto matches = collect<unsigned>(
                64, [=](unsigned* out) { match_all_kernel<<<1, 32>>>(out, mask, odd_one_out); });
            for (unsigned lane = 0; lane < 32; ++lane) {
                if (!names(mask, lane)) continue;
                EXPECT_EQ(matches[2 * lane], agree ? mask : 0u) << std::hex << mask;
                EXPECT_EQ(matches[2 * lane + 1], agree ? 1u : 0u) << std::hex << mask;
            }
        }
    }
}

template <typename T>
__global__ void reduce_kernel([[maybe_unused]] T* out /* [32, 3] */, [[maybe_unused]] unsigned mask,
                              [[maybe_unused]] const T* values /* [32] */) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    unsigned lane = threadIdx.x;
    if (!names(mask, lane)) return;
    out[3 * lane] = __reduce_add_sync(mask, values[lane]);
    out[3 * lane + 1] = __reduce_min_sync(mask, values[lane]);
    out[3 * lane + 2] = __reduce_max_sync(mask, values[lane]);
#endif
}

template <typename T>
void expect_reductions(const std::vector<T>& values) {
    DeviceBuffer<T> device_values(values);
    for (unsigned mask : masks) {
        T sum = 0;
        std::vector<T> named;
        for (unsigned lane = 0; lane < 32; ++lane) {
            if (names(mask, lane)) named.push_back(values[lane]);
        }
        for (T value : named) sum += value;
        auto [least, most] = std::minmax_element(named.begin(), named.end());
        auto results = collect<T>(
            96, [&](T* out) { reduce_kernel<T><<<1, 32>>>(out, mask, device_values.data()); });
        for (unsigned lane = 0; lane < 32; ++lane) {
            bool in = names(mask, lane);
            EXPECT_EQ(results[3 * lane], in ? sum : T(-1)) << std::hex << mask;
            EXPECT_EQ(results[3 * lane + 1], in ? *least : T(-1)) << std::hex << mask;
            EXPECT_EQ(results[3 * lane + 2], in ? *most : T(-1)) << std::hex << mask;
        }
    }
}

TEST(WarpReduce, AddMinMaxOfSigned) {
    T2T_NEEDS_CAPABILITY(80);
    expect_reductions(tabulate<int>(32, [](int lane) { return lane * 37 % 64 - 30; }));
}
TEST(WarpReduce, AddMinMaxOfUnsigned) {
    T2T_NEEDS_CAPABILITY(80);
    expect_reductions(tabulate<unsigned>(32, [](int lane) { return lane * 3'000'000'001u; }));
}

__global__ void reduce_bits_kernel([[maybe_unused]] unsigned* out /* [32, 3] */,
                                   [[maybe_unused]] unsigned mask) {
#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
    unsigned lane = threadIdx.x;
    if (!names(mask, lane)) return;
    unsigned bits = 0xf0f00f0fu ^ (1u << lane);
    out[3 * lane] = __reduce_and_sync(mask, bits);
    out[3 * lane + 1] = __reduce_or_sync(mask, bits);
    out[3 * lane + 2] = __reduce_xor_sync(mask, bits);
#endif
}

TEST(WarpReduce, AndOrXor) {
    T2T_NEEDS_CAPABILITY(80);
    for (unsigned mask : masks) {
        unsigned all = full_mask, any = 0, parity = 0;
        for (unsigned lane = 0; lane < 32; ++lane) {
            if (!names(mask, lane)) continue;
            unsigned bits = 0xf0f00f0fu ^ (1u << lane);
            all &= bits, any |= bits, parity ^= bits;
        }
        auto results =
            collect<unsigned>(96, [=](unsigned* out) { reduce_bits_kernel<<<1, 32>>>(out, mask); });
        for (unsigned lane = 0; lane < 32; ++lane) {
            if (!names(mask, lane)) continue;
            EXPECT_EQ(results[3 * lane], all);
            EXPECT_EQ(results[3 * lane + 1], any);
            EXPECT_EQ(results[3 * lane + 2], parity);
        }
    }
}

// Which lanes run together is not defined, but a lane is active itself, and lanes of another branch
// or lanes that returned are not.
__global__ void activemask_kernel(unsigned* out) {
    unsigned lane = threadIdx.x;
    if (lane >= 28) return;
    if (lane % 3 == 1) {
        out[lane] = __activemask();
    } else {
        out[lane] = __activemask() | 0x80000000u;
    }
}

TEST(Activemask, NamesTheLaneItselfAndNoLaneOfAnotherBranch) {
    auto active = collect<unsigned>(32, [](unsigned* out) { activemask_kernel<<<1, 32>>>(out); });
    unsigned branch = 0;
    for (unsigned lane = 1; lane < 28; lane += 3) branch |= 1u << lane;
    for (unsigned lane = 0; lane < 28; ++lane) {
        unsigned allowed = lane % 3 == 1 ? branch : (~branch & 0x0fffffffu) | 0x80000000u;
        EXPECT_TRUE(names(active[lane], lane));
        EXPECT_EQ(active[lane] & ~allowed, 0u) << std::hex << active[lane];
    }
}

// One atomic for all lanes that happen to run together; right however they are grouped.
__global__ void aggregated_count_kernel(int* slots, int* count) {
    int lane = threadIdx.x % 32;
    if (threadIdx.x % 5 == 2) return;
    unsigned active = __activemask();
    int leader = __ffs(active) - 1;
    int first = 0;
    if (lane == leader) first = atomicAdd(count, __popc(active));
    first = __shfl_sync(active, first, leader);
    slots[first + __popc(active & ((1u << lane) - 1))] = threadIdx.x;
}

TEST(Activemask, AggregatesAtomicsOfTheLanesThatRunTogether) {
    DeviceBuffer<int> count(std::vector<int>{0});
    auto slots = collect<int>(
        128, [&](int* out) { aggregated_count_kernel<<<1, 128>>>(out, count.data()); });
    std::vector<int> expected;
    for (int thread = 0; thread < 128; ++thread) {
        if (thread % 5 != 2) expected.push_back(thread);
    }
    ASSERT_EQ(count.download()[0], int(expected.size()));
    slots.resize(expected.size());
    std::sort(slots.begin(), slots.end());
    EXPECT_EQ(slots, expected);
}

}  // namespace
}  // namespace t2t::conformance

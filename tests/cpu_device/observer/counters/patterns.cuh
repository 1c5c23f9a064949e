/// @file
/// Access patterns: which element of memory each lane of a warp reaches.
///
/// A pattern is a type with three members. Elements are of 1 to 16 bytes; the kernels choose.
/// - `span`: elements from what one warp may reach to what the next may
/// - `extent`: elements that a warp may reach
/// - `at(lane, warp)`: the element, from 0 to extent − 1, or `nothing` when the lane takes no part
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace t2t::counters {

/// What a pattern answers for a lane that takes no part.
inline constexpr int nothing = -1;

/// 32 bits, mixed: a multiplication and a shift make every bit depend on those below and above it.
/// Both steps can be undone, so different numbers stay different.
__host__ __device__ constexpr std::uint32_t mixed(std::uint32_t bits) {
    for (int round = 0; round < 3; ++round) {
        bits *= 0x9e3779b1u;
        bits ^= bits >> 15;
    }
    return bits;
}

/// Lane l reaches first + step · l.
template <int step, int first = 0>
struct Strided {
    static constexpr int span = 32 * step;
    static constexpr int extent = first + 31 * step + 1;
    __host__ __device__ static int at(int lane, int) { return first + step * lane; }
};

/// The lanes in opposite order.
struct Reversed {
    static constexpr int span = 32;
    static constexpr int extent = 32;
    __host__ __device__ static int at(int lane, int) { return 31 - lane; }
};

/// Every second lane takes part.
struct EvenLanes {
    static constexpr int span = 32;
    static constexpr int extent = 32;
    __host__ __device__ static int at(int lane, int) { return lane % 2 == 0 ? lane : nothing; }
};

/// Lanes 0 to 15 take part.
struct FirstHalf {
    static constexpr int span = 32;
    static constexpr int extent = 32;
    __host__ __device__ static int at(int lane, int) { return lane < 16 ? lane : nothing; }
};

/// `count` elements, `step` apart, for all 32 lanes: lane l reaches element l mod count.
template <int count, int step = 1>
struct Repeated {
    static constexpr int span = 32 * step;
    static constexpr int extent = (count - 1) * step + 1;
    __host__ __device__ static int at(int lane, int) { return lane % count * step; }
};

/// All lanes of a block of one warp reach element 0, and the compiler cannot know it: nvcc would add
/// up what the lanes of a uniform address bring (REDUX), and let one of them add the sum.
struct SameAddress {
    static constexpr int span = 1;
    static constexpr int extent = 1;
    __host__ __device__ static int at(int lane, int) { return lane / 32; }
};

/// Two neighbours a pair of lanes, and the pairs `step` apart.
template <int step>
struct Pairs {
    static constexpr int span = 16 * step;
    static constexpr int extent = 15 * step + 2;
    __host__ __device__ static int at(int lane, int) { return lane / 2 * step + lane % 2; }
};

/// The first 16 lanes reach the even elements, the others the odd ones between them.
struct Interleaved {
    static constexpr int span = 32;
    static constexpr int extent = 32;
    __host__ __device__ static int at(int lane, int) { return lane % 16 * 2 + lane / 16; }
};

/// Any of 2^bits elements, the same for all warps to choose from; some of them several times.
template <int bits>
struct Random {
    static constexpr int span = 0;
    static constexpr int extent = 1 << bits;
    __host__ __device__ static int at(int lane, int warp) {
        return static_cast<int>(mixed(static_cast<std::uint32_t>(32 * warp + lane)) >> (32 - bits));
    }
};

/// Any of 2^bits elements, none of them twice in 2^bits lanes: for stores, which must not race.
template <int bits>
struct Shuffled {
    static constexpr int span = 0;
    static constexpr int extent = 1 << bits;
    __host__ __device__ static int at(int lane, int warp) {
        constexpr std::uint32_t mask =
            extent - 1;  // arithmetic modulo 2^bits can be undone as well
        std::uint32_t number = static_cast<std::uint32_t>(32 * warp + lane) & mask;
        for (int round = 0; round < 3; ++round) {
            number = number * 0x9e3779b1u & mask;
            number ^= number >> (bits / 2);
        }
        return static_cast<int>(number);
    }
};

/// Elements of a tile with room for the pattern, in whole rows of a warp: no lane of the loop that
/// fills it does more than another.
template <typename Pattern>
inline constexpr int tile_extent = (Pattern::extent + 31) / 32 * 32;

/// Elements that `warps` warps may reach.
template <typename Pattern>
constexpr int reach(int warps) {
    return (warps - 1) * Pattern::span + Pattern::extent;
}

}  // namespace t2t::counters

// Arithmetic on the bytes or halves of a word, and searches for bits: against loops over the lanes.
#include <algorithm>
#include <functional>
#include <random>

#include "tests/cpu_device/evaluate.cuh"

namespace t2t::conformance {
namespace {

struct Words {
    unsigned a, b;
};

std::vector<Words> words() {
    std::vector<Words> all = {{0x80000000u, 0x80000000u}, {0x80808080u, 0x7f7f7f7fu},
                              {0xffffffffu, 0x00010001u}, {0x80018001u, 0x80018001u},
                              {0x12345678u, 0x12345678u}, {0x00ff00feu, 0x00feff00u}};
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) all.push_back({unsigned(random()), unsigned(random())});
    return all;
}

// `operation` on each lane of type Lane, its result cut to the lane's bits.
template <typename Lane>
unsigned by_lane(Words x, const std::function<int(int, int)>& operation) {
    constexpr unsigned bits = 8 * sizeof(Lane);
    unsigned result = 0;
    for (unsigned at = 0; at < 32; at += bits) {
        const int value = operation(Lane(x.a >> at), Lane(x.b >> at));
        result |= (unsigned(value) & ((1u << bits) - 1)) << at;
    }
    return result;
}
template <typename Lane>
unsigned sum_of_differences(Words x) {
    unsigned sum = 0;
    for (unsigned at = 0; at < 32; at += 8 * sizeof(Lane)) {
        sum += unsigned(std::abs(int(Lane(x.a >> at)) - int(Lane(x.b >> at))));
    }
    return sum;
}

#define T2T_LANES(name, Lane, expression)                                 \
    T2T_FUNCTION(Lanes##name, Words, unsigned, __##name(x.a, x.b))        \
    TEST(PackedLanes, name) {                                             \
        const auto inputs = words();                                      \
        const auto results = evaluate<Lanes##name>(inputs);               \
        for (std::size_t i = 0; i < inputs.size(); ++i) {                 \
            EXPECT_EQ(results[i], by_lane<Lane>(inputs[i],                \
                                                [](int a, int b) -> int { \
                                                    (void)b;              \
                                                    return expression;    \
                                                }))                       \
                << std::hex << inputs[i].a << ' ' << inputs[i].b;         \
        }                                                                 \
    }
// A half goes away from zero; the GPU's own instruction sequence says so.
T2T_LANES(vavgs2, short, int(std::floor((a + b) / 2.0 + (a + b >= 0 ? 0.5 : 0.0))))
T2T_LANES(vavgs4, signed char, int(std::floor((a + b) / 2.0 + (a + b >= 0 ? 0.5 : 0.0))))
T2T_LANES(vhaddu2, unsigned short, int(std::floor((a + b) / 2.0)))
T2T_LANES(vhaddu4, unsigned char, int(std::floor((a + b) / 2.0)))
T2T_LANES(vcmpges2, short, a >= b ? -1 : 0)
T2T_LANES(vcmpgeu4, unsigned char, a >= b ? -1 : 0)
T2T_LANES(vcmples4, signed char, a <= b ? -1 : 0)
T2T_LANES(vcmpleu2, unsigned short, a <= b ? -1 : 0)
T2T_LANES(vseteq4, unsigned char, a == b)
T2T_LANES(vsetne2, unsigned short, a != b)
T2T_LANES(vsetgts4, signed char, a > b)
T2T_LANES(vsetgtu4, unsigned char, a > b)
T2T_LANES(vsetlts2, short, a < b)
T2T_LANES(vsetltu2, unsigned short, a < b)
T2T_LANES(vsetges4, signed char, a >= b)
T2T_LANES(vsetgeu2, unsigned short, a >= b)
T2T_LANES(vsetles2, short, a <= b)
T2T_LANES(vsetleu4, unsigned char, a <= b)

#define T2T_LANE(name, Lane, expression)                                                      \
    T2T_FUNCTION(Lane##name, Words, unsigned, __##name(x.a))                                  \
    TEST(PackedLanes, name) {                                                                 \
        const auto inputs = words();                                                          \
        const auto results = evaluate<Lane##name>(inputs);                                    \
        for (std::size_t i = 0; i < inputs.size(); ++i) {                                     \
            EXPECT_EQ(results[i],                                                             \
                      by_lane<Lane>(inputs[i], [](int a, int) -> int { return expression; })) \
                << std::hex << inputs[i].a;                                                   \
        }                                                                                     \
    }
// The smallest number has no negative: it stays, or saturates.
T2T_LANE(vneg2, short, -a)
T2T_LANE(vneg4, char, -a)
T2T_LANE(vnegss4, char, std::min(-a, 127))
T2T_LANE(vabs2, short, std::abs(a))
T2T_LANE(vabs4, char, std::abs(a))
T2T_LANE(vabsss2, short, std::min(std::abs(a), 32767))

#define T2T_SUM(name, Lane)                                             \
    T2T_FUNCTION(Sum##name, Words, unsigned, __##name(x.a, x.b))        \
    TEST(PackedLanes, name) {                                           \
        const auto inputs = words();                                    \
        const auto results = evaluate<Sum##name>(inputs);               \
        for (std::size_t i = 0; i < inputs.size(); ++i)                 \
            EXPECT_EQ(results[i], sum_of_differences<Lane>(inputs[i])); \
    }
T2T_SUM(vsads2, short)
T2T_SUM(vsadu2, unsigned short)
T2T_SUM(vsads4, signed char)
T2T_SUM(vsadu4, unsigned char)

struct Search {
    unsigned mask, base;
    int offset;
};
T2T_FUNCTION(NthSetBit, Search, unsigned, __fns(x.mask, x.base, x.offset))

TEST(Bits, TheNthSetOneIsFound) {
    // CUDA's documentation: `offset` counts from `base`, upwards or downwards; 0 asks for `base`.
    const std::vector<Search> searches = {
        {0xf0, 0, 1},  {0xf0, 0, 4},  {0xf0, 0, 5}, {0xf0, 5, 1}, {0xf0, 5, 2},    {0xf0, 31, -1},
        {0xf0, 6, -2}, {0xf0, 4, -2}, {0xf0, 4, 0}, {0xf0, 3, 0}, {1u << 31, 0, 1}};
    EXPECT_EQ(evaluate<NthSetBit>(searches),
              (std::vector<unsigned>{4, 7, full_mask, 5, 6, 7, 5, full_mask, 4, full_mask, 31}));
}

}  // namespace
}  // namespace t2t::conformance

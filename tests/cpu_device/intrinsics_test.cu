/// Integer intrinsics against loops over bits and bytes, and conversions against float64.
#include "tests/cpu_device/evaluate.cuh"
#include "tests/cpu_device/rounding_reference.hpp"

namespace t2t::conformance {
namespace {

/// Operands of an integer intrinsic.
struct Words {
    unsigned a, b, c;
};

/// Words that carries, signs and shifts go wrong at, and random ones.
std::vector<Words> words() {
    const unsigned edges[] = {0,    1,      31,         32,         33,        0x7f,
                              0x80, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff};
    std::vector<Words> all;
    std::mt19937 random(5);
    for (const unsigned a : edges) {
        for (const unsigned b : edges) {
            for (const unsigned c : edges) all.push_back({a, b, c});
        }
    }
    for (int i = 0; i < 5'000; ++i) {
        const unsigned a = static_cast<unsigned>(random());
        const unsigned b = static_cast<unsigned>(random());
        all.push_back({a, b, static_cast<unsigned>(random())});
    }
    return all;
}

/// Evaluates Function and compares with reference(a, b, c).
template <typename Function, typename Reference>
void check(Reference&& reference) {
    const auto in = words();
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const auto [a, b, c] = in[i];
        const auto want = static_cast<typename Function::Result>(reference(a, b, c));
        ASSERT_EQ(got[i], want) << std::hex << "a = " << a << ", b = " << b << ", c = " << c;
    }
}

using u64 = unsigned long long;
using i64 = long long;

/// b:a, the second word above the first.
constexpr u64 join(unsigned a, unsigned b) {
    return u64{b} << 32 | a;
}

T2T_FUNCTION(Popc, Words, int, __popc(x.a))
T2T_FUNCTION(Popcll, Words, int, __popcll((unsigned long long)x.b << 32 | x.a))
T2T_FUNCTION(Clz, Words, int, __clz(x.a))
T2T_FUNCTION(Clzll, Words, int, __clzll((unsigned long long)x.b << 32 | x.a))
T2T_FUNCTION(Ffs, Words, int, __ffs(x.a))
T2T_FUNCTION(Ffsll, Words, int, __ffsll((unsigned long long)x.b << 32 | x.a))
T2T_FUNCTION(Brev, Words, unsigned, __brev(x.a))
T2T_FUNCTION(Brevll, Words, unsigned long long, __brevll((unsigned long long)x.b << 32 | x.a))

/// How many bits pass before the first one, seen from bit `from` in steps of `step`; 64 if there is
/// none.
int distance_to_one(u64 word, int from, int step) {
    for (int i = 0; i < 64 && from + step * i >= 0 && from + step * i < 64; ++i) {
        if (word >> (from + step * i) & 1) return i;
    }
    return 64;
}

u64 reversed(u64 word, int bits) {
    u64 result = 0;
    for (int i = 0; i < bits; ++i) result |= (word >> i & 1) << (bits - 1 - i);
    return result;
}

TEST(IntegerIntrinsics, CountAndReverseBits) {
    const auto count = [](u64 word) {
        int ones = 0;
        for (int i = 0; i < 64; ++i) ones += word >> i & 1;
        return ones;
    };
    check<Popc>([&](unsigned a, unsigned, unsigned) { return count(a); });
    check<Popcll>([&](unsigned a, unsigned b, unsigned) { return count(join(a, b)); });
    check<Clz>(
        [](unsigned a, unsigned, unsigned) { return std::min(32, distance_to_one(a, 31, -1)); });
    check<Clzll>(
        [](unsigned a, unsigned b, unsigned) { return distance_to_one(join(a, b), 63, -1); });
    check<Ffs>([](unsigned a, unsigned, unsigned) { return a ? distance_to_one(a, 0, 1) + 1 : 0; });
    check<Ffsll>([](unsigned a, unsigned b, unsigned) {
        return join(a, b) ? distance_to_one(join(a, b), 0, 1) + 1 : 0;
    });
    check<Brev>([](unsigned a, unsigned, unsigned) { return reversed(a, 32); });
    check<Brevll>([](unsigned a, unsigned b, unsigned) { return reversed(join(a, b), 64); });
}

T2T_FUNCTION(BytePerm, Words, unsigned, __byte_perm(x.a, x.b, x.c & 0x7777))
T2T_FUNCTION(FunnelLeft, Words, unsigned, __funnelshift_l(x.a, x.b, x.c))
T2T_FUNCTION(FunnelLeftClamped, Words, unsigned, __funnelshift_lc(x.a, x.b, x.c))
T2T_FUNCTION(FunnelRight, Words, unsigned, __funnelshift_r(x.a, x.b, x.c))
T2T_FUNCTION(FunnelRightClamped, Words, unsigned, __funnelshift_rc(x.a, x.b, x.c))

TEST(IntegerIntrinsics, MoveBytesAndBitsAcrossWords) {
    check<BytePerm>([](unsigned a, unsigned b, unsigned c) {
        u64 result = 0;
        for (int i = 0; i < 4; ++i) {
            const unsigned which = c >> (4 * i) & 7;
            result |= (join(a, b) >> (8 * which) & 0xff) << (8 * i);
        }
        return result;
    });
    const auto left = [](unsigned a, unsigned b, unsigned shift) {
        return static_cast<unsigned>(shift == 32 ? a : join(a, b) << shift >> 32);
    };
    const auto right = [](unsigned a, unsigned b, unsigned shift) { return join(a, b) >> shift; };
    check<FunnelLeft>([&](unsigned a, unsigned b, unsigned c) { return left(a, b, c % 32); });
    check<FunnelRight>([&](unsigned a, unsigned b, unsigned c) { return right(a, b, c % 32); });
    check<FunnelLeftClamped>(
        [&](unsigned a, unsigned b, unsigned c) { return left(a, b, std::min(c, 32u)); });
    check<FunnelRightClamped>(
        [&](unsigned a, unsigned b, unsigned c) { return right(a, b, std::min(c, 32u)); });
}

T2T_FUNCTION(Mulhi, Words, int, __mulhi((int)x.a, (int)x.b))
T2T_FUNCTION(Umulhi, Words, unsigned, __umulhi(x.a, x.b))
T2T_FUNCTION(Mul64hi, Words, long long,
             __mul64hi((long long)x.a << 32 | x.b, (long long)x.c << 32 | x.a))
T2T_FUNCTION(Umul64hi, Words, unsigned long long,
             __umul64hi((unsigned long long)x.a << 32 | x.b, (unsigned long long)x.c << 32 | x.a))
T2T_FUNCTION(Mul24, Words, int, __mul24((int)x.a, (int)x.b))
T2T_FUNCTION(Umul24, Words, unsigned, __umul24(x.a, x.b))
T2T_FUNCTION(Sad, Words, unsigned, __sad((int)x.a, (int)x.b, x.c))
T2T_FUNCTION(Usad, Words, unsigned, __usad(x.a, x.b, x.c))
T2T_FUNCTION(Hadd, Words, int, __hadd((int)x.a, (int)x.b))
T2T_FUNCTION(Rhadd, Words, int, __rhadd((int)x.a, (int)x.b))
T2T_FUNCTION(Uhadd, Words, unsigned, __uhadd(x.a, x.b))
T2T_FUNCTION(Urhadd, Words, unsigned, __urhadd(x.a, x.b))

/// The word's value, read as signed.
constexpr i64 as_signed(unsigned word) {
    return word < 0x80000000u ? i64{word} : i64{word} - (1ll << 32);
}

/// The upper 64 bits of a product, by its four partial products.
u64 upper_product(u64 a, u64 b) {
    const u64 low = (a & 0xffffffff) * (b & 0xffffffff);
    const u64 middle = (a >> 32) * (b & 0xffffffff) + (low >> 32);
    const u64 other = (a & 0xffffffff) * (b >> 32) + (middle & 0xffffffff);
    return (a >> 32) * (b >> 32) + (middle >> 32) + (other >> 32);
}

TEST(IntegerIntrinsics, MultiplyAndAverage) {
    check<Mulhi>(
        [](unsigned a, unsigned b, unsigned) { return (as_signed(a) * as_signed(b)) >> 32; });
    check<Umulhi>([](unsigned a, unsigned b, unsigned) { return u64{a} * b >> 32; });
    check<Umul64hi>(
        [](unsigned a, unsigned b, unsigned c) { return upper_product(join(b, a), join(a, c)); });
    check<Mul64hi>([](unsigned a, unsigned b, unsigned c) {  // a negative factor is 2^64 less
        const u64 first = join(b, a);
        const u64 second = join(a, c);
        return upper_product(first, second) - (first >> 63 ? second : 0) -
               (second >> 63 ? first : 0);
    });
    const auto low24 = [](unsigned word) {
        const i64 low = word % (1u << 24);
        return low < (1 << 23) ? low : low - (1 << 24);
    };
    check<Mul24>([&](unsigned a, unsigned b, unsigned) {
        return static_cast<unsigned>(low24(a) * low24(b));
    });
    check<Umul24>(
        [](unsigned a, unsigned b, unsigned) { return u64{a % (1u << 24)} * (b % (1u << 24)); });
    check<Sad>([](unsigned a, unsigned b, unsigned c) {
        return std::abs(as_signed(a) - as_signed(b)) + c;
    });
    check<Usad>([](unsigned a, unsigned b, unsigned c) { return std::abs(i64{a} - i64{b}) + c; });
    check<Hadd>(
        [](unsigned a, unsigned b, unsigned) { return (as_signed(a) + as_signed(b)) >> 1; });
    check<Rhadd>(
        [](unsigned a, unsigned b, unsigned) { return (as_signed(a) + as_signed(b) + 1) >> 1; });
    check<Uhadd>([](unsigned a, unsigned b, unsigned) { return (u64{a} + b) / 2; });
    check<Urhadd>([](unsigned a, unsigned b, unsigned) { return (u64{a} + b + 1) / 2; });
}

T2T_FUNCTION(Dp4a, Words, int, __dp4a((int)x.a, (int)x.b, (int)x.c))
T2T_FUNCTION(Dp4aUnsigned, Words, unsigned, __dp4a(x.a, x.b, x.c))
T2T_FUNCTION(Dp2aLow, Words, int, __dp2a_lo((int)x.a, (int)x.b, (int)x.c))
T2T_FUNCTION(Dp2aHighUnsigned, Words, unsigned, __dp2a_hi(x.a, x.b, x.c))

/// Lane `index` of `bits` bits, signed or not.
i64 lane(unsigned word, int bits, int index, bool is_signed) {
    const i64 value = word >> (bits * index) & ((1 << bits) - 1);
    return is_signed && value >> (bits - 1) ? value - (1 << bits) : value;
}

TEST(IntegerIntrinsics, DotProductsOfBytes) {
    const auto dot = [](unsigned a, unsigned b, i64 c, int bits, int first, bool is_signed) {
        for (int i = 0; i < 32 / bits; ++i) {
            c += lane(a, bits, i, is_signed) * lane(b, 8, first + i, is_signed);
        }
        return static_cast<unsigned>(c);
    };
    check<Dp4a>([&](unsigned a, unsigned b, unsigned c) { return dot(a, b, c, 8, 0, true); });
    check<Dp4aUnsigned>(
        [&](unsigned a, unsigned b, unsigned c) { return dot(a, b, c, 8, 0, false); });
    check<Dp2aLow>([&](unsigned a, unsigned b, unsigned c) { return dot(a, b, c, 16, 0, true); });
    check<Dp2aHighUnsigned>(
        [&](unsigned a, unsigned b, unsigned c) { return dot(a, b, c, 16, 2, false); });
}

T2T_FUNCTION(Vadd4, Words, unsigned, __vadd4(x.a, x.b))
T2T_FUNCTION(Vsub2, Words, unsigned, __vsub2(x.a, x.b))
T2T_FUNCTION(Vaddss4, Words, unsigned, __vaddss4(x.a, x.b))
T2T_FUNCTION(Vsubus2, Words, unsigned, __vsubus2(x.a, x.b))
T2T_FUNCTION(Vabsdiffu4, Words, unsigned, __vabsdiffu4(x.a, x.b))
T2T_FUNCTION(Vabsdiffs2, Words, unsigned, __vabsdiffs2(x.a, x.b))
T2T_FUNCTION(Vmaxu4, Words, unsigned, __vmaxu4(x.a, x.b))
T2T_FUNCTION(Vmins2, Words, unsigned, __vmins2(x.a, x.b))
T2T_FUNCTION(Vavgu4, Words, unsigned, __vavgu4(x.a, x.b))
T2T_FUNCTION(Vcmpeq4, Words, unsigned, __vcmpeq4(x.a, x.b))
T2T_FUNCTION(Vcmpgts2, Words, unsigned, __vcmpgts2(x.a, x.b))
T2T_FUNCTION(Vcmpltu4, Words, unsigned, __vcmpltu4(x.a, x.b))
T2T_FUNCTION(Vsadu4, Words, unsigned, __vsadu4(x.a, x.b))

/// Compares Function with reference(lane of a, lane of b), lane by lane.
template <typename Function, typename Reference>
void check_lanes(int bits, bool is_signed, Reference&& reference) {
    check<Function>([&](unsigned a, unsigned b, unsigned) {
        unsigned result = 0;
        for (int i = 0; i < 32 / bits; ++i) {
            const i64 value = reference(lane(a, bits, i, is_signed), lane(b, bits, i, is_signed));
            result |= (static_cast<unsigned>(value) & ((1u << bits) - 1)) << (bits * i);
        }
        return result;
    });
}

TEST(IntegerIntrinsics, PackedLanes) {
    check_lanes<Vadd4>(8, false, [](i64 a, i64 b) { return a + b; });
    check_lanes<Vsub2>(16, false, [](i64 a, i64 b) { return a - b; });
    check_lanes<Vaddss4>(8, true, [](i64 a, i64 b) { return std::clamp<i64>(a + b, -128, 127); });
    check_lanes<Vsubus2>(16, false, [](i64 a, i64 b) { return std::max<i64>(a - b, 0); });
    check_lanes<Vabsdiffu4>(8, false, [](i64 a, i64 b) { return std::abs(a - b); });
    check_lanes<Vabsdiffs2>(16, true, [](i64 a, i64 b) { return std::abs(a - b); });
    check_lanes<Vmaxu4>(8, false, [](i64 a, i64 b) { return std::max(a, b); });
    check_lanes<Vmins2>(16, true, [](i64 a, i64 b) { return std::min(a, b); });
    check_lanes<Vavgu4>(8, false, [](i64 a, i64 b) { return (a + b + 1) / 2; });
    check_lanes<Vcmpeq4>(8, false, [](i64 a, i64 b) { return a == b ? -1 : 0; });
    check_lanes<Vcmpgts2>(16, true, [](i64 a, i64 b) { return a > b ? -1 : 0; });
    check_lanes<Vcmpltu4>(8, false, [](i64 a, i64 b) { return a < b ? -1 : 0; });
    check<Vsadu4>([](unsigned a, unsigned b, unsigned) {
        i64 sum = 0;
        for (int i = 0; i < 4; ++i) sum += std::abs(lane(a, 8, i, false) - lane(b, 8, i, false));
        return sum;
    });
}

}  // namespace
}  // namespace t2t::conformance

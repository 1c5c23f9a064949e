/// __half and __nv_bfloat16 from and to integers, in every direction.
#include "tests/cpu_device/narrow_types.cuh"

namespace t2t::conformance {
namespace {

/// Conversions of one integer type in one direction, both ways, for both types.
#define T2T_CONVERSION(name, integer, suffix)                           \
    T2T_FUNCTION(name##FromHalf_##suffix, unsigned short, integer,      \
                 __half2##name##_##suffix(__ushort_as_half(x)))         \
    T2T_FUNCTION(name##ToHalf_##suffix, integer, unsigned short,        \
                 __half_as_ushort(__##name##2half_##suffix(x)))         \
    T2T_FUNCTION(name##FromBf16_##suffix, unsigned short, integer,      \
                 __bfloat162##name##_##suffix(__ushort_as_bfloat16(x))) \
    T2T_FUNCTION(name##ToBf16_##suffix, integer, unsigned short,        \
                 __bfloat16_as_ushort(__##name##2bfloat16_##suffix(x)))
#define T2T_CONVERSIONS(name, integer) \
    T2T_CONVERSION(name, integer, rn)  \
    T2T_CONVERSION(name, integer, rz)  \
    T2T_CONVERSION(name, integer, rd)  \
    T2T_CONVERSION(name, integer, ru)
T2T_CONVERSIONS(short, short)
T2T_CONVERSIONS(ushort, unsigned short)
T2T_CONVERSIONS(int, int)
T2T_CONVERSIONS(uint, unsigned)
T2T_CONVERSIONS(ll, long long)
T2T_CONVERSIONS(ull, unsigned long long)

/// NaN becomes 0, or the top bit alone in 64 bits.
template <typename Integer>
constexpr Integer of_nan = sizeof(Integer) == 8 ? static_cast<Integer>(1ull << 63)
                                                : static_cast<Integer>(0);

template <typename Function, typename Integer>
void check_to_integer(const NarrowFormat& format, Direction direction) {
    const auto codes = all_codes();
    const auto got = evaluate<Function>(codes);
    for (const auto code : codes) {
        ASSERT_EQ(got[code], round_to_integer(format.value(code), direction, of_nan<Integer>))
            << format.value(code) << " in direction " << static_cast<int>(direction);
    }
}

/// Powers of two and their neighbours, ties of 8 and of 11 bits and their neighbours, and random
/// values.
template <typename Integer>
std::vector<Integer> integers() {
    std::vector<Integer> all;
    const auto add = [&](unsigned long long v) {
        for (const unsigned long long near : {v - 1, v, v + 1}) {
            all.push_back(static_cast<Integer>(near));
            all.push_back(static_cast<Integer>(-near));
        }
    };
    for (int shift = 0; shift < 64; ++shift) {
        const unsigned long long power = 1ull << shift;
        add(power);
        for (const int tie : {8, 9, 11, 12}) {
            add(power + (power >> tie));
            add(power + 3 * (power >> tie));
        }
    }
    std::mt19937_64 random(4);
    for (int i = 0; i < 5'000; ++i) add(random() >> (random() % 64));
    return all;
}

template <typename Function, typename Integer>
void check_from_integer(const NarrowFormat& format, Direction direction) {
    const auto in = integers<Integer>();
    const auto got = evaluate<Function>(in);
    for (std::size_t i = 0; i < in.size(); ++i) {
        const long double exact = in[i];  // has room for 64 bits
        const int want = round_exact(format, direction, exact < 0, [&](double v) {
            return exact < v ? -1 : exact > v ? 1 : 0;
        });
        ASSERT_TRUE(same_code(format, got[i], want))
            << in[i] << " in direction " << static_cast<int>(direction) << std::hex << ": got "
            << got[i] << ", want " << want;
    }
}

#define T2T_CHECK_DIRECTION(name, integer, suffix, direction)                                  \
    check_to_integer<name##FromHalf_##suffix, integer>(half_format, Direction::direction);     \
    check_to_integer<name##FromBf16_##suffix, integer>(bfloat16_format, Direction::direction); \
    check_from_integer<name##ToHalf_##suffix, integer>(half_format, Direction::direction);     \
    check_from_integer<name##ToBf16_##suffix, integer>(bfloat16_format, Direction::direction);
#define T2T_CHECK_CONVERSIONS(test, name, integer)           \
    TEST(NarrowIntegers, test) {                             \
        T2T_CHECK_DIRECTION(name, integer, rn, nearest_even) \
        T2T_CHECK_DIRECTION(name, integer, rz, toward_zero)  \
        T2T_CHECK_DIRECTION(name, integer, rd, down)         \
        T2T_CHECK_DIRECTION(name, integer, ru, up)           \
    }
T2T_CHECK_CONVERSIONS(Short, short, short)
T2T_CHECK_CONVERSIONS(UnsignedShort, ushort, unsigned short)
T2T_CHECK_CONVERSIONS(Int, int, int)
T2T_CHECK_CONVERSIONS(Unsigned, uint, unsigned)
T2T_CHECK_CONVERSIONS(LongLong, ll, long long)
T2T_CHECK_CONVERSIONS(UnsignedLongLong, ull, unsigned long long)

T2T_FUNCTION(CastToInt, unsigned short, int, static_cast<int>(__ushort_as_half(x)))
T2T_FUNCTION(ToChar, unsigned short, signed char, __half2char_rz(__ushort_as_half(x)))
T2T_FUNCTION(ToUchar, unsigned short, unsigned char, __half2uchar_rz(__ushort_as_half(x)))
T2T_FUNCTION(FromInt, int, unsigned short, __half_as_ushort(__half(x)))

TEST(NarrowIntegers, CastsAndBytes) {
    check_to_integer<CastToInt, int>(half_format, Direction::toward_zero);
    check_to_integer<ToChar, signed char>(half_format, Direction::toward_zero);
    check_to_integer<ToUchar, unsigned char>(half_format, Direction::toward_zero);
    check_from_integer<FromInt, int>(half_format, Direction::nearest_even);
}

}  // namespace
}  // namespace t2t::conformance

/// The CPU device's two ways between float and __half agree: the processor's instruction, and the
/// integer arithmetic that serves processors without one.
#include <cmath>

#include <cuda_fp16.h>
#include <gtest/gtest.h>

namespace t2t::cpu_device {
namespace {

TEST(PortableHalf, DecodesEveryCodeAsTheProcessorDoes) {
    for (unsigned code = 0; code < 65'536; ++code) {
        const float fast = from_half_bits(static_cast<unsigned short>(code));
        const float portable = decode<fp16>(code);
        if (std::isnan(fast)) {
            ASSERT_TRUE(std::isnan(portable)) << std::hex << code;
        } else {
            ASSERT_EQ(__builtin_bit_cast(unsigned, portable), __builtin_bit_cast(unsigned, fast))
                << std::hex << code;
        }
    }
}

TEST(PortableHalf, EncodesAroundEveryCodeAsTheProcessorDoes) {
    for (unsigned code = 0; code < 65'536; ++code) {
        // A code's float bits, the tie 2^12 units above it, and their neighbours; random bits in
        // between.
        const auto bits =
            __builtin_bit_cast(unsigned, from_half_bits(static_cast<unsigned short>(code)));
        for (const unsigned above :
             {0u, 1u, 0xfffu, 0x1000u, 0x1001u, 0x1fffu, code * 40'503u % 0x2000u}) {
            const auto value = __builtin_bit_cast(float, bits + above);
            ASSERT_EQ(encode<fp16>(value), to_half_bits(value)) << std::hexfloat << value;
        }
    }
}

TEST(PortableHalf, EncodesEveryMagnitudeAsTheProcessorDoes) {
    for (unsigned bits = 0; bits < 0xffff'0000; bits += 9'973) {
        const auto value = __builtin_bit_cast(float, bits);
        ASSERT_EQ(encode<fp16>(value), to_half_bits(value)) << std::hexfloat << value;
    }
}

}  // namespace
}  // namespace t2t::cpu_device

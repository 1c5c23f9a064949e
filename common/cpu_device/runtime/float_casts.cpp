// Conversions of floating-point values to integers that the launch translator does not see, because they are written
// as no cast: int i = x; The compiler checks each of them (-fsanitize=float-cast-overflow, cmake/device.cmake) and
// calls what stands here for a value that does not fit.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>

#include "common/cpu_device/runtime/arithmetic.hpp"
#include "common/cpu_device/runtime/faults.hpp"

namespace {

// Laid out by the compiler; see gcc's ubsan.cc.
struct Type {
    std::uint16_t kind;  // 0: integer; 1: floating-point
    std::uint16_t
        info;  // of an integer: 2 · log2(bits) + (1 if signed); of a floating-point type: its bits
    char name[1];  // as written in the source, in quotes
};
struct FloatCast {
    const char* file;
    std::uint32_t line;
    std::uint32_t column;
    const Type* from;
    const Type* to;
};

template <typename Real, typename Value>
Real value_of(Value bits) {
    Real value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// Whether a GPU gives what this processor gives. Both convert to 32 bits first when the integer is narrower.
bool fits_32_bits(double value, bool is_signed) {
    constexpr double limit = 2147483648.0;  // 2^31
    return value > (is_signed ? -limit - 1 : -1) && value < limit;
}

template <typename Real>
std::string on_a_gpu(Real value, unsigned bits, bool is_signed) {
    using t2t::cpu_device::saturated;
    const unsigned long long narrow = (1ull << bits % 64) - 1;
    if (bits == 64) {
        return is_signed ? std::to_string(saturated<long long>(value))
                         : std::to_string(saturated<unsigned long long>(value));
    }
    if (bits == 32 && is_signed) return std::to_string(saturated<int>(value));
    if (is_signed) {
        const int word = saturated<int>(value);
        return std::to_string(bits == 8 ? static_cast<signed char>(word)
                                        : static_cast<short>(word));
    }
    return std::to_string(saturated<unsigned>(value) & narrow);
}

void does_not_fit(const FloatCast& cast, std::uintptr_t bits) {
    if (!t2t::cpu_device::in_kernel() || cast.from->kind != 1 || cast.to->kind != 0) return;
    const bool is_float = cast.from->info == 32;
    if (!is_float && cast.from->info != 64) return;
    const double value = is_float ? value_of<float>(static_cast<std::uint32_t>(bits))
                                  : value_of<double>(static_cast<std::uint64_t>(bits));
    const bool is_signed = (cast.to->info & 1) != 0;
    const unsigned to_bits = 1u << (cast.to->info >> 1);
    if (to_bits < 32 && fits_32_bits(value, is_signed)) return;

    char text[32];
    std::snprintf(text, sizeof text, "%g", value);
    const std::string type(cast.to->name + 1, std::strlen(cast.to->name) - 2);
    t2t::cpu_device::fault(
        cudaErrorLaunchFailure,
        std::string(text) + " becomes an `" + type + "` at " + cast.file + ":" +
            std::to_string(cast.line) + "; a GPU gives " +
            (is_float ? on_a_gpu(static_cast<float>(value), to_bits, is_signed)
                      : on_a_gpu(value, to_bits, is_signed)) +
            ", and this processor something else: write the conversion as a cast, (" + type +
            ")x, which gives the same everywhere");
}

}  // namespace

extern "C" {

void __ubsan_handle_float_cast_overflow(const FloatCast* cast, std::uintptr_t value) {
    does_not_fit(*cast, value);
}
void __ubsan_handle_float_cast_overflow_abort(const FloatCast* cast, std::uintptr_t value) {
    does_not_fit(*cast, value);
}

}  // extern "C"

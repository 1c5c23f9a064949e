// Which machine instructions are floating-point operations.
#include <set>
#include <string_view>

#include "common/cpu_device/observer/program/block_cost.hpp"

namespace t2t::observer {
namespace {

/// Where operations of the kind that `stem` names are counted; null when it names none. The stem of
/// `vfmadd231ss` is `fmadd231`.
std::uint64_t Flops::*counter_of(std::string_view stem) {
    for (const std::string_view fused : {"fmadd", "fmsub", "fnmadd", "fnmsub"}) {
        if (stem.starts_with(fused)) return &Flops::fma;
    }
    for (const std::string_view sum : {"add", "sub", "addsub", "hadd", "hsub"}) {
        if (stem == sum) return &Flops::add;
    }
    if (stem == "mul") return &Flops::mul;
    for (const std::string_view special : {"div", "sqrt", "rcp", "rsqrt"}) {
        if (stem.starts_with(special)) return &Flops::special;
    }
    return nullptr;
}

// `vaddps` is v, a stem and a type: s for scalar or p for packed, then s for single or d for
// double precision. No integer instruction of those stems ends so.
void count_arithmetic(const Instruction& instruction, BlockCost& cost) {
    std::string_view stem = instruction.mnemonic;
    if (stem.starts_with('v')) stem.remove_prefix(1);
    if (stem.size() < 3) return;
    const std::string_view type = stem.substr(stem.size() - 2);
    if (type != "ss" && type != "sd" && type != "ps" && type != "pd") return;
    stem.remove_suffix(2);
    const auto counter = counter_of(stem);
    if (counter == nullptr) return;

    const bool single = type[1] == 's';
    unsigned elements = 1;
    if (type[0] == 'p') {
        const bool zmm = instruction.operands.find("%zmm") != std::string_view::npos;
        const bool ymm = instruction.operands.find("%ymm") != std::string_view::npos;
        const unsigned bytes = zmm ? 64 : ymm ? 32 : 16;
        elements = bytes / (single ? 4 : 8);
    }
    Flops& flops = single ? cost.fp32 : cost.fp64;
    flops.*counter += elements;
}

void count_library_call(std::string_view function, BlockCost& cost) {
    static const std::set<std::string_view> special{
        "exp",    "exp2",   "exp10", "expm1", "log",   "log2",  "log10",     "log1p",
        "pow",    "sin",    "cos",   "tan",   "asin",  "acos",  "atan",      "atan2",
        "sinh",   "cosh",   "tanh",  "asinh", "acosh", "atanh", "erf",       "erfc",
        "tgamma", "lgamma", "sqrt",  "cbrt",  "hypot", "fmod",  "remainder", "sincos"};
    // The compiler makes one sincos of a sin and a cos of the same angle.
    const unsigned results = function.starts_with("sincos") ? 2 : 1;
    if (special.contains(function)) {
        cost.fp64.special += results;  // looked at first: the double-precision erf ends with f, too
    } else if (function.ends_with('f') &&
               special.contains(function.substr(0, function.size() - 1))) {
        cost.fp32.special += results;
    }
}

}  // namespace

void count_operations(const Instruction& instruction, BlockCost& cost) {
    if (instruction.mnemonic.starts_with("call") || instruction.mnemonic.starts_with("jmp")) {
        count_library_call(instruction.symbol, cost);  // a jump to a function is its last call
    } else {
        count_arithmetic(instruction, cost);
    }
}

}  // namespace t2t::observer

// Single lines of objdump: what they say, and the floating-point operations that they stand for.
#include "common/cpu_device/observer/program/block_cost.hpp"

#include "tests/cpu_device/observer/program/expected_flops.hpp"

namespace t2t::observer {
namespace {

// ---- one line ------------------------------------------------------------------------------------

TEST(Disassembly, ReadsMnemonicAndOperands) {
    const Instruction instruction = parse_instruction("vaddss 0x4(%r13),%xmm3,%xmm2");
    EXPECT_EQ(instruction.mnemonic, "vaddss");
    EXPECT_EQ(instruction.operands, "0x4(%r13),%xmm3,%xmm2");
    EXPECT_EQ(instruction.target, 0u);
    EXPECT_EQ(instruction.symbol, "");
    EXPECT_EQ(parse_instruction("vmulss 0x0(%rip),%xmm2,%xmm0        # 204 <places>").operands,
              "0x0(%rip),%xmm2,%xmm0");
}

TEST(Disassembly, PrefixesAreNotTheMnemonic) {
    EXPECT_EQ(parse_instruction("lock cmpxchg %ecx,(%rdx)").mnemonic, "cmpxchg");
    EXPECT_EQ(parse_instruction("rep stos %al,%es:(%rdi)").mnemonic, "stos");
    EXPECT_EQ(parse_instruction("repz ret").mnemonic, "ret");
    EXPECT_EQ(parse_instruction("data16 cs nopw 0x0(%rax,%rax,1)").mnemonic, "nopw");
    EXPECT_EQ(parse_instruction("notrack jmp *%rax").mnemonic, "jmp");
    EXPECT_EQ(parse_instruction("{vex} vpdpbusd %xmm1,%xmm2,%xmm3").mnemonic, "vpdpbusd");
    EXPECT_EQ(parse_instruction("ret").mnemonic, "ret");
}

TEST(Disassembly, JumpsAndCallsHaveATargetAndASymbol) {
    const Instruction jump = parse_instruction("jmp    1ca <copy_kernel+0x2a>");
    EXPECT_EQ(jump.target, 0x1cau);
    EXPECT_EQ(jump.symbol, "copy_kernel+0x2a");
    const Instruction call = parse_instruction("call   1030 <expf@plt>");
    EXPECT_EQ(call.target, 0x1030u);
    EXPECT_EQ(call.symbol, "expf");
    const Instruction through_table =
        parse_instruction("call   *0x2fe2(%rip)        # 3fe0 <expf@GLIBC_2.27>");
    EXPECT_EQ(through_table.target, 0u);
    EXPECT_EQ(through_table.symbol, "expf");
}

// ---- one instruction -----------------------------------------------------------------------------

// The operations of one instruction, as fp32 and fp64.
BlockCost operations_of(std::string_view text) {
    BlockCost cost;
    count_operations(parse_instruction(text), cost);
    return cost;
}

void expect_fp32(std::string_view text, const Expected& expected) {
    expect_flops(operations_of(text).fp32, expected, text);
    expect_flops(operations_of(text).fp64, {}, text);
}
void expect_fp64(std::string_view text, const Expected& expected) {
    expect_flops(operations_of(text).fp64, expected, text);
    expect_flops(operations_of(text).fp32, {}, text);
}

TEST(FloatingPoint, Scalar) {
    expect_fp32("addss  %xmm1,%xmm0", {.add = 1});
    expect_fp32("vsubss %xmm1,%xmm0,%xmm2", {.add = 1});
    expect_fp32("vmulss 0x0(%rip),%xmm2,%xmm0        # 204 <scale_kernel+0x64>", {.mul = 1});
    expect_fp32("vdivss %xmm3,%xmm2,%xmm0", {.special = 1});
    expect_fp32("vsqrtss %xmm1,%xmm1,%xmm1", {.special = 1});
    expect_fp64("vaddsd %xmm0,%xmm2,%xmm1", {.add = 1});
    expect_fp64("mulsd  %xmm0,%xmm2", {.mul = 1});
    expect_fp64("sqrtsd %xmm0,%xmm2", {.special = 1});
}

TEST(FloatingPoint, Fused) {
    expect_fp32("vfmadd132ss %xmm3,%xmm4,%xmm0", {.fma = 1});
    expect_fp32("vfmsub213ss %xmm3,%xmm4,%xmm0", {.fma = 1});
    expect_fp32("vfnmadd231ss %xmm3,%xmm4,%xmm0", {.fma = 1});
    expect_fp64("vfnmsub231sd (%rax),%xmm4,%xmm0", {.fma = 1});
    expect_fp64("vfmadd213sd {rn-sae},%xmm3,%xmm4,%xmm0", {.fma = 1});
}

// Registers of 16, 32 and 64 bytes hold 4, 8 and 16 floats, half as many doubles.
TEST(FloatingPoint, PackedCountsEveryElement) {
    expect_fp32("addps  (%rdi),%xmm0", {.add = 4});
    expect_fp32("vmulps %ymm1,%ymm2,%ymm3", {.mul = 8});
    expect_fp32("vfmadd231ps %zmm1,%zmm2,%zmm3", {.fma = 16});
    expect_fp32("vmulps (%rax){1to8},%ymm2,%ymm3", {.mul = 8});
    expect_fp32("vaddps (%rax){1to16},%zmm2,%zmm3{%k1}{z}", {.add = 16});
    expect_fp64("vaddpd %xmm1,%xmm2,%xmm3", {.add = 2});
    expect_fp64("vdivpd (%rax),%ymm2,%ymm3", {.special = 4});
    expect_fp64("vfmsub132pd %zmm1,%zmm2,%zmm3", {.fma = 8});
}

TEST(FloatingPoint, LibraryCalls) {
    expect_fp32("call   1030 <expf@plt>", {.special = 1});
    expect_fp32("jmp    1030 <tanhf@plt>", {.special = 1});
    expect_fp32("call   1030 <erff@plt>", {.special = 1});
    expect_fp32("call   *0x2fe2(%rip)        # 3fe0 <powf@GLIBC_2.27>", {.special = 1});
    expect_fp32("call   1030 <sincosf@plt>", {.special = 2});
    expect_fp64("call   1030 <exp@plt>", {.special = 1});
    expect_fp64("call   1030 <erf@plt>", {.special = 1});
    expect_fp64("callq  1030 <log2@@GLIBC_2.29>", {.special = 1});
}

TEST(FloatingPoint, TheRestIsNone) {
    for (const char* text : {"add    $0x8,%rbx",
                             "sub    $0x8,%rsp",
                             "imul   %rax,%rbx",
                             "mul    %rcx",
                             "div    %ecx",
                             "vpaddd %xmm1,%xmm2,%xmm3",
                             "vmovss %xmm0,(%rax)",
                             "movsd  %xmm0,(%rax)",
                             "vmovaps %ymm0,(%rax)",
                             "vminss %xmm1,%xmm2,%xmm3",
                             "vmaxps %xmm1,%xmm2,%xmm3",
                             "vcvtsi2ss %ebx,%xmm0,%xmm0",
                             "vcvtss2sd %xmm0,%xmm0,%xmm0",
                             "vucomiss %xmm4,%xmm0",
                             "vcmpltss %xmm1,%xmm2,%xmm3",
                             "vxorps %xmm0,%xmm0,%xmm0",
                             "vandpd %xmm0,%xmm0,%xmm0",
                             "call   1030 <floorf@plt>",
                             "call   1030 <leaf>",
                             "call   1030 <memcpy@plt>",
                             "vroundss $0x9,%xmm1,%xmm1,%xmm1",
                             "jmp    1030 <exp_kernel+0x30>"}) {
        expect_fp32(text, {});
        expect_fp64(text, {});
    }
}

}  // namespace
}  // namespace t2t::observer

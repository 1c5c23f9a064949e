// The cost of basic blocks whose disassembly is given as text, with counts made by hand.
#include "common/cpu_device/observer/program/block_cost.hpp"

#include "tests/cpu_device/observer/program/expected_flops.hpp"

namespace t2t::observer {
namespace {

// The block behind `marker` in `text`, which holds all of it.
BlockCost block_in(const char* text, std::uint64_t marker) {
    Disassembly code;
    code.add(text);
    std::vector<std::uint64_t> unread;
    const BlockCost cost = block_cost(code, marker, unread);
    EXPECT_TRUE(unread.empty());
    return cost;
}

// sum += a[i] · a[i] + 1 in double precision, ten times. At ac the hook's argument comes from a5,
// though another instruction stands between. Counted: the loop a8 b1 b6 bb c4 c8 cd d0, and behind
// it the end d7 d8 dd de e0.
constexpr const char* loop = R"(
program:     file format elf64-x86-64


Disassembly of section .text:

0000000000000090 <sum_kernel>:
  90:	push   %r12
  9d:	nopl   (%rax)
  a0:	call   300 <__sanitizer_cov_trace_pc>
  a5:	mov    %rbx,%rdi
  a8:	add    $0x8,%rbx
  ac:	call   310 <__tsan_read8>
  b1:	vmovsd -0x8(%rbx),%xmm0
  b6:	vmovq  %rbp,%xmm2
  bb:	vfmadd213sd 0x0(%rip),%xmm0,%xmm0        # c4 <sum_kernel+0x34>
  c4:	vaddsd %xmm0,%xmm2,%xmm1
  c8:	vmovq  %xmm1,%rbp
  cd:	cmp    %r12,%rbx
  d0:	jne    a0 <sum_kernel+0x10>
  d2:	call   300 <__sanitizer_cov_trace_pc>
  d7:	pop    %rbx
  d8:	vmovq  %rbp,%xmm0
  dd:	pop    %rbp
  de:	pop    %r12
  e0:	ret
  e1:	data16 cs nopw 0x0(%rax,%rax,1)

00000000000000f0 <next_kernel>:
  f0:	vaddss %xmm0,%xmm0,%xmm0
  f4:	ret
)";

TEST(BlockCost, OfALoopIsThatOfOneTurn) {
    const BlockCost turn = block_in(loop, 0xa5);
    expect_flops(turn.fp64, {.add = 1, .fma = 1}, "fp64");
    expect_flops(turn.fp32, {}, "fp32");
    EXPECT_EQ(turn.instructions, 8u);
}

TEST(BlockCost, EndsWithTheFunction) {
    const BlockCost end = block_in(loop, 0xd7);
    EXPECT_EQ(end.instructions, 5u);
    expect_flops(end.fp64, {}, "fp64");
    expect_flops(end.fp32, {}, "fp32");
}

// tile[i][j] = 2.5f * i, with checks of both indices. The compiler has put one report between (1d8,
// on the way), the other at the end (2ef, jumped over). Counted: 1c0 1c4, not 1c6–1cd, 1d2 1d6, not
// 1ea, 1f7 1fc 204, then a jump (20f) to the cold part: 90 94 98, and its jump back to 223 226 229.
constexpr const char* cold = R"(
0000000000000090 <tile_kernel.cold>:
  90:	vaddss %xmm0,%xmm0,%xmm0
  94:	vsubss %xmm1,%xmm0,%xmm0
  98:	jmp    223 <tile_kernel+0x83>

00000000000001a0 <tile_kernel>:
 1bb:	call   400 <__sanitizer_cov_trace_pc>
 1c0:	cmp    $0x1f,%rbx
 1c4:	jbe    1d2 <tile_kernel+0x32>
 1c6:	mov    %rbx,%rsi
 1c9:	lea    0x0(%rip),%rdi        # 2a9 <places+0x109>
 1cd:	call   410 <__ubsan_handle_out_of_bounds>
 1d2:	cmp    $0x20,%rbp
 1d6:	ja     2ef <tile_kernel+0x14f>
 1ea:	lea    0x0(%r14,%r13,4),%rdi
 1f2:	call   420 <__tsan_write4>
 1f7:	vmovd  %r12d,%xmm2
 1fc:	vmulss 0x0(%rip),%xmm2,%xmm0        # 204 <tile_kernel+0x64>
 204:	vmovss %xmm0,%fs:0x0(,%r13,4)
 20f:	jmp    90 <tile_kernel.cold>
 213:	vmulss %xmm0,%xmm0,%xmm0
 21d:	call   400 <__sanitizer_cov_trace_pc>
 222:	ret
 223:	vdivss %xmm1,%xmm0,%xmm0
 226:	xchg   %ax,%ax
 229:	jmp    21d <tile_kernel+0x7d>
 2ef:	mov    %rbp,%rsi
 2f2:	lea    0x0(%rip),%rdi        # 2f9 <places+0x159>
 2f9:	call   410 <__ubsan_handle_out_of_bounds>
 2fe:	jmp    1d4 <tile_kernel+0x34>

0000000000000310 <next_kernel>:
)";

TEST(BlockCost, FollowsJumpsAndLeavesOutChecks) {
    const BlockCost cost = block_in(cold, 0x1c0);
    expect_flops(cost.fp32, {.add = 2, .mul = 1, .special = 1}, "fp32");
    EXPECT_EQ(cost.instructions, 2u + 2u + 4u + 3u + 2u);
}

// A function's last block: a jump to another function is its last call, whose code is not the
// block's. The end of a function without a return (abort) is none of the function below.
constexpr const char* endings = R"(
0000000000000100 <exp_kernel>:
 100:	call   400 <__sanitizer_cov_trace_pc>
 105:	vmovd  %ebx,%xmm0
 109:	jmp    1030 <expf@plt>
 10e:	call   400 <__sanitizer_cov_trace_pc>
 113:	jmp    130 <helper>
 118:	call   400 <__sanitizer_cov_trace_pc>
 11d:	call   1040 <abort@plt>

0000000000000130 <helper>:
 130:	vaddss %xmm0,%xmm0,%xmm0
 134:	jmp    400 <__sanitizer_cov_trace_pc>

0000000000000140 <spin>:
 140:	call   400 <__sanitizer_cov_trace_pc>
 145:	nop
 146:	vaddss %xmm0,%xmm0,%xmm0
 14a:	jmp    145 <spin+0x5>
 14c:	nop

0000000000000150 <exchange>:
 150:	call   400 <__sanitizer_cov_trace_pc>
 155:	mov    %rbx,%rdi
 158:	mov    $0x1,%esi
 15d:	call   430 <__tsan_atomic32_exchange>
 162:	ret

0000000000000170 <next_kernel>:
)";

TEST(BlockCost, LastCallsEndABlock) {
    const BlockCost exponential = block_in(endings, 0x105);
    EXPECT_EQ(exponential.instructions, 2u);
    expect_flops(exponential.fp32, {.special = 1}, "expf");
    const BlockCost call = block_in(endings, 0x113);
    EXPECT_EQ(call.instructions, 1u);
    expect_flops(call.fp32, {}, "helper");
    const BlockCost abort = block_in(endings, 0x11d);
    EXPECT_EQ(abort.instructions, 1u);
    expect_flops(abort.fp32, {}, "abort");
    EXPECT_EQ(block_in(endings, 0x130).instructions, 1u) << "the marker itself is a last call";
}

TEST(BlockCost, EndlessLoopIsCountedOnce) {
    const BlockCost cost = block_in(endings, 0x145);
    expect_flops(cost.fp32, {.add = 1}, "fp32");
    EXPECT_EQ(cost.instructions, 2u);
}

TEST(BlockCost, AnAtomicHookIsTheKernelsInstruction) {
    EXPECT_EQ(block_in(endings, 0x155).instructions, 4u);
}

// A range may end in the middle of an instruction: its last one is not trusted, and asked for.
TEST(BlockCost, AsksForWhatIsMissing) {
    Disassembly code;
    code.add("  105:\tvaddss %xmm0,%xmm0,%xmm0\n  109:\t(bad)\n");
    std::vector<std::uint64_t> unread;
    EXPECT_EQ(block_cost(code, 0x105, unread).instructions, 1u);
    EXPECT_EQ(unread, std::vector<std::uint64_t>{0x109});

    code.add(
        "0000000000000109 <axpy_kernel+0x9>:\n  109:\tvmulss %xmm0,%xmm0,%xmm0\n  10d:\tret\n"
        "\n0000000000000110 <next_kernel>:\n");
    unread.clear();
    const BlockCost cost = block_cost(code, 0x105, unread);
    EXPECT_EQ(cost.instructions, 3u);
    expect_flops(cost.fp32, {.add = 1, .mul = 1}, "fp32");
    EXPECT_TRUE(unread.empty());
}

}  // namespace
}  // namespace t2t::observer

// What `t2t profile` counts in machine code. The lines are from kernels of the course, built for sm_90a by
// nvcc 13.0 and printed by `cuobjdump --dump-sass`; the counts were made by hand.

#include <string>

#include <gtest/gtest.h>

#include "cli/profile/sass.hpp"

namespace t2t::profile {
namespace {

const std::string listing = R"sass(
Fatbin ptx code:
================
arch = sm_90
code version = [9,0]

Fatbin elf code:
================
arch = sm_90a
code version = [1,8]
host = linux
compile_size = 64bit

	code for sm_90a
		Function : _Z13vector_kernelPKfPf
	.headerflags	@"EF_CUDA_64BIT_ADDRESS EF_CUDA_SM90 EF_CUDA_VIRTUAL_SM(EF_CUDA_SM90)"
        /*0000*/                   LDC R1, c[0x0][0x28] ;               /* 0x00000a00ff017b82 */
                                                                        /* 0x000fe20000000800 */
        /*0690*/              @!P0 LDG.E.128 R4, desc[UR6][R20.64] ;    /* 0x0000000614048981 */
                                                                        /* 0x000ea8000c1e1d00 */
        /*0510*/              @!P4 LDG.E.CONSTANT R12, desc[UR6][R10.64+0x4] ; /* 0x000004060a0cc981 */
        /*0520*/                   LDG.E.U16.CONSTANT R12, desc[UR6][R10.64+0x4] ; /* 0x000004060a0cc981 */
        /*0850*/                   STS.128 [R30], R20 ;                 /* 0x000000141e007388 */
        /*0ac0*/                   BAR.SYNC.DEFER_BLOCKING 0x0 ;        /* 0x0000000000007b1d */
        /*0dc0*/                   LDS.64 R12, [R12] ;                  /* 0x000000000c0c7984 */
        /*0e30*/                   HFMA2.MMA R3, -RZ, RZ, 0, 0 ;        /* 0x00000000ff037435 */
        /*0e40*/                   STG.E.EF.128 desc[UR6][R8.64], R12 ; /* 0x0000000c08007986 */
        /*0e80*/                   EXIT ;                               /* 0x000000000000794d */
        /*1170*/                   NOP;                                 /* 0x0000000000007918 */
                                                                        /* 0x000fc00000000000 */
		..........

		Function : _Z12other_kernelPf
	.headerflags	@"EF_CUDA_64BIT_ADDRESS EF_CUDA_SM90 EF_CUDA_VIRTUAL_SM(EF_CUDA_SM90)"
        /*01c0*/                   MUFU.RCP R0, R0 ;                    /* 0x0000000000007308 */
        /*01d0*/                   LDGSTS.E.BYPASS.LTC128B.128 [R7], desc[UR6][R4.64] ; /* 0x0000000004077fae */
        /*01e0*/                   LDSM.16.M88.4 R8, [R3] ;             /* 0x000000000308783b */
        /*01f0*/                   HMMA.16816.F32.BF16 R4, R8, R12, R4 ; /* 0x0000000c0804723c */
        /*0200*/                   HGMMA.64x64x16.F32.BF16 R24, gdesc[UR4], R24 ; /* 0x00e00000041879f0 */
        /*0210*/                   FFMA R3, R4, R5, R3 ;                /* 0x0000000504037223 */
        /*0220*/                   STL [R1+0x8], R3 ;                   /* 0x0000080301007387 */
        /*0230*/                   LDL.64 R2, [R1+0x8] ;                /* 0x0000080001027983 */
        /*0240*/                   STG.E.U8 desc[UR6][R4.64], R0 ;      /* 0x0000000004007986 */
		..........
)sass";

TEST(ProfileSass, CountsAccessesByWidth) {
    const auto code = machine_code(listing, "_Z13vector_kernelPKfPf");
    ASSERT_TRUE(code.has_value());
    EXPECT_EQ(code->instructions, 10);  // all but the NOP
    EXPECT_EQ(code->global_loads, 3);
    EXPECT_EQ(code->wide_global_loads, 1);
    EXPECT_EQ(code->widest_global_load, 16);
    EXPECT_EQ(code->global_stores, 1);
    EXPECT_EQ(code->widest_global_store, 16);
    EXPECT_EQ(code->shared_loads, 1);
    EXPECT_EQ(code->widest_shared_load, 8);
    EXPECT_EQ(code->shared_stores, 1);
    EXPECT_EQ(code->widest_shared_store, 16);
    EXPECT_EQ(code->barriers, 1);
    EXPECT_EQ(code->tensor,
              0);  // HFMA2.MMA is no tensor-core instruction, whatever its name says
    EXPECT_EQ(code->local, 0);
}

TEST(ProfileSass, CountsTheNamedFunctionAlone) {
    const auto code = machine_code(listing, "_Z12other_kernelPf");
    ASSERT_TRUE(code.has_value());
    EXPECT_EQ(code->instructions, 9);
    EXPECT_EQ(code->global_loads,
              1);  // a copy to shared memory is a load of the one
    EXPECT_EQ(code->wide_global_loads, 1);
    EXPECT_EQ(code->shared_stores, 1);  // and a store of the other
    EXPECT_EQ(code->shared_loads, 1);
    EXPECT_EQ(code->widest_shared_load,
              16);  // four matrices of 8 × 8 halves: 512 bytes per warp
    EXPECT_EQ(code->widest_global_store, 1);
    EXPECT_EQ(code->tensor, 2);
    EXPECT_EQ(code->multiply_adds, 1);
    EXPECT_EQ(code->special, 1);
    EXPECT_EQ(code->local, 2);
    EXPECT_EQ(code->barriers, 0);
}

TEST(ProfileSass, UnknownFunctionsHaveNone) {
    EXPECT_FALSE(machine_code(listing, "_Z13vector_kernel").has_value());
    EXPECT_FALSE(machine_code("", "_Z13vector_kernelPKfPf").has_value());
    EXPECT_FALSE(
        machine_code("cuobjdump warning : Function listed in --function 'f' not found\n", "f")
            .has_value());
}

}  // namespace
}  // namespace t2t::profile

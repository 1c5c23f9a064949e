#!/usr/bin/env bash
# Chapter 10 under Nsight Compute: the bytes that each kernel of a rung moved.
#
#   chapters/10_fused_kernels/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the bottom of the SwiGLU ladder, which has two kernels. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=10
rung=${1:-v1_swiglu_chain}

# Kernels are called after their rung. A chain has two: its own, or those of the rungs that it runs.
kernels="${rung#v*_}_.*kernel"
if [[ $rung == *_chain ]]; then launches=2; fi

metrics=(
    # How long the launch took. Add up a chain's two.
    gpu__time_duration.sum
    # Bytes to and from DRAM. Add up a chain's two, and compare with what must move: of SwiGLU gate, up
    # and y once each.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. A kernel below a half waits for
    # something else than bandwidth: too few bytes under way.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Instructions of all warps.
    smsp__inst_executed.sum
)

source "$(dirname "$0")/../profile_with_ncu.sh"

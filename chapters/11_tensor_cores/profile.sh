#!/usr/bin/env bash
# Chapter 11 under Nsight Compute: how busy the tensor cores were, and what they waited for.
#
#   chapters/11_tensor_cores/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=11
rung=${1:-v1_wmma}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Products of fragments: instructions, and how busy the tensor cores were. This is the roof here.
    sm__inst_executed_pipe_tensor.sum
    sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes read from L2, and how busy L2 was. v1: 4.3 GB for 4,096³, 134 million sectors.
    lts__t_sectors_op_read.sum
    lts__throughput.avg.pct_of_peak_sustained_elapsed
    # Bytes from DRAM. Expect x and w, not much more than once.
    dram__bytes_read.sum
    # How busy L1 and shared memory were, which are one unit.
    l1tex__throughput.avg.pct_of_peak_sustained_elapsed
    # Shared memory: instructions, and the passes (wavefronts) that serving them took. A fragment of 512 bytes
    # needs 4.
    smsp__inst_executed_op_shared_ld.sum
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum
    # Warps that an SM held on average, of the 64 that it can hold.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles that went by waiting for global memory, for shared memory,
    # and at the barrier.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
    smsp__average_warps_issue_stalled_short_scoreboard_per_issue_active.ratio
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

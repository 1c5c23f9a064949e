#!/usr/bin/env bash
# Chapter 04 under Nsight Compute: how full the GPU is, and what waiting for each other costs.
#
#   chapters/04_reduction/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v2_argmax_block_per_row. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=04
rung=${1:-v2_argmax_block_per_row}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes read from DRAM. Expect 4 · rows · columns; more means that sectors were fetched again.
    dram__bytes_read.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each load request of a warp: 32 when lanes are a row apart, 4 side by side.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Warps that an SM held on average, of the 64 that it can hold, while it had any.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Cycles in which an SM had a warp at all: far below 100 % when there are too few blocks.
    sm__cycles_active.avg.pct_of_peak_sustained_elapsed
    # Of each issued instruction's wait, the cycles that went by at a barrier, and for global memory.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

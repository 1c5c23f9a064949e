#!/usr/bin/env bash
# Chapter 17 under Nsight Compute: how often the experts' weights came from DRAM.
#
#   chapters/17_mixture_of_experts/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the experts' ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=17
rung=${1:-v1_experts_warp_per_row}

# The experts have a kernel for the inner activation, whose name ends in _hidden_kernel, and one for the answer.
kernels="${rung#v*_}(_hidden)?_kernel"
launches=2

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes from DRAM. One token of Mixtral: 470 MB of gate and up, then 235 MB of down. Whatever a launch
    # for 64 tokens reads beyond 1.88 GB and 0.94 GB is a weight that was read before.
    dram__bytes_read.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Of the sectors that L2 was asked for, the share that it had.
    lts__t_sector_hit_rate.pct
    # Sectors of 32 bytes for each request of a warp: 16 for 16-byte loads side by side. The router's lanes
    # are a row apart: 32.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Warps that an SM held on average, of the 64 that it can hold. One token's down has few to give.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles that went by waiting for global memory.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

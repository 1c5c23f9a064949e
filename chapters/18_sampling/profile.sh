#!/usr/bin/env bash
# Chapter 18 under Nsight Compute: how often a sort passes over its row, and how full the GPU is.
#
#   chapters/18_sampling/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v1_sort_bitonic. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=18
rung=${1:-v1_sort_bitonic}

# The chain runs argmax, temperature, softmax, sort, scan and draw.
if [[ $rung == v1_sample_chain ]]; then launches=6; fi

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Sectors of 32 bytes to and from L2. A sort passes over its row in every step: many times the
    # sectors of values and tokens together, 8 · rows · vocabulary / 32. (The counter also sees traffic of L2 with itself.)
    lts__t_sectors_op_read.sum
    lts__t_sectors_op_write.sum
    # Bytes to and from DRAM: what L2 could not keep.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. The roof of temperature, and far from here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors for each load request of a warp: 4 when lanes are side by side, up to 32 for one thread per row.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Cycles in which an SM had a warp at all: far below 100 % when there are fewer blocks than SMs.
    sm__cycles_active.avg.pct_of_peak_sustained_elapsed
    # Of each issued instruction's wait, the cycles that went by at a barrier, and for global memory.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

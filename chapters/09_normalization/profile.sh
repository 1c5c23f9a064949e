#!/usr/bin/env bash
# Chapter 09 under Nsight Compute: what walking along a row more than once costs, and what the tree costs.
#
#   chapters/09_normalization/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of LayerNorm's ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=09
rung=${1:-v2_layer_norm_block_per_row}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Sectors of 32 bytes for each request of a warp. 32 when lanes are a row apart, 4 when they are neighbours.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio
    # The share of the loaded sectors that L1 had. A row is walked along three times (RMSNorm: twice); the
    # first time it cannot be there.
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
    # Bytes to and from DRAM. Expect x once and y once.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Warps that an SM held on average, of the 64 that it can hold.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles spent at the barrier (the tree) and waiting for memory.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

#!/usr/bin/env bash
# Chapter 08 under Nsight Compute: how often a row is read, and from where.
#
#   chapters/08_softmax/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v2_block_per_row. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=08
rung=${1:-v2_block_per_row}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes read from DRAM, in passes over the matrix of 4 · rows · columns: 3 when every pass goes there.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each load request of a warp: 32 when lanes are a row apart, 4 side by side.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Sectors that the loads asked of L1, the share that L1 had, and the sectors that then came from L2.
    l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
    lts__t_sectors_op_read.sum
    # Warps that an SM held on average, of the 64 that it can hold.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles that went by at a barrier, and for global memory.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

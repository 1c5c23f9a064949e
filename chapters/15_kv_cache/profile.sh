#!/usr/bin/env bash
# Chapter 15 under Nsight Compute: how much of the GPU one launch of one rung kept busy.
#
#   chapters/15_kv_cache/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the decode ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=15
rung=${1:-v1_decode_block_per_head}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes read from DRAM. Expect keys and values once, 4 · positions · kv_heads · head_dim in bf16:
    # the query heads that share a key head find its keys in L2 when they run at the same time.
    dram__bytes_read.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Cycles in which an SM had a warp at all. A block for each head keeps 32 of 132 SMs busy: 24 %.
    sm__cycles_active.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each load request of a warp, and how many of them L1 had. One thread per key
    # touches 32 rows at once, and needs each sector 16 times.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
    # Of each issued instruction's wait, the cycles that went by at a barrier, and for global memory.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

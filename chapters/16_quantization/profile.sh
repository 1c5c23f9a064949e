#!/usr/bin/env bash
# Chapter 16 under Nsight Compute: how one rung read its weights.
#
#   chapters/16_quantization/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v2_gemv_warp_per_row. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=16
rung=${1:-v2_gemv_warp_per_row}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes from DRAM. Expect n · k weights, once.
    dram__bytes_read.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each request of a warp. A request for w has 32 where lanes are in different rows, and
    # 16 where they are side by side with 16 bytes each; requests for x have fewer, and count in the average.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Sectors that L1 had, of those asked of it. x should be there.
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
    # How busy L1 was. Where this is high, x costs too much.
    l1tex__throughput.avg.pct_of_peak_sustained_elapsed
    # Instructions of all warps.
    smsp__inst_executed.sum
    # Warps that an SM held on average, of the 64 that it can hold.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles that went by waiting for global memory.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

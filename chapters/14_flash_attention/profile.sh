#!/usr/bin/env bash
# Chapter 14 under Nsight Compute: how far the scores of one rung travel.
#
#   chapters/14_flash_attention/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=14
rung=${1:-v1_three_kernels}

if [[ $rung == v1_three_kernels ]]; then
    kernels="(scores|scores_times_values)_kernel" # the softmax between them is chapter 08's
    launches=2
fi

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes from and to DRAM. The scores alone are 4 · heads · queries · positions: what v1's first
    # kernel writes and its second reads. Queries, keys, values and outputs are a small part of that.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM, L1 and the schedulers were. The one near 100 % is the limit.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    l1tex__throughput.avg.pct_of_peak_sustained_elapsed
    smsp__issue_active.avg.pct_of_peak_sustained_active
    # Sectors of 32 bytes for each load request of a warp, and how many of them L1 had: lanes of v1's
    # first kernel read keys that are a row apart, and come back for the rest of each sector.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
)

source "$(dirname "$0")/../profile_with_ncu.sh"

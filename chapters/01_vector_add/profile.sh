#!/usr/bin/env bash
# Chapter 01 under Nsight Compute: what one launch of one rung did with memory.
#
#   chapters/01_vector_add/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=01
rung=${1:-v3_vectorised}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes between DRAM and L2. Expect 8 n read and 4 n written, nothing more.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each request of a warp. 4 is right for 4-byte accesses, 16 for 16-byte ones.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio
    # Instructions of all warps: what v3 saves.
    smsp__inst_executed.sum
    # Warps that an SM held on average, of the 64 that it can hold.
    sm__warps_active.avg.pct_of_peak_sustained_active
    # Of each issued instruction's wait, the cycles that went by waiting for global memory.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

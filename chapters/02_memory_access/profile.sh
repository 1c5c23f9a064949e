#!/usr/bin/env bash
# Chapter 02 under Nsight Compute: how many sectors the requests of one rung touched, and who served them.
#
#   chapters/02_memory_access/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the bottom of the copy's ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=02
rung=${1:-v1_copy_strided}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Sectors of 32 bytes for each request of a warp: the number that this lesson is about.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio
    # Sectors that the loads asked of L1, and the share of them that L1 had. What strided loads waste, L1
    # may give back, as long as it is large enough for all threads' lines.
    l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum
    l1tex__t_sector_pipe_lsu_mem_global_op_ld_hit_rate.pct
    # Sectors that then went to and from L2.
    lts__t_sectors_op_read.sum
    lts__t_sectors_op_write.sum
    # Bytes that then went to and from DRAM. Compare with what the operation must move.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
)

source "$(dirname "$0")/../profile_with_ncu.sh"

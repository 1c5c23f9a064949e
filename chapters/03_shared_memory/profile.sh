#!/usr/bin/env bash
# Chapter 03 under Nsight Compute: sectors in global memory and passes in shared memory, for one rung.
#
#   chapters/03_shared_memory/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v2_tile, which has the conflicts. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=03
rung=${1:-v2_tile}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Sectors of 32 bytes for each request of a warp to global memory. v1: 4 loaded, 32 stored.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio
    # Shared memory: instructions, and the passes (wavefronts) that serving them took. Passes divided by
    # instructions is 1 without conflicts, 32 for the column of an unpadded tile; 16-byte accesses need 4.
    smsp__inst_executed_op_shared_ld.sum
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum
    smsp__inst_executed_op_shared_st.sum
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_st.sum
    # Bytes to and from DRAM. Expect 4 · rows · columns each way.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # How busy L1 and shared memory were, which are one unit: the passes of v2's conflicts keep it so.
    l1tex__throughput.avg.pct_of_peak_sustained_elapsed
    # Of each issued instruction's wait, the cycles that went by at the barrier.
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

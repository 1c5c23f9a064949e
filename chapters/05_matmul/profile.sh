#!/usr/bin/env bash
# Chapter 05 under Nsight Compute: what kept one rung's FMA units from working.
#
#   chapters/05_matmul/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=05
rung=${1:-v2_shared_tiles}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Multiply-adds of all threads, m · n · k of them, and how busy the units that do them were. This is the
    # roof here.
    smsp__sass_thread_inst_executed_op_ffma_pred_on.sum
    sm__pipe_fma_cycles_active.avg.pct_of_peak_sustained_elapsed
    # How busy L1 and shared memory were, which are one unit. Where this is high and the line above is low,
    # numbers do not come in fast enough.
    l1tex__throughput.avg.pct_of_peak_sustained_elapsed
    # Sectors of 32 bytes for each request of a warp to global memory. v1: 32 for w and 1 for x, 16.5 on average.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    # Shared memory: instructions, and the passes (wavefronts) that serving them took. A request of 4
    # bytes per lane without conflicts takes one pass, one of 16 bytes per lane more.
    smsp__inst_executed_op_shared_ld.sum
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum
    # Bytes that L1 asked L2 for, and that L2 asked DRAM for. v2: each element of x n / 32 times, of w m / 32 times.
    lts__t_sectors_op_read.sum
    dram__bytes_read.sum
    # Of each issued instruction's wait, the cycles that went by waiting for global memory, for shared memory,
    # for room in the load queue, and at the barrier.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
    smsp__average_warps_issue_stalled_short_scoreboard_per_issue_active.ratio
    smsp__average_warps_issue_stalled_lg_throttle_per_issue_active.ratio
    smsp__average_warps_issue_stalled_mio_throttle_per_issue_active.ratio
    smsp__average_warps_issue_stalled_barrier_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

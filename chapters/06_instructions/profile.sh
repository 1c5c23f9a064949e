#!/usr/bin/env bash
# Chapter 06 under Nsight Compute: how many instructions a rung executed, and which unit was the busiest.
#
#   chapters/06_instructions/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=06
rung=${1:-v1_gelu_libm}

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Warps, and instructions of all warps: divide, and compare with what you counted in the PTX.
    sm__warps_launched.sum
    smsp__inst_executed.sum
    # How busy the schedulers were: instructions issued, of one per clock for each of an SM's four.
    sm__inst_issued.avg.pct_of_peak_sustained_active
    # How busy two of the units were: fp32 multiply-adds, and special functions (ex2, rcp).
    sm__inst_executed_pipe_fma.avg.pct_of_peak_sustained_active
    sm__inst_executed_pipe_xu.avg.pct_of_peak_sustained_active
    # How busy DRAM was, against what its clock and width allow.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Of each issued instruction's wait, the cycles spent waiting for memory, for a result of the warp's own
    # last instructions, and for a unit that others keep busy.
    smsp__average_warps_issue_stalled_long_scoreboard_per_issue_active.ratio
    smsp__average_warps_issue_stalled_wait_per_issue_active.ratio
    smsp__average_warps_issue_stalled_math_pipe_throttle_per_issue_active.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

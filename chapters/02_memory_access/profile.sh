#!/usr/bin/env bash
# Chapter 02 under Nsight Compute: how many sectors the requests of one rung touched, and who served them.
#
#   chapters/02_memory_access/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the bottom of the copy's ladder. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."

rung=${1:-v1_copy_strided}
program=${T2T_BUILD_DIR:-build}/cuda/bin/t2t
if [[ ! -x $program ]]; then
    echo "profile.sh: $program is not built; run ./t2t --device cuda bench 02 first" >&2
    exit 1
fi

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

# --clock-control none   at the clocks that the GPU runs at anyway; ncu would lower them to the base clock
# --kernel-name          the rung's kernel: its name without the number
# --launch-count 1       the first launch is enough: it is the check before the timing, on the first shape
exec ncu --clock-control none \
    --kernel-name "regex:^${rung#v*_}_kernel" \
    --launch-count 1 \
    --metrics "$(IFS=,; echo "${metrics[*]}")" \
    "${@:2}" "$program" bench 02 "$rung" --quick

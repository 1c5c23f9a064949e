#!/usr/bin/env bash
# Chapter 10 under Nsight Compute: the bytes that each kernel of a rung moved.
#
#   chapters/10_fused_kernels/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the bottom of the ladder, which has two kernels. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
set -euo pipefail
cd "$(dirname "$0")/../.."

rung=${1:-v1_swiglu_chain}
program=${T2T_BUILD_DIR:-build}/cuda/bin/t2t
if [[ ! -x $program ]]; then
    echo "profile.sh: $program is not built; run ./t2t --device cuda bench 10 first" >&2
    exit 1
fi

metrics=(
    # How long the launch took. Add up the chain's two.
    gpu__time_duration.sum
    # Bytes to and from DRAM. Add up the chain's two, and compare with gate, up and y once each.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. A kernel below a half waits for
    # something else than bandwidth: too few bytes under way.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Instructions of all warps.
    smsp__inst_executed.sum
)

# The first launches are enough: they are the check before the timing, on the first shape.
case $rung in
    v1_swiglu_chain) launches=2 ;;
    *) launches=1 ;;
esac

# --clock-control none   at the clocks that the GPU runs at anyway; ncu would lower them to the base clock
# --kernel-name          the rung's kernels: its name without the number, and what may follow
exec ncu --clock-control none \
    --kernel-name "regex:^${rung#v*_}_.*kernel" \
    --launch-count "$launches" \
    --metrics "$(IFS=,; echo "${metrics[*]}")" \
    "${@:2}" "$program" bench 10 "$rung" --quick

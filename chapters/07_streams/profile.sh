#!/usr/bin/env bash
# Chapter 07 under Nsight Systems: who waited for whom while bytes went to the device.
#
#   chapters/07_streams/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: the top of the ladder. Options go to nsys profile.
#
# Needs a GPU, nsys (Nsight Systems), and a build for the GPU. Copies are no kernels: ncu does not see them.
set -euo pipefail
cd "$(dirname "$0")/../.."

rung=${1:-v1_pageable}
program=${T2T_BUILD_DIR:-build}/cuda/bin/t2t_bench_07_streams
if [[ ! -x $program ]]; then
    echo "profile.sh: $program is not built; run ./t2t --device cuda bench 07 first" >&2
    exit 1
fi

reports=(
    # The host: how long each CUDA call kept it. A copy from pageable memory holds it until all is staged.
    cuda_api_sum
    # The device: how long the copy engine was busy with host-to-device copies.
    cuda_gpu_mem_time_sum
    # The device: how many bytes each of those copies moved. Staged copies arrive in pieces.
    cuda_gpu_mem_size_sum
)

folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
# --trace=cuda   CUDA calls and what they made the device do, nothing else
nsys profile --trace=cuda --output "$folder/$rung" "${@:2}" "$program" bench 07 "$rung" --quick
nsys stats --report "$(IFS=,; echo "${reports[*]}")" "$folder/$rung.nsys-rep"

#!/usr/bin/env bash
# What an NVIDIA GPU counts for the kernels of access_patterns, and for the rungs of chapters 01 to 03.
#
#   tests/cpu_device/observer/counters/measure_on_gpu.sh FOLDER      writes FOLDER/counters.csv
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, python3, and a build for the GPU.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../../../.."

if (($# != 1)); then
    echo "measure_on_gpu.sh: name one folder for the result" >&2
    exit 2
fi
folder=$1
program=${T2T_BUILD_DIR:-build}/cuda/bin/access_patterns
if [[ ! -x $program ]]; then
    echo "measure_on_gpu.sh: $program is not built; run cmake --preset cuda, then" \
        "cmake --build build/cuda --target access_patterns" >&2
    exit 1
fi
mkdir -p "$folder"

metrics=(
    # Global memory: instructions of a warp, and the 32-byte sectors they touched.
    l1tex__t_requests_pipe_lsu_mem_global_op_{ld,st,red,atom}.sum
    l1tex__t_sectors_pipe_lsu_mem_global_op_{ld,st}.sum
    smsp__inst_executed_op_global_{ld,st,red}.sum
    # Shared memory: instructions of a warp, and the passes over the banks (wavefronts) that they took.
    smsp__inst_executed_op_shared_{ld,st,atom}.sum
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_{ld,st}.sum
    l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_{ld,st}.sum
    # Lanes that took part in an instruction, on average.
    smsp__thread_inst_executed_per_inst_executed.ratio
    # Floating-point instructions of threads whose predicate was true.
    smsp__sass_thread_inst_executed_op_{fadd,fmul,ffma}_pred_on.sum
    smsp__sass_thread_inst_executed_op_{dadd,dmul,dfma}_pred_on.sum
    smsp__sass_thread_inst_executed_op_{hadd,hmul,hfma}_pred_on.sum
    # Past L1: sectors to and from L2, bytes to and from DRAM.
    lts__t_sectors_op_{read,write}.sum
    dram__bytes_{read,write}.sum
)
# Of atomics some GPUs count more than others.
known=$(ncu --query-metrics || true)
for metric in \
    l1tex__t_sectors_pipe_lsu_mem_global_op_{red,atom} \
    l1tex__data_pipe_lsu_wavefronts_mem_shared_op_atom \
    l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_atom \
    smsp__inst_executed_op_shared_atom_dot_{alu,cas}; do
    if grep -q "^$metric " <<<"$known"; then metrics+=("$metric.sum"); fi
done

# count NAME WORD…: access_patterns WORD… under ncu. Its lines name the launches, in the order of ncu's.
# --clock-control none   at the clocks that the GPU runs at anyway: nothing here depends on them
# --print-units base     bytes, not megabytes of three digits
count() {
    local name=$1
    shift
    ncu --clock-control none --csv --page raw --print-units base \
        --kernel-name regex:_kernel$ --metrics "$(IFS=, && echo "${metrics[*]}")" \
        --log-file "$folder/$name.log" "$program" "$@" >"$folder/$name.names"
}
count patterns
count rungs --rungs
python3 "$here/name_launches.py" "$folder"/{patterns,rungs} >"$folder/counters.csv"
echo "wrote $folder/counters.csv"

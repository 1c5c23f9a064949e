# Watches one rung under Nsight Compute. Every profile.sh that asks ncu ends here, with these variables set:
#
#   chapter    its number
#   rung       the rung to watch
#   metrics    what to ask ncu for
#   kernels    if the rung's kernels are not all called after it: a regular expression for their names
#   launches   if there is more than one kernel: how many launches to watch
#
# A rung without a kernel of its own runs other rungs: then every kernel is watched, but for that of the
# arithmetic roof, which may be measured first.
#
# The words behind the rung on the script's command line go to ncu.
# shellcheck shell=bash disable=SC2154
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

folder=(chapters/"$chapter"_*)
program=${T2T_BUILD_DIR:-build}/cuda/bin/t2t_bench_${folder[0]##*/}
if [[ ! -x $program ]]; then
    echo "profile.sh: $program is not built; run ./t2t --device cuda bench $chapter first" >&2
    exit 1
fi

source_file=$(compgen -G "chapters/${chapter}_*/$rung.cu" || true)
if [[ -n $source_file ]] && ! grep -q '<<<' "$source_file"; then kernels='(?!fma_kernel).*_kernel'; fi

# --clock-control none   at the clocks that the GPU runs at anyway; ncu would lower them to the base clock
# --kernel-name          the rung's kernel: its name without the number
# --launch-count         the first launches are enough: they are the check before the timing, on the first shape
exec ncu --clock-control none \
    --kernel-name "regex:^${kernels:-${rung#v*_}_kernel}" \
    --launch-count "${launches:-1}" \
    --metrics "$(IFS=,; echo "${metrics[*]}")" \
    "${@:2}" "$program" bench "$chapter" "$rung" --quick

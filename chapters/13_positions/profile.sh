#!/usr/bin/env bash
# Chapter 13 under Nsight Compute: whether one launch of one rung waited for memory or for its sines.
#
#   chapters/13_positions/profile.sh [RUNG [OPTION …]]
#
# Without RUNG: v1_rope_sincos. Options go to ncu.
#
# Needs a GPU whose counters may be read (./t2t doctor says whether), ncu, and a build for the GPU.
chapter=13
rung=${1:-v1_rope_sincos}

# The chain runs RoPE, then chapter 15's append.
if [[ $rung == v1_split_qkv_chain ]]; then launches=2; fi

metrics=(
    # How long the launch took.
    gpu__time_duration.sum
    # Bytes from and to DRAM. RoPE: expect 4 per element of qkv read, 2 written. Learned positions: x
    # read and written, and the table read once however many tokens share a row.
    dram__bytes_read.sum
    dram__bytes_write.sum
    # How busy DRAM was, against what its clock and width allow. This is the roof here.
    dram__throughput.avg.pct_of_peak_sustained_elapsed
    # Instructions of all warps. Divide by the warps' pairs: what an angle, its sine and its cosine cost.
    smsp__inst_executed.sum
    # Cycles in which a scheduler issued an instruction. Near 100 %, instructions are the limit, not
    # memory.
    smsp__issue_active.avg.pct_of_peak_sustained_active
    # Sectors of 32 bytes for each request of a warp: 4 side by side in fp32, 2 in bf16.
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio
    l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio
)

source "$(dirname "$0")/../profile_with_ncu.sh"

/// Rung 1: one copy from pageable memory.
///
/// Idea      One call of cudaMemcpyAsync, and a wait. The GPU's copy engine can read host memory
///           only where the operating system promised to leave it: pinned. Ordinary memory is
///           pageable, so the driver copies it, piece by piece, to a small pinned buffer of its
///           own, and the engine takes it from there.
/// Changed   Against a memcpy on the host: the target lies behind a bus, and the call must wait.
/// Expect    Each byte moves three times through the host's memory (read, written, read again), and
///           one CPU thread moves it: a fraction of what PCIe could carry.
/// Measured  H200, 2²⁶ floats: 35.7 ms, 7.5 GB/s, 0.14× a pinned copy in the same run (55.4 GB/s).
///           A seventh of PCIe: the CPU thread is slower than the 10 to 20 GB/s assumed.
#include "chapters/07_streams/streams.cuh"
#include "common/device/check.hpp"

namespace t2t::streams {

void v1_pageable(const Upload& op, cudaStream_t stream) {
    if (!op.check()) return;
    T2T_CHECK(cudaMemcpyAsync(op.device, op.host, op.bytes, cudaMemcpyHostToDevice, stream));
    // The caller may free `op.host` now. Where the GPU reads pageable memory itself, as some can,
    // the copy is still under way here.
    T2T_CHECK(cudaStreamSynchronize(stream));
}

}  // namespace t2t::streams

/// @file
/// What a program has printed so far goes out, when something else than its own end ends it.
#pragma once

#include <cstdio>

namespace t2t::own {

/// Flushes standard output, unless another thread is in the middle of printing: waiting for that might be for ever.
inline void flush_output() {
    if (ftrylockfile(stdout) != 0) return;
    fflush_unlocked(stdout);
    funlockfile(stdout);
}

}  // namespace t2t::own

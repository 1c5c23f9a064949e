/// @file
/// CUDA's keywords, as the CPU device understands them.
#pragma once

#define __host__
#define __device__
#if defined(T2T_OBSERVE)
/// In a check build a kernel does not melt into the function that launches it: of what happens to the host's own
/// memory there, the compiler would leave out what nobody reads.
#define __global__ __attribute__((noipa))
#else
#define __global__
#endif
#define __managed__
#define __grid_constant__
/// One block at a time runs on an operating-system thread, so a block's shared memory is that thread's.
#if !defined(T2T_OBSERVE)
#define __shared__ static thread_local
#define __constant__
#else
/// A check build keeps arrays that are written and never read: threads may race there, too.
#define __shared__ static thread_local __attribute__((used))
/// And tells constant memory by its section. Each variable has one of its own, because those that
/// are `const` and those that are not cannot share one.
#define __constant__ __attribute__((section(".t2t_constant." T2T_TEXT_OF(__COUNTER__))))
#define T2T_TEXT_OF(number) T2T_TEXT(number)
#define T2T_TEXT(text) #text
#endif
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __maxnreg__(...)
#define __cluster_dims__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __builtin_align__(bytes) __attribute__((aligned(bytes)))
// Never define __noinline__: libstdc++ spells one of its attributes that way.

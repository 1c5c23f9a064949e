// Linked into programs of one's own, behind their variables: an index past the end of a `__shared__` or `__device__`
// array, of which a GPU may take no notice, must not reach the CPU device's own variables. `t2t check` reports it:
// names that begin with two underscores are no variables of a program.
//
// A linker lays variables out in the order of the files that it is given.
extern "C" {

/// Behind `__shared__` arrays, which are a thread's: as large as the shared memory of a block may be.
extern thread_local char __t2t_behind_shared_arrays[256 * 1024];
thread_local char __t2t_behind_shared_arrays[256 * 1024];

/// Behind `__device__` arrays.
extern char __t2t_behind_device_arrays[64 * 1024];
char __t2t_behind_device_arrays[64 * 1024];
}

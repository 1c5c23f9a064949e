// Linked into programs of `t2t run`, behind their own variables: an index past the end of a `__shared__` array, of which
// a GPU may take no notice, must not reach the CPU device's own variables of the same thread. `t2t check` reports it.
namespace t2t::own {

/// As large as the shared memory of a block may be.
extern thread_local char behind_shared_memory[256 * 1024];
thread_local char behind_shared_memory[256 * 1024];

}  // namespace t2t::own

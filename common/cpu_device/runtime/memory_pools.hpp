/// @file
/// Which pool the memory of cudaMallocAsync belongs to.
#pragma once

namespace t2t::cpu_device {

/// `pointer` has been freed: its pool, if it has one, counts it no more.
void returned_to_pool(const void* pointer);

}  // namespace t2t::cpu_device

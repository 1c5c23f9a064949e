// Fences, flags and locks that order less than the threads need: too narrow, too early, or for others.
#include "tests/cpu_device/observer/buffers.hpp"
#include "tests/cpu_device/observer/planted.hpp"

namespace t2t::observer {
namespace {

// ---- between blocks -----------------------------------------------------------------------------

__global__ void count_of_all_blocks_kernel(int* count) {
    atomicAdd_block(count, 1);  // fault
}

__global__ void block_fence_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        *data = 42;  // fault
        __threadfence_block();
        atomicExch(flag, 1);
    } else {
        while (atomicAdd(flag, 0) == 0) {
        }
        __threadfence();
        *out = *data;  // fault
    }
}

__global__ void block_fence_before_a_polled_flag_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        *data = 42;  // fault
        __threadfence_block();
        atomicExch(flag, 1);
    } else {
        while (*static_cast<volatile int*>(flag) == 0) __nanosleep(20);
        *out = *data;  // fault
    }
}

// The fence orders what came before it.
__global__ void written_after_the_flag_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        __threadfence();
        atomicExch(flag, 1);
        *data = 42;  // fault
    } else {
        while (atomicAdd(flag, 0) == 0) {
        }
        *out = *data;  // fault
    }
}

__global__ void fence_before_the_barrier_kernel(int* data, int* flag, int* out) {
    if (blockIdx.x == 0) {
        if (threadIdx.x == 0) __threadfence();
        data[threadIdx.x] = 42;  // fault
        __syncthreads();
        if (threadIdx.x == 0) atomicExch(flag, 1);
    } else {
        while (atomicAdd(flag, 0) == 0) {
        }
        out[threadIdx.x] = data[63 - threadIdx.x];  // fault
    }
}

__global__ void lock_given_back_without_fence_kernel(int* lock, volatile int* sum) {
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence();
    *sum = 1;  // fault
    atomicExch(lock, 0);
}

__global__ void lock_taken_without_fence_kernel(int* lock, volatile int* sum) {
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    *sum = 1;  // fault
    __threadfence();
    atomicExch(lock, 0);
}

__global__ void lock_taken_with_a_block_fence_kernel(int* lock, volatile int* sum) {
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence_block();
    *sum = 1;  // fault
    __threadfence();
    atomicExch(lock, 0);
}

__global__ void not_all_take_the_lock_kernel(int* lock, volatile int* sum) {
    if (blockIdx.x == 0) {
        while (atomicCAS(lock, 0, 1) != 0) {
        }
        __threadfence();
        *sum = 1;  // fault
        __threadfence();
        atomicExch(lock, 0);
    } else {
        *sum = 2;  // fault
    }
}

// The lock is block 0's first.
__global__ void written_without_the_lock_kernel(int* lock, volatile int* sum) {
    int* turn = lock + 1;
    while (blockIdx.x == 1 && atomicAdd(turn, 0) == 0) {
    }
    while (atomicCAS(lock, 0, 1) != 0) {
    }
    __threadfence();
    atomicExch(turn, 1);
    (void)*sum;  // fault
    __threadfence();
    atomicExch(lock, 0);
    if (blockIdx.x == 0) *sum = 1;  // fault
}

__global__ void volatile_data_kernel(volatile int* data, int* out) {
    if (blockIdx.x == 0) *data = 1;             // fault
    if (blockIdx.x == 1) out[0] = data[0] + 1;  // fault
}

__global__ void atomic_and_volatile_kernel(volatile int* data) {
    if (blockIdx.x == 0) {
        atomicExch(const_cast<int*>(data), 1);  // fault
    } else {
        *data = 2;  // fault
    }
}

bool other_blocks(At one, At other) {
    return one.block.x != other.block.x;
}

template <void (*Kernel)(int*, int*, int*), int Threads = 1>
void launch_flag() {
    auto data = filled<int>(Threads);
    auto flag = filled<int>(1);
    auto out = filled<int>(Threads);
    Kernel<<<2, Threads>>>(data.data(), flag.data(), out.data());
}

template <void (*Kernel)(int*, volatile int*)>
void launch_lock() {
    auto lock = filled<int>(2);
    auto sum = filled<int>(1);
    Kernel<<<2, 1>>>(lock.data(), sum.data());
}

const Planted between_blocks[] = {
    {"count_of_all_blocks_kernel", FaultKind::global_race,
     [] {
         auto count = filled<int>(1);
         count_of_all_blocks_kernel<<<2, 1>>>(count.data());
     },
     "`count`", other_blocks},
    {"block_fence_kernel", FaultKind::global_race, launch_flag<block_fence_kernel>, "`data`",
     other_blocks},
    {"block_fence_before_a_polled_flag_kernel", FaultKind::global_race,
     launch_flag<block_fence_before_a_polled_flag_kernel>, "`data`", other_blocks},
    {"written_after_the_flag_kernel", FaultKind::global_race,
     launch_flag<written_after_the_flag_kernel>, "`data`", other_blocks},
    {"fence_before_the_barrier_kernel", FaultKind::global_race,
     launch_flag<fence_before_the_barrier_kernel, 64>, "`data`", other_blocks},
    {"lock_given_back_without_fence_kernel", FaultKind::global_race,
     launch_lock<lock_given_back_without_fence_kernel>, "`sum`", other_blocks},
    {"lock_taken_without_fence_kernel", FaultKind::global_race,
     launch_lock<lock_taken_without_fence_kernel>, "`sum`", other_blocks},
    {"lock_taken_with_a_block_fence_kernel", FaultKind::global_race,
     launch_lock<lock_taken_with_a_block_fence_kernel>, "`sum`", other_blocks},
    {"not_all_take_the_lock_kernel", FaultKind::global_race,
     launch_lock<not_all_take_the_lock_kernel>, "`sum`", other_blocks},
    {"written_without_the_lock_kernel", FaultKind::global_race,
     launch_lock<written_without_the_lock_kernel>, "`sum`", other_blocks},
    {"volatile_data_kernel", FaultKind::global_race,
     [] {
         auto data = filled<int>(1);
         auto out = filled<int>(1);
         volatile_data_kernel<<<2, 1>>>(data.data(), out.data());
     },
     "`data`", other_blocks},
    {"atomic_and_volatile_kernel", FaultKind::global_race,
     [] {
         auto data = filled<int>(1);
         atomic_and_volatile_kernel<<<2, 1>>>(data.data());
     },
     "`data`", other_blocks},
};

class ScopesBetweenBlocks : public testing::TestWithParam<Planted> {};
TEST_P(ScopesBetweenBlocks, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, ScopesBetweenBlocks, testing::ValuesIn(between_blocks),
                         planted_name);

// ---- between the warps of a block ---------------------------------------------------------------

__global__ void block_lock_given_back_without_fence_kernel(int* lock, volatile int* sum) {
    if (threadIdx.x % 32 != 0) return;
    while (atomicCAS_block(lock, 0, 1) != 0) {
    }
    __threadfence_block();
    *sum = 1;  // fault
    atomicExch_block(lock, 0);
}

__global__ void block_lock_taken_without_fence_kernel(int* lock, volatile int* sum) {
    if (threadIdx.x % 32 != 0) return;
    while (atomicCAS_block(lock, 0, 1) != 0) {
    }
    *sum = 1;  // fault
    __threadfence_block();
    atomicExch_block(lock, 0);
}

__global__ void atomic_and_volatile_in_a_block_kernel(int* lock, volatile int* sum) {
    (void)lock;
    if (threadIdx.x == 0) atomicExch_block(const_cast<int*>(sum), 1);  // fault
    if (threadIdx.x == 32) *sum = 2;                                   // fault
}

bool other_warps(At one, At other) {
    return one.thread.x / 32 != other.thread.x / 32;
}

template <void (*Kernel)(int*, volatile int*)>
void launch_two_warps() {
    auto lock = filled<int>(1);
    auto sum = filled<int>(1);
    Kernel<<<1, 64>>>(lock.data(), sum.data());
}

const Planted in_a_block[] = {
    {"block_lock_given_back_without_fence_kernel", FaultKind::global_race_in_block,
     launch_two_warps<block_lock_given_back_without_fence_kernel>, "`sum`", other_warps},
    {"block_lock_taken_without_fence_kernel", FaultKind::global_race_in_block,
     launch_two_warps<block_lock_taken_without_fence_kernel>, "`sum`", other_warps},
    {"atomic_and_volatile_in_a_block_kernel", FaultKind::global_race_in_block,
     launch_two_warps<atomic_and_volatile_in_a_block_kernel>, "`sum`", other_warps},
};

class ScopesInBlock : public testing::TestWithParam<Planted> {};
TEST_P(ScopesInBlock, IsFound) {
    expect_found(GetParam(), __FILE__);
}
INSTANTIATE_TEST_SUITE_P(Planted, ScopesInBlock, testing::ValuesIn(in_a_block), planted_name);

}  // namespace
}  // namespace t2t::observer

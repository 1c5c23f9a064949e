#include "common/cpu_device/runtime/async_copy.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"

namespace t2t::cpu_device {
namespace {

struct Copy {
    void* to;
    const void* from;
    int bytes;
    int valid;
    std::uint64_t group;
    const void* place;  ///< in the kernel: whose write it is
};

/// What one thread has begun and not waited for.
struct Copies {
    std::uint64_t block = 0;   ///< the block it belongs to; copies of an earlier block are void
    std::uint64_t groups = 0;  ///< closed so far; the open one has this number
    std::vector<Copy> pending;
};

Copies& copies_of_this_thread() {
    thread_local std::array<Copies, most_threads> all;
    Copies& mine = all[linear_thread()];
    if (mine.block != scheduler().blocks_run()) {
        mine.block = scheduler().blocks_run();
        mine.groups = 0;
        mine.pending.clear();
    }
    return mine;
}

}  // namespace

void begin_async_copy(void* shared, const void* global, int bytes, int valid) {
    const auto misaligned = [bytes](const void* address) {
        return reinterpret_cast<std::uintptr_t>(address) % static_cast<unsigned>(bytes) != 0;
    };
    if (misaligned(shared) || misaligned(global)) {
        fault(cudaErrorMisalignedAddress,
              "cp.async of " + std::to_string(bytes) +
                  " bytes from or to an address that is not a multiple of it");
    }
    const void* place = __builtin_return_address(0);
    if (valid > 0) {
        observer::access_at(place, observer::Kind::async_read, global,
                            static_cast<std::size_t>(valid));
    }
    Copies& mine = copies_of_this_thread();
    mine.pending.push_back({shared, global, bytes, valid, mine.groups, place});
}

void commit_async_copies() {
    ++copies_of_this_thread().groups;
}

void wait_for_async_copies(int groups_left) {
    Copies& mine = copies_of_this_thread();
    std::size_t done = 0;
    for (; done < mine.pending.size(); ++done) {
        const Copy& copy = mine.pending[done];
        if (copy.group + static_cast<unsigned>(groups_left) >= mine.groups) break;
        observer::access_at(copy.place, observer::Kind::async_write, copy.to,
                            static_cast<std::size_t>(copy.bytes));
        std::memcpy(copy.to, copy.from, static_cast<std::size_t>(copy.valid));
        std::memset(static_cast<char*>(copy.to) + copy.valid, 0,
                    static_cast<std::size_t>(copy.bytes - copy.valid));
    }
    mine.pending.erase(mine.pending.begin(),
                       mine.pending.begin() + static_cast<std::ptrdiff_t>(done));
}

}  // namespace t2t::cpu_device

/// @file
/// Follows the block that runs on one operating-system thread: keeps its threads' logs, lays the
/// logs of a warp side by side when all its lanes have come to a halt, and looks at what the lanes
/// do together.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "common/cpu_device/observer/log/access_log.hpp"
#include "common/cpu_device/observer/observation.hpp"
#include "common/cpu_device/observer/order/cells.hpp"
#include "common/cpu_device/observer/order/global_memory.hpp"
#include "common/cpu_device/observer/order/order.hpp"
#include "common/cpu_device/observer/replay/control_flow.hpp"
#include "common/cpu_device/observer/replay/site.hpp"
#include "common/cpu_device/runtime/block.hpp"

namespace t2t::observer {

struct StaticVariable;

/// The observer of one operating-system thread.
class BlockObserver {
 public:
    BlockObserver();
    ~BlockObserver();
    BlockObserver(const BlockObserver&) = delete;
    BlockObserver& operator=(const BlockObserver&) = delete;

    /// @name The block's course, as the scheduler reports it
    ///@{
    void begin_block(const void* frame);
    void end_block();
    void begin_thread();
    void end_thread();
    void leave_thread();
    void resume_thread();
    void wait_at_barrier(const cpu_device::Wait& wait);
    void barrier_is_complete(unsigned exited);
    void grid_barrier_passed();
    ///@}

    /// The running thread's log is full. @returns whether there is room now
    bool make_room();
    /// The running thread has called a fence.
    void pass_fence();
    /// @name Faults that the running thread meets at once
    ///@{
    void begin_fault();
    void stuck(unsigned thread, const cpu_device::Wait& wait);
    void trapped(const void* address, const char* what);
    void index_out_of_bounds(const char* file, std::uint32_t line, const char* array,
                             long index) const;
    ///@}
    /// Hands over what was counted, and starts anew.
    void collect(std::unordered_map<std::uint32_t, Site>& sites);

 private:
    /// Lanes that do the same thing.
    struct Group {
        unsigned lanes;  ///< bit i: lane i
        std::uint32_t code;
    };

    // ---- logs (block_observer.cpp)
    LogEntry* log_of(unsigned thread) const;
    void save_log();
    void load_log();
    void replay_if_halted(unsigned warp);
    const LogEntry* last_access() const;
    std::vector<std::uint32_t> trail() const;
    void replay(unsigned warp, bool to_the_end);
    void keep_rest(unsigned warp);
    Group choose(unsigned warp, unsigned active);
    void learn_ways(unsigned warp);
    void step(unsigned warp, Group group);
    Site& site(std::uint32_t code);
    ThreadPlace place_of(unsigned thread) const;

    // ---- memory (warp_access.cpp)
    void access(Site& site, unsigned warp, unsigned lanes, Kind kind, std::uint32_t extra);
    void access_pieces(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void access_region(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    bool is_plain(const Region& region, unsigned bytes) const;
    void use_global(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void use_shared(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    bool knows_global_read(const Allocation& allocation, const Cell& readers,
                           const WordAccess& access) const;
    bool knows_read(const Cell& writer, const Cell& readers, unsigned bytes) const;
    void count_global(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void count_shared(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void shadow_global(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void shadow_shared(Site& site, unsigned warp, unsigned lanes, Kind kind, unsigned bytes);
    void keep_request(Site& site, unsigned warp, unsigned lanes, unsigned bytes, unsigned sectors,
                      unsigned passes);

    // ---- faults (faults.cpp)
    void report(FaultKind kind, const Site& site, unsigned thread, std::uint64_t address,
                unsigned bytes) const;
    void report_race(const Site& site, unsigned thread, std::uint64_t address, unsigned bytes,
                     const Cell& other, bool is_writer, bool in_shared) const;
    SeenFault fault_at(FaultKind kind, const Site& site, unsigned thread, std::uint64_t address,
                       unsigned bytes) const;
    void name_memory(SeenFault& fault) const;
    void name_shared(SeenFault& fault) const;
    const Allocation* meant(std::uint64_t address) const;

    // ---- where addresses lie (address_map.cpp)
    Region region_of(std::uint64_t address);
    void learn_shared_arrays();
    bool is_another_kernels(const StaticVariable& array) const;

    // ---- time (block_time.cpp)
    void begin_time(unsigned threads);
    void pass_barrier();
    unsigned whole_warp(unsigned warp) const {
        return lanes_[warp] == 32 ? ~0u : (1u << lanes_[warp]) - 1;
    }
    BlockOrder block_order(unsigned thread) const;
    void pass_warp_sync(unsigned warp, unsigned lanes);
    void new_actor();
    std::uint32_t actor_time(unsigned thread) const;
    BlockOrder actor_order(unsigned thread) const;

    std::unique_lock<std::recursive_mutex> global_lock_{global_memory().mutex, std::defer_lock};
    std::vector<SparseMemory> memory_;
    LogEntry* logs_ = nullptr;
    std::array<LogEntry*, cpu_device::most_threads> next_{};
    std::array<unsigned, cpu_device::most_warps> lanes_{};    ///< threads of the warp
    std::array<unsigned, cpu_device::most_warps> waiting_{};  ///< a bit for each lane at a barrier
    std::array<unsigned, cpu_device::most_warps> ended_{};  ///< a bit for each lane that has ended
    unsigned warps_ = 0;
    const char* frame_ = nullptr;  ///< kernels' frames on this thread's own stack lie below
    const cpu_device::Wait* first_waiter_ = nullptr;  ///< at the barrier that is not complete
    ThreadPlace first_waiter_place_;
    const cpu_device::Wait* stuck_ = nullptr;  ///< where a thread waits for good
    unsigned stuck_thread_ = 0;
    const LogEntry* stopped_at_ = nullptr;  ///< where the log of a thread that traps has ended

    // While a warp is replayed: where each lane stands, the addresses that a step names.
    std::array<const LogEntry*, 32> at_{};
    std::array<const LogEntry*, 32> last_{};
    /// Of each thread: the basic block it is in, below it those of the functions that called.
    std::array<std::vector<std::uint32_t>, cpu_device::most_threads> frames_;
    ControlFlow control_flow_;
    bool ways_are_known_ = false;  ///< of the warp that is replayed
    std::array<std::uint64_t, 32> addresses_{};

    // Places, found by hashing.
    std::vector<std::uint32_t> table_;
    std::vector<Site> sites_;

    // Shared memory: one cell pair a word for the static arrays, then for the dynamic one.
    std::vector<Cell> shared_writers_, shared_readers_;
    std::uint64_t static_begin_ = 0, static_bytes_ = 0;
    std::uint64_t dynamic_begin_ = 0, dynamic_bytes_ = 0;

    // Time: see block_time.cpp.
    std::uint32_t now_ = 1;
    std::uint32_t block_time_ = 1;   ///< of the last block-wide barrier
    std::uint32_t block_begin_ = 1;  ///< of the block's begin
    std::array<std::uint32_t, cpu_device::most_threads> thread_time_{};
    std::array<std::uint32_t, cpu_device::most_warps>
        warp_time_{};  ///< of its last whole __syncwarp
    /// Of each thread and each lane of its warp: the last __syncwarp of a part of the warp with both.
    std::vector<std::array<std::uint32_t, 32>> pair_time_{cpu_device::most_threads};
    unsigned phase_ = 0;  ///< grid barriers that the block has passed
    unsigned actor_ = 0;
    std::uint32_t actor_begin_ = 0;
};

/// The L2 that l2_bytes is estimated with holds nothing: a launch begins.
void flush_l2();

/// The observer of the calling operating-system thread.
BlockObserver& block_observer();
/// Hands over what all operating-system threads have counted.
void collect_all(std::unordered_map<std::uint32_t, Site>& sites);

}  // namespace t2t::observer

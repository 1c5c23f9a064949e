#include "common/cpu_device/runtime/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <map>
#include <mutex>

#include "common/cpu_device/include/cuda_runtime.h"
#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/errors.hpp"
#include "common/cpu_device/runtime/faults.hpp"
#include "common/cpu_device/runtime/memory_pools.hpp"
#include "common/cpu_device/runtime/settings.hpp"
#include "common/cpu_device/runtime/streams.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#endif

namespace t2t::cpu_device {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t alignment = 256;  // what cudaMalloc promises
constexpr std::size_t kept_after_free =
    1024;  // freed ranges that stay unmapped, so that late uses fault

std::size_t round_up(std::size_t value, std::size_t multiple) {
    return (value + multiple - 1) / multiple * multiple;
}

/// One allocation. Its last byte, rounded up to the alignment, is followed by an unmapped page, its
/// first page is preceded by one: running off either end soon faults.
struct Allocation {
    std::size_t bytes;
    cudaMemoryType type;
    char* mapping;  ///< nullptr when the memory is not ours (registered host memory, symbols)
    std::size_t mapping_bytes;
    bool freed = false;
    bool open = false;  ///< to everybody, for a moment; see host_access_faults()

    bool closes() const { return type == cudaMemoryTypeDevice && mapping != nullptr && !freed; }
};

class Memory {
 public:
    cudaError_t allocate(void** pointer, std::size_t bytes, cudaMemoryType type) {
        if (pointer == nullptr) return cudaErrorInvalidValue;
        *pointer = nullptr;
        if (bytes == 0) return cudaSuccess;
        constexpr std::size_t worth_asking = std::size_t{16} << 20;
        if (bytes > worth_asking && bytes > available()) return cudaErrorMemoryAllocation;
        const std::size_t room = round_up(round_up(bytes, alignment), page_bytes);
        const std::size_t total = room + 2 * page_bytes;
        void* mapping =
            mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapping == MAP_FAILED) return cudaErrorMemoryAllocation;
        char* first = static_cast<char*>(mapping) + page_bytes;
        if (mprotect(first, room, PROT_READ | PROT_WRITE) != 0) {
            munmap(mapping, total);
            return cudaErrorMemoryAllocation;
        }
        if (bytes > worth_asking) madvise(first, room, MADV_HUGEPAGE);
        char* start = first + room - round_up(bytes, alignment);
        ASAN_POISON_MEMORY_REGION(first, start - first);
        ASAN_POISON_MEMORY_REGION(start + bytes, first + room - start - bytes);
        const std::lock_guard lock(mutex_);
        table_[start] = {bytes, type, static_cast<char*>(mapping), total, false};
        if (host_access_faults() && table_[start].closes()) protect(table_[start], false);
        observer::allocated(start, bytes, type != cudaMemoryTypeDevice);
        // What the host may write by itself is written, as far as can be seen.
        if (type != cudaMemoryTypeDevice) observer::initialised(start, bytes);
        *pointer = start;
        return cudaSuccess;
    }

    /// `host` says which kind of memory the caller believes it frees.
    cudaError_t release(void* pointer, bool host) {
        if (pointer == nullptr) return cudaSuccess;
        const std::lock_guard lock(mutex_);
        const auto found = table_.find(static_cast<const char*>(pointer));
        if (found == table_.end() || found->second.freed || found->second.mapping == nullptr) {
            return cudaErrorInvalidValue;
        }
        Allocation& allocation = found->second;
        if (host != (allocation.type == cudaMemoryTypeHost)) return cudaErrorInvalidValue;
        allocation.freed = true;
        allocation.open = false;
        observer::freed(found->first);
        ASAN_UNPOISON_MEMORY_REGION(allocation.mapping, allocation.mapping_bytes);
        // Gives the pages back and keeps the addresses.
        mmap(allocation.mapping, allocation.mapping_bytes, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        freed_.push_back(found->first);
        if (freed_.size() > kept_after_free) {
            const auto oldest = table_.find(freed_.front());
            freed_.pop_front();
            munmap(oldest->second.mapping, oldest->second.mapping_bytes);
            table_.erase(oldest);
        }
        return cudaSuccess;
    }

    cudaError_t enter(const void* address, std::size_t bytes, cudaMemoryType type) {
        const std::lock_guard lock(mutex_);
        const auto [entry, is_new] = table_.try_emplace(static_cast<const char*>(address),
                                                        Allocation{bytes, type, nullptr, 0, false});
        return is_new ? cudaSuccess : cudaErrorHostMemoryAlreadyRegistered;
    }

    cudaError_t withdraw(const void* address) {
        const std::lock_guard lock(mutex_);
        const auto found = table_.find(static_cast<const char*>(address));
        if (found == table_.end() || found->second.mapping != nullptr)
            return cudaErrorHostMemoryNotRegistered;
        table_.erase(found);
        return cudaSuccess;
    }

    /// The allocation that holds `address`, or the nearest one below it. @returns false when there
    /// is none
    bool nearest(const void* address, const char** start, Allocation* allocation) {
        const std::lock_guard lock(mutex_);
        auto found = table_.upper_bound(static_cast<const char*>(address));
        if (found == table_.begin()) return false;
        --found;
        *start = found->first;
        *allocation = found->second;
        return true;
    }

    bool next_above(const void* address, const char** start, Allocation* allocation) {
        const std::lock_guard lock(mutex_);
        const auto found = table_.upper_bound(static_cast<const char*>(address));
        if (found == table_.end()) return false;
        *start = found->first;
        *allocation = found->second;
        return true;
    }

    bool open(const void* address) {
        const std::lock_guard lock(mutex_);
        auto found = table_.upper_bound(static_cast<const char*>(address));
        if (found == table_.begin()) return false;
        Allocation& allocation = (--found)->second;
        const bool holds = static_cast<const char*>(address) < found->first + allocation.bytes;
        if (!holds || !allocation.closes()) return false;
        any_open_ = true;
        return protect(allocation,
                       true);  // also when it is open: another thread may have done that just now
    }
    void close_all() {
        const std::lock_guard lock(mutex_);
        if (!any_open_) return;
        any_open_ = false;
        for (auto& [start, allocation] : table_) {
            if (allocation.open) protect(allocation, false);
        }
    }

    static std::size_t available() {
        std::ifstream info("/proc/meminfo");
        std::string word;
        std::size_t kilobytes = 0;
        while (info >> word) {
            if (word == "MemAvailable:" && info >> kilobytes) return kilobytes * 1024;
        }
        return total();
    }
    static std::size_t total() {
        return static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) *
               static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    }

 private:
    static bool protect(Allocation& allocation, bool open) {
        allocation.open = open;
        return mprotect(allocation.mapping + page_bytes, allocation.mapping_bytes - 2 * page_bytes,
                        open ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
    }

    std::mutex mutex_;
    bool any_open_ = false;
    std::map<const char*, Allocation> table_;
    std::deque<const char*> freed_;
};

Memory& memory() {
    static Memory* const all = new Memory;  // outlives every destructor that frees device memory
    return *all;
}

bool inside(const char* start, const Allocation& allocation, const void* address,
            std::size_t bytes) {
    const char* first = static_cast<const char*>(address);
    return first >= start && bytes <= allocation.bytes &&
           static_cast<std::size_t>(first - start) <= allocation.bytes - bytes;
}

// The side of a copy that the kind calls device memory must be memory that the device knows.
bool copy_is_legal(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if (to == nullptr || from == nullptr) return false;
    if (to_device && !is_device_range(to, bytes)) return false;
    if (from_device && !is_device_range(from, bytes)) return false;
    // An address inside device memory, on the host's side of the copy, must stay inside it, too.
    for (const void* address : {to, from}) {
        const char* start = nullptr;
        Allocation allocation;
        if (memory().nearest(address, &start, &allocation) &&
            inside(start, allocation, address, 1) &&
            (allocation.freed || !inside(start, allocation, address, bytes))) {
            return false;
        }
    }
    return true;
}

}  // namespace

bool is_device_range(const void* address, std::size_t bytes) {
    const char* start = nullptr;
    Allocation allocation;
    return memory().nearest(address, &start, &allocation) && !allocation.freed &&
           inside(start, allocation, address, bytes);
}

std::string describe_address(const void* address) {
    char text[32];
    std::snprintf(text, sizeof text, "%p", address);
    const std::string what =
        std::string("access to address ") + (address == nullptr ? "0 (a null pointer)" : text);
    const char* start = nullptr;
    Allocation allocation;
    const char* where = static_cast<const char*>(address);
    constexpr std::ptrdiff_t near = 1 << 20;
    if (memory().nearest(address, &start, &allocation)) {
        const std::string size = std::to_string(allocation.bytes) + " bytes";
        if (allocation.freed && where < start + allocation.bytes) {
            return what + ", which is " + std::to_string(where - start) +
                   " bytes into an allocation of " + size + " that has been freed with cudaFree";
        }
        const std::ptrdiff_t past = where - (start + allocation.bytes);
        if (past < near)
            return what + ", which is " + std::to_string(past) + " bytes past an allocation of " +
                   size;
    }
    if (memory().next_above(address, &start, &allocation) && start - where < near) {
        return what + ", which is " + std::to_string(start - where) +
               " bytes before an allocation of " + std::to_string(allocation.bytes) + " bytes";
    }
    return what +
           ", which is outside every allocation; is it a host pointer, or one that was never set?";
}

bool host_access_faults() {
    [[maybe_unused]] static const bool faults =
        setting_word("T2T_HOST_ACCESS", {"allow", "fault"}) == 1;
#if defined(__SANITIZE_ADDRESS__)  // it wants the signals for itself
    return false;
#else
    return faults;
#endif
}

bool open_for_device(const void* address) {
    return host_access_faults() && memory().open(address);
}

void close_to_host() {
    if (host_access_faults()) memory().close_all();
}

namespace {
constinit thread_local volatile unsigned device_work = 0;  // the signal handler looks at it
}

// The fences keep the compiler from moving the work across the count.
DeviceWork::DeviceWork() {
    device_work = device_work + 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
}
DeviceWork::~DeviceWork() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    device_work = device_work - 1;
    if (device_work == 0) close_to_host();
}
bool works_for_device() {
    return device_work != 0 || in_kernel();
}

std::string describe_host_access(const void* address, bool writes) {
    const char* start = nullptr;
    Allocation allocation;
    const char* where = static_cast<const char*>(address);
    if (!memory().nearest(address, &start, &allocation) || allocation.freed ||
        allocation.type != cudaMemoryTypeDevice || where >= start + allocation.bytes) {
        return "";
    }
    return std::string("the host ") + (writes ? "writes" : "reads") + " device memory, " +
           std::to_string(where - start) + " bytes into a cudaMalloc of " +
           std::to_string(allocation.bytes) + " bytes; " +
           (writes ? "fill it on the host and copy it there with cudaMemcpy"
                   : "copy it to the host with cudaMemcpy first") +
           ", or allocate it with cudaMallocManaged";
}

void* register_symbol(const void* address, std::size_t bytes) {
    memory().enter(address, bytes, cudaMemoryTypeDevice);
    return const_cast<void*>(address);
}

cudaError_t copy_symbol(void* symbol, std::size_t symbol_bytes, void* other, std::size_t bytes,
                        std::size_t offset, bool to_symbol, cudaStream_t stream) {
    if (other == nullptr || offset > symbol_bytes || bytes > symbol_bytes - offset) {
        return finish(cudaErrorInvalidValue);
    }
    char* place = static_cast<char*>(symbol) + offset;
    return run_or_capture(stream, cudaGraphNodeTypeMemcpy, [=] {
        const DeviceWork copying;
        std::memcpy(to_symbol ? place : other, to_symbol ? other : place, bytes);
        if (!to_symbol) observer::initialised(other, bytes);
    });
}

}  // namespace t2t::cpu_device

using namespace t2t::cpu_device;

// ---- allocating ---------------------------------------------------------------------------------

namespace {

cudaError_t allocate(void** pointer, std::size_t bytes, cudaMemoryType type) {
    if (const cudaError_t refused = refuse_while_capturing(); refused != cudaSuccess)
        return finish(refused);
    if (sticky_error() != cudaSuccess) return finish(cudaSuccess);
    if (host_access_faults()) install_handlers();
    return finish(memory().allocate(pointer, bytes, type));
}

cudaError_t release(void* pointer, bool host) {
    if (sticky_error() != cudaSuccess) return finish(cudaSuccess);
    returned_to_pool(pointer);
    return finish(memory().release(pointer, host));
}

// A copy has returned that the host waits for: all but those within the device.
cudaError_t waited_for(cudaError_t copied, cudaMemcpyKind kind) {
    if (kind != cudaMemcpyDeviceToDevice) t2t::observer::host_waits_for_stream(nullptr);
    return copied;
}
// Setting memory is waited for when the host could see it.
cudaError_t waited_for_if_shared(cudaError_t set, const void* pointer) {
    const char* start = nullptr;
    Allocation allocation;
    if (memory().nearest(pointer, &start, &allocation) && allocation.type != cudaMemoryTypeDevice)
        t2t::observer::host_waits_for_stream(nullptr);
    return set;
}

}  // namespace

cudaError_t t2t::cpu_device::allocate_in_stream(void** pointer, std::size_t bytes,
                                                cudaStream_t stream) {
    if (sticky_error() != cudaSuccess) return finish(cudaSuccess);
    const cudaError_t error = memory().allocate(pointer, bytes, cudaMemoryTypeDevice);
    if (error == cudaSuccess && is_capturing(stream)) {
        return run_or_capture(stream, cudaGraphNodeTypeMemAlloc, [] {});
    }
    return finish(error);
}

cudaError_t cudaMalloc(void** pointer, std::size_t bytes) {
    return allocate(pointer, bytes, cudaMemoryTypeDevice);
}
cudaError_t cudaMallocManaged(void** pointer, std::size_t bytes, unsigned) {
    if (bytes == 0) return finish(cudaErrorInvalidValue);
    return allocate(pointer, bytes, cudaMemoryTypeManaged);
}
cudaError_t cudaMallocHost(void** pointer, std::size_t bytes, unsigned) {
    return allocate(pointer, bytes, cudaMemoryTypeHost);
}
cudaError_t cudaHostAlloc(void** pointer, std::size_t bytes, unsigned) {
    return allocate(pointer, bytes, cudaMemoryTypeHost);
}
cudaError_t cudaMallocPitch(void** pointer, std::size_t* pitch, std::size_t width,
                            std::size_t height) {
    constexpr std::size_t row_alignment = 512;
    *pitch = round_up(width, row_alignment);
    return cudaMalloc(pointer, *pitch * height);
}
cudaError_t cudaFree(void* pointer) {
    // In a kernel this is the destructor of a parameter, such as a lock's, which no thread of a GPU runs.
    if (in_kernel()) return cudaSuccess;
    if (pointer != nullptr) t2t::observer::host_waits_for_all();
    return release(pointer, false);
}
cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
    // A graph that is being captured will use the memory each time it runs.
    if (is_capturing(stream)) return run_or_capture(stream, cudaGraphNodeTypeMemFree, [] {});
    return release(pointer, false);
}
cudaError_t cudaFreeHost(void* pointer) {
    if (pointer != nullptr) t2t::observer::host_waits_for_all();
    return release(pointer, true);
}

cudaError_t cudaHostRegister(void* pointer, std::size_t bytes, unsigned) {
    if (pointer == nullptr || bytes == 0) return finish(cudaErrorInvalidValue);
    return finish(memory().enter(pointer, bytes, cudaMemoryTypeHost));
}
cudaError_t cudaHostUnregister(void* pointer) {
    return finish(memory().withdraw(pointer));
}
cudaError_t cudaHostGetFlags(unsigned* flags, void* host) {
    if (flags == nullptr || !is_device_range(host, 1)) return finish(cudaErrorInvalidValue);
    *flags = cudaHostAllocMapped;
    return finish(cudaSuccess);
}
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
    if (!is_device_range(host, 1)) return finish(cudaErrorInvalidValue);
    *device = host;
    return finish(cudaSuccess);
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    *free = Memory::available();
    *total = Memory::total();
    return finish(cudaSuccess);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
    const char* start = nullptr;
    Allocation allocation;
    *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, nullptr};
    if (memory().nearest(pointer, &start, &allocation) && !allocation.freed &&
        inside(start, allocation, pointer, 1)) {
        void* address = const_cast<void*>(pointer);
        attributes->type = allocation.type;
        attributes->device = 0;
        attributes->devicePointer = address;
        attributes->hostPointer = allocation.type == cudaMemoryTypeDevice ? nullptr : address;
    }
    return finish(cudaSuccess);
}

// ---- copying and setting ------------------------------------------------------------------------

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
    if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault)
        return finish(cudaErrorInvalidMemcpyDirection);
    if (bytes == 0) return finish(cudaSuccess);
    if (!copy_is_legal(to, from, bytes, kind)) return finish(cudaErrorInvalidValue);
    return run_or_capture(stream, cudaGraphNodeTypeMemcpy, [=] {
        const DeviceWork copying;
        std::memmove(to, from, bytes);
        t2t::observer::copied(to, from, bytes);
    });
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    if (const cudaError_t refused = refuse_while_capturing(); refused != cudaSuccess)
        return finish(refused);
    return waited_for(cudaMemcpyAsync(to, from, bytes, kind, nullptr), kind);
}
cudaError_t cudaMemcpyPeer(void* to, int, const void* from, int, std::size_t bytes) {
    return cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToDevice);
}
cudaError_t cudaMemcpyPeerAsync(void* to, int, const void* from, int, std::size_t bytes,
                                cudaStream_t stream) {
    return cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream);
}

cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from,
                              std::size_t from_pitch, std::size_t width, std::size_t height,
                              cudaMemcpyKind kind, cudaStream_t stream) {
    if (width > to_pitch || width > from_pitch) return finish(cudaErrorInvalidPitchValue);
    if (width == 0 || height == 0) return finish(cudaSuccess);
    const std::size_t last_row = height - 1;
    const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
    const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
    if ((to_device && !is_device_range(to, last_row * to_pitch + width)) ||
        (from_device && !is_device_range(from, last_row * from_pitch + width))) {
        return finish(cudaErrorInvalidValue);
    }
    return run_or_capture(stream, cudaGraphNodeTypeMemcpy, [=] {
        const DeviceWork copying;
        for (std::size_t row = 0; row < height; ++row) {
            std::memcpy(static_cast<char*>(to) + row * to_pitch,
                        static_cast<const char*>(from) + row * from_pitch, width);
            t2t::observer::copied(static_cast<char*>(to) + row * to_pitch,
                                  static_cast<const char*>(from) + row * from_pitch, width);
        }
    });
}
cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                         std::size_t width, std::size_t height, cudaMemcpyKind kind) {
    return waited_for(
        cudaMemcpy2DAsync(to, to_pitch, from, from_pitch, width, height, kind, nullptr), kind);
}

cudaError_t cudaMemsetAsync(void* pointer, int value, std::size_t bytes, cudaStream_t stream) {
    if (bytes == 0) return finish(cudaSuccess);
    if (!is_device_range(pointer, bytes)) return finish(cudaErrorInvalidValue);
    return run_or_capture(stream, cudaGraphNodeTypeMemset, [=] {
        const DeviceWork setting;
        std::memset(pointer, value, bytes);
        t2t::observer::initialised(pointer, bytes);
    });
}
cudaError_t cudaMemset(void* pointer, int value, std::size_t bytes) {
    return waited_for_if_shared(cudaMemsetAsync(pointer, value, bytes, nullptr), pointer);
}
cudaError_t cudaMemset2DAsync(void* pointer, std::size_t pitch, int value, std::size_t width,
                              std::size_t height, cudaStream_t stream) {
    if (width > pitch) return finish(cudaErrorInvalidValue);
    if (width == 0 || height == 0) return finish(cudaSuccess);
    if (!is_device_range(pointer, (height - 1) * pitch + width))
        return finish(cudaErrorInvalidValue);
    return run_or_capture(stream, cudaGraphNodeTypeMemset, [=] {
        const DeviceWork setting;
        for (std::size_t row = 0; row < height; ++row) {
            std::memset(static_cast<char*>(pointer) + row * pitch, value, width);
            t2t::observer::initialised(static_cast<char*>(pointer) + row * pitch, width);
        }
    });
}
cudaError_t cudaMemset2D(void* pointer, std::size_t pitch, int value, std::size_t width,
                         std::size_t height) {
    return waited_for_if_shared(cudaMemset2DAsync(pointer, pitch, value, width, height, nullptr),
                                pointer);
}

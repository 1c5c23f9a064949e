// glibc's checked longjmp refuses to leave a fiber's stack for the thread's own.
#undef _FORTIFY_SOURCE
#include "common/cpu_device/runtime/faults.hpp"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>

#include "common/cpu_device/observer/log/marks.hpp"
#include "common/cpu_device/runtime/block.hpp"
#include "common/cpu_device/runtime/memory.hpp"
#include "common/cpu_device/runtime/scheduler.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace t2t::cpu_device {
namespace {

/// What a signal handler noted down for later: it must not allocate.
struct SignalNote {
    int signal = 0;
    int code = 0;
    const char* address = nullptr;
    const char* stack_pointer = nullptr;
    bool insists_on_alignment = false;  ///< the instruction that faulted does
    bool is_call = false;               ///< the address is that of the next instruction
};

constinit thread_local sigjmp_buf* way_out = nullptr;  // to run_guarded, while a kernel runs
constinit thread_local SignalNote note;
constinit std::atomic<void (*)(int, const void*, void*)> report_host_crash{nullptr};
constinit thread_local const void* signal_place = nullptr;
constinit thread_local volatile sig_atomic_t uninterrupted = 0;  // how many Uninterrupted there are
constinit thread_local volatile sig_atomic_t interrupt_is_due = 0;

int interrupt_signal() {
    return SIGRTMIN + 5;
}

const char* stack_pointer_of(const void* context) {
    const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<const char*>(machine->gregs[REG_RSP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const char*>(machine->sp);
#endif
}

const void* instruction_of(const void* context) {
    const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
    return reinterpret_cast<const void*>(machine->gregs[REG_RIP]);
#elif defined(__aarch64__)
    return reinterpret_cast<const void*>(machine->pc);
#endif
}

// Where the function that is being called would return to.
const void* return_address_of(const void* context) {
#if defined(__x86_64__)
    return *reinterpret_cast<const void* const*>(stack_pointer_of(context));
#elif defined(__aarch64__)
    const auto* machine = &static_cast<const ucontext_t*>(context)->uc_mcontext;
    return reinterpret_cast<const void*>(machine->regs[30]);
#endif
}

// x86 names no address when it faults on a misaligned vector, nor when the upper 17 bits of an
// address differ. Whether the instruction is a move that insists on alignment (movaps, movapd,
// movdqa, movntps, movntdq, in their SSE, VEX and EVEX encodings) tells one from the other.
bool insists_on_alignment([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
    const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
    const auto* code = reinterpret_cast<const unsigned char*>(registers[REG_RIP]);
    bool prefix_66 = false;
    for (; *code == 0x66 || (*code & 0xf0) == 0x40; ++code)
        prefix_66 |= *code == 0x66;  // 0x4.: REX
    const int length = *code == 0x0f   ? 1
                       : *code == 0xc5 ? 2
                       : *code == 0xc4 ? 3
                       : *code == 0x62 ? 4
                                       : 0;
    if (length == 0) return false;
    if (length == 2) prefix_66 = (code[1] & 3) == 1;
    if (length > 2) prefix_66 = (code[2] & 3) == 1;
    const unsigned char opcode = code[length];
    if (opcode == 0x6f || opcode == 0x7f) return prefix_66;  // else movdqu, which does not mind
    return opcode == 0x28 || opcode == 0x29 || opcode == 0x2b || opcode == 0xe7;
#else
    return false;
#endif
}

bool is_write([[maybe_unused]] const void* context) {
#if defined(__x86_64__)
    constexpr long long write_bit = 2;  // of the page fault's error code
    return (static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & write_bit) != 0;
#else
    return false;
#endif
}

void on_signal(int signal, siginfo_t* info, void* context) {
    if (signal == SIGSEGV && works_for_device() && open_for_device(info->si_addr)) return;
    if (way_out == nullptr) {
        if (signal == SIGSEGV && host_access_faults()) {
            const std::string what = describe_host_access(info->si_addr, is_write(context));
            if (!what.empty()) std::fprintf(stderr, "t2t: %s\n", what.c_str());
        }
        // Not a kernel: let the program die as it would have without us.
        if (signal == interrupt_signal()) return;
        if (const auto report = report_host_crash.load()) report(signal, info->si_addr, context);
        ::signal(signal, SIG_DFL);
        raise(signal);
        return;
    }
    if (signal == interrupt_signal() && uninterrupted != 0) {
        interrupt_is_due = 1;
        return;
    }
    const auto* instruction = static_cast<const char*>(instruction_of(context));
    const bool is_call = signal == SIGSEGV && info->si_addr == instruction;
    const bool is_access = signal == SIGSEGV || signal == SIGBUS;  // the observer knows its line
    signal_place = is_call ? return_address_of(context) : is_access ? nullptr : instruction + 1;
    note = {signal,
            info->si_code,
            static_cast<const char*>(info->si_addr),
            stack_pointer_of(context),
            !is_call && insists_on_alignment(context),
            is_call};
    siglongjmp(*way_out, 1);
}

/// A stack for signal handlers: the usual one may be what has overflowed.
class HandlerStack {
 public:
    HandlerStack() : memory_(std::make_unique<char[]>(bytes)) {
        stack_t stack{};
        stack.ss_sp = memory_.get();
        stack.ss_size = bytes;
        sigaltstack(&stack, nullptr);
    }
    ~HandlerStack() {
        stack_t stack{};
        stack.ss_flags = SS_DISABLE;
        sigaltstack(&stack, nullptr);
    }

 private:
    static constexpr std::size_t bytes = 64 * 1024;
    std::unique_ptr<char[]> memory_;
};

std::string triple(const uint3& index) {
    char text[48];
    std::snprintf(text, sizeof text, "(%u, %u, %u)", index.x, index.y, index.z);
    return text;
}

void record(cudaError_t code, const std::string& detail) {
    LaunchRecord& launch = *scheduler().launch();
    const std::lock_guard lock(launch.fault_mutex);
    launch.cancelled = true;
    if (launch.fault != cudaSuccess) return;
    observer::trapped(note.address, detail.c_str());
    launch.fault = code;
    launch.fault_detail = detail;
}

std::string this_block() {
    return "kernel " + std::string(scheduler().launch()->kernel) + ", block " + triple(blockIdx);
}
std::string this_thread() {
    return this_block() + ", thread " + triple(threadIdx) + ": ";
}

// Runs after the jump out of the handler, where allocating is safe again.
void record_signal() {
    observer::begin_fault();
    constexpr std::ptrdiff_t near = 64 * 1024;
    const std::ptrdiff_t from_stack = note.address - note.stack_pointer;
    if (note.signal == interrupt_signal()) {
        record(
            cudaErrorLaunchTimeout,
            this_thread() +
                "no thread, barrier or warp operation has come forward for a long time; a loop may be "
                "waiting for a value that nobody writes (a loop over plain memory needs an atomic, "
                "__nanosleep or __threadfence in it so that other threads get their turn); "
                "T2T_TIMEOUT=SECONDS sets the limit");
    } else if (note.signal == SIGFPE) {
        record(cudaErrorLaunchFailure,
               this_thread() +
                   "integer division by zero; a GPU would go on with an unspecified value");
    } else if (note.signal == SIGILL) {
        record(cudaErrorIllegalInstruction, this_thread() + "illegal instruction");
    } else if (note.is_call) {
        record(cudaErrorIllegalAddress,
               this_thread() + "calls a function at " +
                   (note.address == nullptr ? "address 0: the function pointer is null"
                                            : "an address where there is none: the function "
                                              "pointer was never set"));
    } else if (scheduler().stacks().in_guard_page(note.address) ||
               (from_stack > -near && from_stack < near)) {
        record(cudaErrorHardwareStackError,
               this_thread() + "stack overflow; use smaller local arrays or less recursion");
    } else if (note.code == SI_KERNEL && note.insists_on_alignment) {
        record(cudaErrorMisalignedAddress,
               this_thread() +
                   "misaligned address; a vector access of N bytes needs an address that is a "
                   "multiple of N");
    } else if (note.code == SI_KERNEL) {
        record(cudaErrorIllegalAddress,
               this_thread() +
                   "access to an address that cannot exist; the pointer or the index is garbage");
    } else {
        record(cudaErrorIllegalAddress, this_thread() + describe_address(note.address));
    }
}

[[noreturn]] void leave() {
    siglongjmp(*way_out, 2);
}

}  // namespace

void install_handlers() {
    static std::once_flag once;
    std::call_once(once, [] {
        struct sigaction action {};
        action.sa_sigaction = on_signal;
        // SA_NODEFER: the handler leaves by siglongjmp, so the signal must not stay blocked.
        action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
        sigaction(interrupt_signal(), &action, nullptr);
#if !defined(__SANITIZE_ADDRESS__)  // AddressSanitizer explains these better than we do
        for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
            sigaction(signal, &action, nullptr);
#endif
    });
    thread_local const HandlerStack handler_stack;
}

void fault(cudaError_t code, const std::string& what) {
    observer::begin_fault();
    record(code, this_thread() + what);
    leave();
}

void fault_of_block(cudaError_t code, const std::string& what) {
    observer::begin_fault();
    record(code, this_block() + ": " + what);
    leave();
}

void leave_cancelled_block() {
    leave();
}

void on_host_crash(void (*report)(int signal, const void* address, void* context)) {
    report_host_crash = report;
    install_handlers();
}

bool in_kernel() {
    return way_out != nullptr;
}

void run_guarded(LaunchRecord& launch, void (*step)(LaunchRecord&)) {
    install_handlers();
    scheduler().begin_launch(launch);
    sigjmp_buf here;
    const int reason = sigsetjmp(here, 0);
    if (reason == 0) {
        way_out = &here;
        step(launch);
        way_out = nullptr;
        scheduler().end_launch();
        return;
    }
    way_out = nullptr;
    uninterrupted = 0;
    interrupt_is_due = 0;
#if defined( \
    __SANITIZE_ADDRESS__)  // it still guards the variables of the frames that the jump left behind
    const auto* lowest = static_cast<const char*>(home_stack().first);
    ASAN_UNPOISON_MEMORY_REGION(lowest,
                                static_cast<const char*>(__builtin_frame_address(0)) - lowest);
#endif
    if (reason == 1) record_signal();
    signal_place = nullptr;
    scheduler().abandon_block();
    scheduler().end_launch();
}

void interrupt_kernel(unsigned long thread) {
    pthread_kill(thread, interrupt_signal());
}

const void* place_of_signal() {
    return signal_place;
}

Uninterrupted::Uninterrupted() {
    uninterrupted = uninterrupted + 1;
}
Uninterrupted::~Uninterrupted() {
    uninterrupted = uninterrupted - 1;
    if (uninterrupted != 0 || interrupt_is_due == 0) return;
    interrupt_is_due = 0;
    if (in_kernel()) interrupt_kernel(pthread_self());
}

std::string place(const SourceLocation& where) {
    return std::string(where.file) + ":" + std::to_string(where.line);
}

std::string hex(unsigned mask) {
    char text[11];
    std::snprintf(text, sizeof text, "0x%08x", mask);
    return text;
}

std::pair<const void*, std::size_t> home_stack() {
    thread_local const auto bounds = [] {
        pthread_attr_t attributes;
        void* bottom = nullptr;
        std::size_t size = 0;
        pthread_getattr_np(pthread_self(), &attributes);
        pthread_attr_getstack(&attributes, &bottom, &size);
        pthread_attr_destroy(&attributes);
        return std::pair<const void*, std::size_t>(bottom, size);
    }();
    return bounds;
}

}  // namespace t2t::cpu_device

// glibc's assert() calls this; the program's own definition comes first. In a kernel it does what
// CUDA does: prints block and thread, and ends the launch with cudaErrorAssert.
extern "C" void __assert_fail(const char* expression, const char* file, unsigned line,
                              const char* function) noexcept {
    using namespace t2t::cpu_device;
    if (in_kernel()) {
        t2t::observer::begin_fault();
        const std::string what = std::string(file) + ":" + std::to_string(line) + ": " + function +
                                 ": Assertion `" + expression + "` failed";
        std::fprintf(stderr, "%s: block: [%u,%u,%u], thread: [%u,%u,%u]\n", what.c_str(),
                     blockIdx.x, blockIdx.y, blockIdx.z, threadIdx.x, threadIdx.y, threadIdx.z);
        fault(cudaErrorAssert, what);
    }
    std::fprintf(stderr, "%s:%u: %s: Assertion `%s' failed.\n", file, line, function, expression);
    std::abort();
}

#include "common/device/check.hpp"

#include <string>

namespace t2t {
namespace {

struct Advice {
    cudaError_t code;
    std::string_view sentence;
};

constexpr std::string_view find_the_access =
    "A kernel accessed memory that is not its own: ./t2t check CHAPTER RUNG finds the access, with "
    "its thread and line; a program of your own can run under compute-sanitizer.";
constexpr std::string_view rebuild =
    "The program was built for another GPU: remove build/cuda and build again on this machine.";
constexpr std::string_view update_driver =
    "There is no driver, or it is older than the CUDA toolkit: ./t2t doctor says which; update the "
    "driver, or build for the CPU device (./t2t --device cpu …).";
constexpr std::string_view reload_driver =
    "The driver's kernel module and its libraries have different versions, usually after an upgrade: "
    "reboot, or reload the nvidia modules.";

/// The errors that people meet, and what helps.
constexpr Advice advices[] = {
    {cudaErrorMemoryAllocation,
     "The device has too little memory left: use smaller sizes, or see who holds it with nvidia-smi."},
    {cudaErrorInvalidValue,
     "An argument is out of range: look at sizes, pointers and, for a launch, the bytes of dynamic "
     "shared memory (more than 48 KB needs cudaFuncSetAttribute)."},
    {cudaErrorInvalidConfiguration,
     "The launch asks for more than a device has: a block has 1 to 1,024 threads (64 along z), a grid "
     "at least 1 block and at most 65,535 along y and z."},
    {cudaErrorLaunchOutOfResources,
     "A block needs more registers or shared memory than a multiprocessor has: use fewer threads a "
     "block, or state them with __launch_bounds__."},
    {cudaErrorIllegalAddress, find_the_access},
    {cudaErrorLaunchFailure, find_the_access},
    {cudaErrorMisalignedAddress,
     "A kernel read or wrote a wide type at an address that is not a multiple of its size: a float4 "
     "needs 16-byte alignment, which a pointer into the middle of a buffer may not have."},
    {cudaErrorHardwareStackError,
     "A kernel overflowed its stack: look for deep recursion or large local arrays, or raise "
     "cudaLimitStackSize."},
    {cudaErrorIllegalInstruction,
     "A kernel executed __trap() or an instruction that this GPU does not have."},
    {cudaErrorInvalidAddressSpace,
     "A kernel used a pointer of the wrong memory space: look for casts between shared and global "
     "pointers."},
    {cudaErrorInvalidPc, "A kernel jumped to an address with no code: look at function pointers."},
    {cudaErrorLaunchTimeout,
     "A kernel ran longer than the system allows: look for a loop or a barrier that never ends."},
    {cudaErrorAssert,
     "An assert() in a kernel failed: its message, with block and thread, is above."},
    {cudaErrorCooperativeLaunchTooLarge,
     "All blocks of a cooperative launch must fit the device at once: ask "
     "cudaOccupancyMaxActiveBlocksPerMultiprocessor how many that is, and launch no more."},
    {cudaErrorNoDevice,
     "There is no GPU that this program may use: look at nvidia-smi and CUDA_VISIBLE_DEVICES, or build "
     "for the CPU device (./t2t --device cpu …)."},
    {cudaErrorInvalidDevice,
     "There is no device with that number: cudaGetDeviceCount says how many."},
    {cudaErrorDevicesUnavailable,
     "Another process holds the GPU, or its compute mode forbids sharing: see nvidia-smi."},
    {cudaErrorInsufficientDriver, update_driver},
    {cudaErrorUnsupportedPtxVersion, rebuild},
    {cudaErrorNoKernelImageForDevice, rebuild},
    {cudaErrorInvalidKernelImage, rebuild},
    {cudaErrorSystemDriverMismatch, reload_driver},
    {cudaErrorInitializationError,
     "The driver did not start: run ./t2t doctor, which says what is missing."},
    {cudaErrorSystemNotReady,
     "A system service that the GPUs need is not running: on a machine with NVSwitch start "
     "nvidia-fabricmanager."},
    {cudaErrorUnknown,
     "The driver gave no reason: run ./t2t doctor; if nvidia-smi fails too, reboot."},
    {cudaErrorSymbolNotFound,
     "The name is no __device__ or __constant__ variable of this program."},
    {cudaErrorInvalidDeviceFunction,
     "The kernel is not in this program for this GPU: remove build/cuda and build again."},
    {cudaErrorInvalidResourceHandle,
     "The stream, event or graph was destroyed already, or belongs to another device."},
    {cudaErrorNotReady, "The work queued before has not finished: synchronize before asking."},
    {cudaErrorStreamCaptureUnsupported,
     "That call cannot be recorded in a graph: keep allocation and synchronization out of the capture."},
    {cudaErrorStreamCaptureInvalidated,
     "An earlier call broke the graph capture: find the first call in it that failed."},
    {cudaErrorNotSupported, "This device cannot do that."},
    {cudaErrorNotPermitted, "The system does not permit that call here: ./t2t doctor says more."},
};

std::string message(cudaError_t code, std::string_view call, const char* file, int line) {
    std::string text = std::string(call) + " failed at " + file + ":" + std::to_string(line) +
                       ": " + cudaGetErrorName(code) + " (" +
                       std::to_string(static_cast<int>(code)) + "), " + cudaGetErrorString(code) +
                       ".";
    if (const std::string_view sentence = advice(code); !sentence.empty()) {
        text += " ";
        text += sentence;
    }
    return text;
}

}  // namespace

CudaError::CudaError(cudaError_t code, std::string_view call, const char* file, int line)
    : std::runtime_error(message(code, call, file, line)), code_(code) {}

std::string_view advice(cudaError_t code) {
    for (const Advice& entry : advices) {
        if (entry.code == code) return entry.sentence;
    }
    return {};
}

void check(cudaError_t code, std::string_view call, const char* file, int line) {
    if (code == cudaSuccess) return;
    cudaGetLastError();  // the exception carries the error; a later launch must not report it again
    throw CudaError(code, call, file, line);
}

void check_launch(std::string_view what, const char* file, int line) {
    check(cudaGetLastError(), what, file, line);
}

}  // namespace t2t

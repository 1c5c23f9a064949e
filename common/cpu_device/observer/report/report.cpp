#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::observer {
namespace {

std::string place(const SourceLine& line) {
    if (line.line == 0) return "at an unknown line";
    return "at " + line.file + ":" + std::to_string(line.line);
}

// 4,096
std::string with_commas(std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, ",");
    return digits;
}

std::string triple(const uint3& index) {
    return "(" + std::to_string(index.x) + ", " + std::to_string(index.y) + ", " +
           std::to_string(index.z) + ")";
}

std::string who(const ThreadPlace& place) {
    return "block " + triple(place.block) + ", thread " + triple(place.thread);
}

}  // namespace

const char* fault_name(FaultKind kind) {
    switch (kind) {
        case FaultKind::shared_race:
            return "shared_race";
        case FaultKind::global_race_in_block:
            return "global_race_in_block";
        case FaultKind::global_race:
            return "global_race";
        case FaultKind::stream_race:
            return "stream_race";
        case FaultKind::same_value_race:
            return "same_value_race";
        case FaultKind::out_of_bounds:
            return "out_of_bounds";
        case FaultKind::shared_out_of_bounds:
            return "shared_out_of_bounds";
        case FaultKind::index_out_of_bounds:
            return "index_out_of_bounds";
        case FaultKind::use_after_free:
            return "use_after_free";
        case FaultKind::uninitialised_global:
            return "uninitialised_global";
        case FaultKind::uninitialised_shared:
            return "uninitialised_shared";
        case FaultKind::misaligned:
            return "misaligned";
        case FaultKind::host_pointer:
            return "host_pointer";
        case FaultKind::constant_store:
            return "constant_store";
        case FaultKind::local_of_another_thread:
            return "local_of_another_thread";
        case FaultKind::divergent_barrier:
            return "divergent_barrier";
        case FaultKind::trap:
            return "trap";
    }
    return "unknown";
}

std::string Fault::message() const {
    std::string text = std::string(fault_name(kind)) + " in " + kernel + ' ' + place(where) + '\n';
    text += "  " + (kind == FaultKind::stream_race ? "" : who(thread) + ": ") + what + '\n';
    if (other) {
        text += "  meets ";
        if (other_thread) text += who(*other_thread) + ' ';
        text += place(*other) + '\n';
    }
    text += "  " + cause + '\n';
    if (count > 1) text += "  seen " + with_commas(count) + " times\n";
    return text;
}

std::string Report::faults_text() const {
    std::string text;
    for (const Fault& fault : faults) text += fault.message();
    return text;
}

Traffic Report::total() const {
    Traffic sum;
    for (const KernelReport& kernel : kernels) sum += kernel.total;
    return sum;
}

GlobalTraffic& GlobalTraffic::operator+=(const GlobalTraffic& more) {
    requests += more.requests;
    sectors += more.sectors;
    threads += more.threads;
    bytes_asked += more.bytes_asked;
    return *this;
}

SharedTraffic& SharedTraffic::operator+=(const SharedTraffic& more) {
    requests += more.requests;
    passes += more.passes;
    least_passes += more.least_passes;
    threads += more.threads;
    bytes_asked += more.bytes_asked;
    return *this;
}

AtomicTraffic& AtomicTraffic::operator+=(const AtomicTraffic& more) {
    requests += more.requests;
    threads += more.threads;
    rounds += more.rounds;
    return *this;
}

Traffic& Traffic::operator+=(const Traffic& more) {
    global_load += more.global_load;
    global_store += more.global_store;
    shared_load += more.shared_load;
    shared_store += more.shared_store;
    global_atomic += more.global_atomic;
    shared_atomic += more.shared_atomic;
    barriers += more.barriers;
    warp_operations += more.warp_operations;
    warp_instructions += more.warp_instructions;
    thread_instructions += more.thread_instructions;
    fp64 += more.fp64;
    fp32 += more.fp32;
    fp16 += more.fp16;
    bf16 += more.bf16;
    tensor_flops += more.tensor_flops;
    l2_bytes += more.l2_bytes;
    return *this;
}

}  // namespace t2t::observer

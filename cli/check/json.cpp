#include "cli/check/json.hpp"

#include <nlohmann/json.hpp>

namespace t2t::rung_check {
namespace {

using nlohmann::ordered_json;

ordered_json to_json(const observer::SourceLine& where) {
    return {{"file", where.file}, {"line", where.line}, {"function", where.function}};
}

template <typename Triple>  // uint3 or dim3
ordered_json triple(const Triple& of) {
    return ordered_json::array({of.x, of.y, of.z});
}

ordered_json to_json(const observer::ThreadPlace& place) {
    return {{"block", triple(place.block)}, {"thread", triple(place.thread)}};
}

template <typename Value>
ordered_json or_null(const std::optional<Value>& value) {
    return value ? to_json(*value) : ordered_json(nullptr);
}

ordered_json to_json(const observer::Fault& fault) {
    return {{"kind", observer::fault_name(fault.kind)},
            {"kernel", fault.kernel},
            {"where", to_json(fault.where)},
            {"other", or_null(fault.other)},
            {"thread", to_json(fault.thread)},
            {"other_thread", or_null(fault.other_thread)},
            {"what", fault.what},
            {"cause", fault.cause},
            {"count", fault.count}};
}

ordered_json to_json(const observer::GlobalTraffic& global) {
    return {{"requests", global.requests},
            {"sectors", global.sectors},
            {"threads", global.threads},
            {"bytes_asked", global.bytes_asked},
            {"bytes_moved", global.bytes_moved()},
            {"sectors_per_request", global.sectors_per_request()},
            {"efficiency", global.efficiency()}};
}

ordered_json to_json(const observer::SharedTraffic& shared) {
    return {{"requests", shared.requests},
            {"passes", shared.passes},
            {"least_passes", shared.least_passes},
            {"conflicts", shared.conflicts()},
            {"threads", shared.threads},
            {"bytes_asked", shared.bytes_asked},
            {"passes_per_request", shared.passes_per_request()}};
}

ordered_json to_json(const observer::AtomicTraffic& atomic) {
    return {{"requests", atomic.requests},
            {"threads", atomic.threads},
            {"rounds", atomic.rounds},
            {"conflicts", atomic.conflicts()}};
}

ordered_json to_json(const observer::Flops& flops) {
    return {{"add", flops.add},
            {"mul", flops.mul},
            {"fma", flops.fma},
            {"special", flops.special},
            {"total", flops.total()}};
}

ordered_json to_json(const observer::LineTraffic& line) {
    return {{"where", to_json(line.where)}, {"traffic", rung_check::to_json(line.traffic)}};
}

ordered_json to_json(const observer::Request& request) {
    ordered_json offsets = ordered_json::array();  // null: the lane takes no part
    for (unsigned lane = 0; lane < 32; ++lane) {
        const bool takes_part = (request.lanes >> lane & 1) != 0;
        offsets.push_back(takes_part ? ordered_json(request.offset[lane]) : ordered_json(nullptr));
    }
    return {{"where", to_json(request.where)},
            {"memory", request.shared ? "shared" : "global"},
            {"access", request.atomic  ? "atomic"
                       : request.store ? "store"
                                       : "load"},
            {"name", request.memory},
            {"bytes", request.bytes},
            {"offsets", offsets},
            {"sectors", request.sectors},
            {"passes", request.passes},
            {"warp", to_json(request.warp)}};
}

ordered_json to_json(const observer::KernelReport& kernel);

template <typename Values>
ordered_json list(const Values& values) {
    ordered_json all = ordered_json::array();
    for (const auto& value : values) all.push_back(to_json(value));
    return all;
}

ordered_json to_json(const observer::KernelReport& kernel) {
    return {{"kernel", kernel.kernel},
            {"definition", to_json(kernel.definition)},
            {"grid", triple(kernel.grid)},
            {"block", triple(kernel.block)},
            {"shared_bytes", kernel.shared_bytes},
            {"launches", kernel.launches},
            {"total", rung_check::to_json(kernel.total)},
            {"lines", list(kernel.lines)},
            {"requests", list(kernel.requests)}};
}

}  // namespace

ordered_json to_json(const observer::Traffic& traffic) {
    return {{"global_load", to_json(traffic.global_load)},
            {"global_store", to_json(traffic.global_store)},
            {"shared_load", to_json(traffic.shared_load)},
            {"shared_store", to_json(traffic.shared_store)},
            {"global_atomic", to_json(traffic.global_atomic)},
            {"shared_atomic", to_json(traffic.shared_atomic)},
            {"barriers", traffic.barriers},
            {"warp_operations", traffic.warp_operations},
            {"warp_instructions", traffic.warp_instructions},
            {"thread_instructions", traffic.thread_instructions},
            {"active_lanes", traffic.active_lanes()},
            {"fp64", to_json(traffic.fp64)},
            {"fp32", to_json(traffic.fp32)},
            {"fp16", to_json(traffic.fp16)},
            {"bf16", to_json(traffic.bf16)},
            {"tensor_flops", traffic.tensor_flops},
            {"flops", traffic.flops()},
            {"bytes_moved", traffic.bytes_moved()},
            {"l2_bytes", traffic.l2_bytes},
            {"intensity", traffic.intensity()}};
}

ordered_json to_json(const RungReport& rung) {
    ordered_json json{{"operation", rung.operation}, {"rung", rung.rung}, {"shape", rung.shape}};
    if (!rung.skipped.empty()) {
        json["skipped"] = rung.skipped;
        return json;
    }
    json["right"] = rung.wrong.empty() && !rung.trapped();
    if (!rung.wrong.empty()) json["wrong"] = rung.wrong;
    json["faults"] = list(rung.report.faults);
    json["kernels"] = list(rung.report.kernels);
    json["total"] = to_json(rung.report.total());
    json["device_bytes"] = rung.report.device_bytes;
    json["shadow_bytes"] = rung.report.shadow_bytes;
    return json;
}

std::string json_text(const std::vector<RungReport>& reports, const std::string& command,
                      const std::string& date) {
    ordered_json json{{"command", command}, {"date", date}, {"rungs", ordered_json::array()}};
    for (const RungReport& rung : reports) json["rungs"].push_back(to_json(rung));
    return json.dump(2) + '\n';
}

std::string json_text(const RungReport& seen, const std::string& file, const std::string& command,
                      const std::string& date) {
    ordered_json json{{"command", command}, {"date", date}, {"file", file}};
    const ordered_json all = to_json(seen);
    for (const auto& [key, value] : all.items()) {
        const bool of_rungs = key == "operation" || key == "rung" || key == "shape" ||
                              key == "right" || key == "wrong";
        if (!of_rungs) json[key] = value;
    }
    return json.dump(2) + '\n';
}

}  // namespace t2t::rung_check

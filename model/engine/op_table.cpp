#include "model/engine/op_table.hpp"

#include <algorithm>
#include <stdexcept>

#include "chapters/chapters.hpp"
#include "chapters/ladders.hpp"

namespace t2t::model {
namespace {

struct Role {
    std::string_view operation;
    std::string_view role;
};

// What the generator uses, in the order of the chapters.
constexpr Role roles[] = {
    {"vector_add", "residual add"},
    {"gather_rows", "embedding lookup"},
    {"transpose", "GPT-2's [in, out] weights to [out, in], at load"},
    {"argmax", "greedy token"},
    {"scan", "cumulative probabilities, for top-p and the draw"},
    {"matmul", "linear layers of a prompt, fp32 activations"},
    {"gelu", "GPT-2's activation"},
    {"activation", "the activation of a GPT-2 that has another"},
    {"upload", "weights to the device, at load"},
    {"softmax", "token probabilities"},
    {"layer_norm", "GPT-2's norms"},
    {"rms_norm", "the Llama family's norms"},
    {"swiglu", "the Llama family's gated activation"},
    {"residual_norm", "residual add and the norm after it"},
    {"norm_linear", "a norm and the linear layer after it"},
    {"up_projection", "the wide half of a feed-forward layer, with its activation"},
    {"bf16_matmul", "linear layers of a prompt, bf16 activations"},
    {"learned_positions", "GPT-2's positions"},
    {"rope", "split into q, k and v; the Llama family's positions"},
    {"split_qkv", "q, k and v with their positions; k and v into the cache"},
    {"attention", "attention over a prompt"},
    {"kv_append", "keys and values into the cache"},
    {"decode_attention", "attention of one new token for each sequence"},
    {"gemv", "linear layers of one new token for each sequence"},
    {"round_to_bf16", "weights to bf16, at load"},
    {"router", "Mixtral's choice of experts"},
    {"experts", "Mixtral's feed-forward layer"},
    {"temperature", "flatter or sharper logits before sampling"},
    {"sort_tokens", "most probable tokens first, for top-k and top-p"},
    {"draw", "the sampled token"},
    {"sample", "from logits to the next token of each sequence"},
};

OpEntry make_entry(const Role& role) {
    for (const Chapter& chapter : chapters()) {
        for (const LadderEntry& ladder : ladders_of(chapter.number)) {
            if (ladder.operation == role.operation) {
                return {role.operation, role.role, chapter.number, ladder};
            }
        }
    }
    throw std::logic_error("no chapter has a ladder '" + std::string(role.operation) + "'");
}

std::string names(const auto& list, auto name) {
    std::string text;
    for (const auto& one : list) {
        if (!text.empty()) text += ", ";
        text += one.*name;
    }
    return text;
}

}  // namespace

OpTable::OpTable(DeviceProperties device) : selection_(std::move(device)) {
    for (const Role& role : roles) entries_.push_back(make_entry(role));
}

const OpEntry& OpTable::at(std::string_view operation) const {
    const auto entry = std::ranges::find(entries_, operation, &OpEntry::operation);
    if (entry == entries_.end()) {
        throw std::invalid_argument("there is no operation '" + std::string(operation) +
                                    "'; there are: " + names(entries_, &OpEntry::operation));
    }
    return *entry;
}

const RungEntry* OpTable::rung(const OpEntry& entry) const {
    const DeviceProperties& device = selection_.device();
    std::string_view best = selection_.named(entry.operation);
    if (best.empty() && device.is_cpu_device) best = entry.ladder.on_cpu_device;
    const RungEntry* highest = nullptr;
    for (const RungEntry& rung : entry.ladder.rungs) {
        if (rung.name == best) return &rung;
        if (rung.needs.met_by(device.compute_capability)) highest = &rung;
    }
    return highest;
}

void OpTable::select(std::string_view operation, std::string_view rung) {
    const std::vector<RungEntry>& rungs = at(operation).ladder.rungs;
    std::vector<const RungEntry*> matches;
    for (const RungEntry& one : rungs) {
        if (names_rung(rung, one.name)) matches.push_back(&one);
    }
    if (matches.size() != 1) {
        throw std::invalid_argument("operation '" + std::string(operation) + "' has no rung '" +
                                    std::string(rung) +
                                    "'; there are: " + names(rungs, &RungEntry::name));
    }
    const RungEntry& chosen = *matches.front();
    if (const std::string reason = unmet(chosen.needs, selection_.device()); !reason.empty()) {
        throw std::invalid_argument(std::string(operation) + " " + std::string(chosen.name) + " " +
                                    reason);
    }
    selection_.name(std::string(operation), std::string(chosen.name));
}

void OpTable::select(std::string_view assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) {
        throw std::invalid_argument("'" + std::string(assignment) +
                                    "' does not name a rung; write OP=RUNG, such as gemv=v1");
    }
    select(assignment.substr(0, equals), assignment.substr(equals + 1));
}

}  // namespace t2t::model

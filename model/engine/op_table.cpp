#include "model/engine/op_table.hpp"

#include <algorithm>
#include <stdexcept>

namespace t2t::model {
namespace {

struct Role {
    std::string_view operation;
    std::string_view role;
};

// What the generator uses, in the order of the chapters.
constexpr Role roles[] = {
    {"vector_add", "residual add after each half of a layer"},
    {"gather_rows", "embedding lookup"},
    {"transpose", "GPT-2's [in, out] weights to [out, in], at load"},
    {"argmax", "greedy token"},
    {"scan", "cumulative probabilities, for top-p and the draw"},
    {"matmul", "linear layers of a prompt, fp32 activations"},
    {"gelu", "GPT-2's activation"},
    {"upload", "weights to the device, at load"},
    {"softmax", "token probabilities"},
    {"layer_norm", "GPT-2's norms"},
    {"rms_norm", "the Llama family's norms"},
    {"swiglu", "the Llama family's gated activation"},
    {"bf16_matmul", "linear layers of a prompt, bf16 activations"},
    {"learned_positions", "GPT-2's positions"},
    {"rope", "split into q, k and v; the Llama family's positions"},
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
};

OpEntry make_entry(const Role& role) {
    for (const Chapter& chapter : chapters()) {
        for (const LadderEntry& ladder : chapter.ladders) {
            if (ladder.operation == role.operation) {
                return {role.operation, role.role, chapter.number, ladder.rungs, 0};
            }
        }
    }
    throw std::logic_error("no chapter has a ladder '" + std::string(role.operation) + "'");
}

std::string names(const std::vector<OpEntry>& entries) {
    std::string list;
    for (const OpEntry& entry : entries) {
        if (!list.empty()) list += ", ";
        list += entry.operation;
    }
    return list;
}

std::string names(const std::vector<RungEntry>& rungs) {
    std::string list;
    for (const RungEntry& rung : rungs) {
        if (!list.empty()) list += ", ";
        list += rung.name;
    }
    return list;
}

std::string version(int compute_capability) {
    return std::to_string(compute_capability / 10) + "." + std::to_string(compute_capability % 10);
}

}  // namespace

OpTable::OpTable(int compute_capability) : compute_capability_(compute_capability) {
    for (const Role& role : roles) {
        OpEntry entry = make_entry(role);
        for (std::size_t i = 0; i < entry.rungs.size(); ++i) {
            if (entry.rungs[i].needs.compute_capability <= compute_capability) entry.selected = i;
        }
        entries_.push_back(std::move(entry));
    }
}

const OpEntry& OpTable::at(std::string_view operation) const {
    const auto entry = std::ranges::find(entries_, operation, &OpEntry::operation);
    if (entry == entries_.end()) {
        throw std::invalid_argument("there is no operation '" + std::string(operation) +
                                    "'; there are: " + names(entries_));
    }
    return *entry;
}

void OpTable::select(std::string_view operation, std::string_view rung) {
    OpEntry& entry = entries_[static_cast<std::size_t>(&at(operation) - entries_.data())];
    std::vector<std::size_t> matches;
    for (std::size_t i = 0; i < entry.rungs.size(); ++i) {
        if (names_rung(rung, entry.rungs[i].name)) matches.push_back(i);
    }
    if (matches.size() != 1) {
        throw std::invalid_argument("operation '" + std::string(operation) + "' has no rung '" +
                                    std::string(rung) + "'; there are: " + names(entry.rungs));
    }
    const RungEntry& chosen = entry.rungs[matches.front()];
    if (chosen.needs.compute_capability > compute_capability_) {
        throw std::invalid_argument(std::string(operation) + " " + std::string(chosen.name) +
                                    " needs compute capability " +
                                    version(chosen.needs.compute_capability) +
                                    "; this device has " + version(compute_capability_));
    }
    entry.selected = matches.front();
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

/// @file
/// Decode steps one after the other, without waiting for the host: captured once, then replayed.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/device/event.hpp"
#include "model/engine/forward.hpp"
#include "model/engine/sampler.hpp"

namespace t2t::model {

/// Adds tokens to some sequences, one for each and step.
///
/// A step is a pass and the choice of the next tokens. These stay on the device, where the next step reads
/// them; the host gets a copy and may read it a step behind. The second step of a size is captured into a
/// graph and from then on replayed: one launch instead of a hundred and more. (The first one runs as it
/// is: whatever is done once, such as loading kernels, is done then.)
class Decoder {
 public:
    /// One sequence.
    struct Row {
        std::int32_t sequence = 0;  ///< row of the cache
        std::int32_t position = 0;  ///< tokens that it has already
        std::int32_t id = 0;        ///< its newest token, which the first step reads
        SamplingRule rule{};        ///< how its tokens are chosen
        std::int64_t step = 0;      ///< how many tokens it has chosen before
    };

    /// Steps that may be under way before one must be read.
    static constexpr int most_steps = 2;

    /// @param model must outlive this object; nobody else may queue passes while steps are under way
    explicit Decoder(Model& model);
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;
    ~Decoder();

    /// Begins anew, with these sequences. No step may be under way.
    void begin(std::vector<Row> rows);

    /// Queues a step of all rows.
    /// @returns the logits, [rows, vocabulary], valid until the next step
    Tensor queue();

    /// Steps that are queued and have not been read.
    int under_way() const { return queued_ - read_; }

    /// Waits for the oldest step that has not been read.
    /// @returns its tokens, one for each row; −1 where the logits were not numbers
    std::span<const std::int32_t> read();

 private:
    /// What goes to the device for one step, and what comes back.
    struct Slot {
        PinnedBuffer<std::int32_t> positions;
        PinnedBuffer<sampling::RowRule> rules;
        PinnedBuffer<std::int32_t> tokens;
        Event done;
    };
    /// Steps are captured by rows, and by whether all are greedy: then nothing is sorted.
    using Key = std::pair<std::int64_t, bool>;

    void run(const Pass& pass, bool all_greedy);

    Model& model_;
    std::vector<Row> rows_;
    DeviceBuffer<sampling::RowRule> rules_;
    std::array<Slot, most_steps> slots_;
    std::map<Key, cudaGraphExec_t> graphs_;  // null: has run once, not yet captured
    Tensor logits_;
    int queued_ = 0;
    int read_ = 0;
};

}  // namespace t2t::model

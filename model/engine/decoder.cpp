#include "model/engine/decoder.hpp"

#include <algorithm>

#include "common/device/check.hpp"

namespace t2t::model {

Decoder::Decoder(Model& model)
    : model_(model),
      rules_(static_cast<std::size_t>(Model::padded_rows(model.cache().sequences()))) {
    for (Slot& slot : slots_) {
        slot.positions = PinnedBuffer<std::int32_t>(rules_.size());
        slot.rules = PinnedBuffer<sampling::RowRule>(rules_.size());
        slot.tokens = PinnedBuffer<std::int32_t>(rules_.size());
    }
    model_.ops().reserve_workspace(model_.ops().workspace_for([&] {
        model_.ops().sample({nullptr, DType::fp32, static_cast<std::int64_t>(rules_.size()),
                             model_.config().vocabulary},
                            nullptr, /*all_greedy=*/false, nullptr);
    }));
}

Decoder::~Decoder() {
    cudaStreamSynchronize(model_.ops().stream());  // a graph may still be running
    for (const auto& [key, graph] : graphs_) {
        if (graph != nullptr) cudaGraphExecDestroy(graph);
    }
}

void Decoder::begin(std::vector<Row> rows) {
    rows_ = std::move(rows);
    const auto padded =
        static_cast<std::size_t>(Model::padded_rows(static_cast<std::int64_t>(rows_.size())));
    std::vector<std::int32_t> ids(padded, -1), owners(padded, -1);
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        ids[i] = rows_[i].id;
        owners[i] = rows_[i].sequence;
    }
    const std::size_t bytes = padded * sizeof(std::int32_t);
    const cudaStream_t stream = model_.ops().stream();
    T2T_CHECK(cudaMemcpyAsync(model_.ids(), ids.data(), bytes, cudaMemcpyHostToDevice, stream));
    T2T_CHECK(
        cudaMemcpyAsync(model_.owners(), owners.data(), bytes, cudaMemcpyHostToDevice, stream));
    T2T_CHECK(cudaStreamSynchronize(stream));  // the vectors end here
    queued_ = read_ = 0;
}

void Decoder::run(const Pass& pass, bool all_greedy) {
    logits_ = model_.queue(pass);
    model_.ops().sample(logits_, rules_.data(), all_greedy, model_.ids());
}

Tensor Decoder::queue() {
    const cudaStream_t stream = model_.ops().stream();
    Slot& slot = slots_[static_cast<std::size_t>(queued_ % most_steps)];
    Pass pass = model_.decode_pass(Model::padded_rows(static_cast<std::int64_t>(rows_.size())));
    const auto padded = static_cast<std::size_t>(pass.batch.tokens);
    std::fill_n(slot.positions.data(), padded, -1);
    std::fill_n(slot.rules.data(), padded, sampling::RowRule{});
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        Row& row = rows_[i];
        slot.rules.data()[i] = row_rule(row.rule, row.step++, model_.config().vocabulary);
        slot.positions.data()[i] = row.position++;
        const std::int64_t window = model_.config().window;
        const std::int64_t seen =
            window > 0 ? std::min<std::int64_t>(row.position, window) : row.position;
        pass.batch.cached += seen;
        pass.batch.pairs += seen;
    }
    T2T_CHECK(cudaMemcpyAsync(model_.positions(), slot.positions.data(),
                              padded * sizeof(std::int32_t), cudaMemcpyHostToDevice, stream));
    T2T_CHECK(cudaMemcpyAsync(rules_.data(), slot.rules.data(), padded * sizeof(sampling::RowRule),
                              cudaMemcpyHostToDevice, stream));

    const bool all_greedy =
        std::ranges::all_of(rows_, [](const Row& row) { return row.rule.greedy(); });
    const bool must_be_eager = model_.ops().trace() != nullptr || model_.on_router_logits;
    const Key key{pass.batch.tokens, all_greedy};
    const auto known = graphs_.find(key);
    if (must_be_eager || known == graphs_.end()) {
        run(pass, all_greedy);
        if (!must_be_eager) graphs_.emplace(key, nullptr);
    } else {
        if (known->second == nullptr) {
            cudaGraph_t graph = nullptr;
            T2T_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
            run(pass, all_greedy);
            T2T_CHECK(cudaStreamEndCapture(stream, &graph));
            const cudaError_t made = cudaGraphInstantiate(&known->second, graph, 0);
            cudaGraphDestroy(graph);
            T2T_CHECK(made);
        }
        T2T_CHECK(cudaGraphLaunch(known->second, stream));
    }
    T2T_CHECK(cudaMemcpyAsync(slot.tokens.data(), model_.ids(), padded * sizeof(std::int32_t),
                              cudaMemcpyDeviceToHost, stream));
    slot.done.record(stream);
    ++queued_;
    return logits_.slice(0, static_cast<std::int64_t>(rows_.size()));
}

std::span<const std::int32_t> Decoder::read() {
    Slot& slot = slots_[static_cast<std::size_t>(read_ % most_steps)];
    slot.done.synchronize();
    ++read_;
    return {slot.tokens.data(), rows_.size()};
}

}  // namespace t2t::model

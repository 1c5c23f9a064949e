#include "model/cache.hpp"

#include "common/device/arguments.hpp"
#include "model/weights.hpp"

namespace t2t::model {

// A multiple of 8 positions, so that every sequence's part starts at a multiple of 16 bytes.
Cache::Cache(const ModelConfig& config, DType type, std::int64_t sequences, std::int64_t positions)
    : sequences_(sequences), capacity_(8 * ceil_div<std::int64_t>(positions, 8)) {
    const std::int64_t rows = sequences_ * capacity_;
    const std::int64_t columns = config.kv_heads * config.head_dim;
    require_device_memory(
        2 * static_cast<std::uint64_t>(config.layers * rows * columns) * size_of(type),
        "keys and values of " + std::to_string(sequences_) + " × " + std::to_string(capacity_) +
            " tokens");
    for (std::int64_t i = 0; i < config.layers; ++i) {
        keys_.emplace_back(type, rows, columns);
        values_.emplace_back(type, rows, columns);
    }
}

LayerCache Cache::layer(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    return {keys_[i], values_[i], sequences_, capacity_};
}

std::uint64_t Cache::bytes() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < keys_.size(); ++i) sum += keys_[i]->bytes() + values_[i]->bytes();
    return sum;
}

}  // namespace t2t::model

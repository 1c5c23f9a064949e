#include "model/engine/cache.hpp"

#include "common/device/arguments.hpp"
#include "model/engine/weights.hpp"

namespace t2t::model {

namespace {

// A multiple of 8, so that every sequence's part starts at a multiple of 16 bytes.
std::int64_t capacity_for(std::int64_t positions) {
    return 8 * ceil_div<std::int64_t>(positions, 8);
}

}  // namespace

std::uint64_t Cache::bytes_for(const ModelConfig& config, DType type, std::int64_t sequences,
                               std::int64_t positions) {
    // In floating point: numbers that no machine holds must not wrap around to small ones.
    const double bytes = 2.0 * static_cast<double>(config.layers) * static_cast<double>(sequences) *
                         static_cast<double>(capacity_for(positions)) *
                         static_cast<double>(config.kv_heads) *
                         static_cast<double>(config.head_dim) * static_cast<double>(size_of(type));
    return bytes < 1e18 ? static_cast<std::uint64_t>(bytes) : std::uint64_t{1} << 60;
}

Cache::Cache(const ModelConfig& config, DType type, std::int64_t sequences, std::int64_t positions)
    : sequences_(sequences), capacity_(capacity_for(positions)) {
    require_device_memory(bytes_for(config, type, sequences, positions),
                          "keys and values of " + std::to_string(sequences_) + " × " +
                              std::to_string(capacity_) + " tokens");
    const std::int64_t rows = sequences_ * capacity_;
    const std::int64_t columns = config.kv_heads * config.head_dim;
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

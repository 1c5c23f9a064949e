#include "model/engine/cache.hpp"

#include <numeric>

#include "common/device/arguments.hpp"
#include "model/engine/weights.hpp"

namespace t2t::model {

namespace {

// A multiple of 8, so that every page starts at a multiple of 16 bytes.
std::int64_t page_for(std::int64_t positions) {
    return 8 * ceil_div<std::int64_t>(positions, 8);
}

}  // namespace

std::uint64_t Cache::bytes_for(const ModelConfig& config, DType type, std::int64_t sequences,
                               std::int64_t positions) {
    // In floating point: numbers that no machine holds must not wrap around to small ones.
    const double bytes = 2.0 * static_cast<double>(config.layers) * static_cast<double>(sequences) *
                         static_cast<double>(page_for(positions)) *
                         static_cast<double>(config.kv_heads) *
                         static_cast<double>(config.head_dim) * static_cast<double>(size_of(type));
    return bytes < 1e18 ? static_cast<std::uint64_t>(bytes) : std::uint64_t{1} << 60;
}

Cache::Cache(const ModelConfig& config, DType type, std::int64_t sequences, std::int64_t positions,
             std::int64_t page)
    : sequences_(sequences),
      page_(page_for(page > 0 ? page : positions)),
      pages_per_sequence_(ceil_div<std::int64_t>(positions, page_)) {
    require_device_memory(bytes_for(config, type, sequences, capacity()),
                          "keys and values of " + std::to_string(sequences_) + " × " +
                              std::to_string(capacity()) + " tokens");
    const std::int64_t columns = config.kv_heads * config.head_dim;
    for (std::int64_t i = 0; i < config.layers; ++i) {
        keys_.emplace_back(type, sequences_ * capacity(), columns);
        values_.emplace_back(type, sequences_ * capacity(), columns);
    }
    std::vector<std::int32_t> pages(static_cast<std::size_t>(sequences_ * pages_per_sequence_));
    std::iota(pages.begin(), pages.end(), 0);
    pages_ = DeviceBuffer<std::int32_t>(pages);
}

LayerCache Cache::layer(std::int64_t index) const {
    const auto i = static_cast<std::size_t>(index);
    return {keys_[i], values_[i], sequences_ * pages_per_sequence_, page_};
}

void Cache::describe(Batch& batch) const {
    batch.sequences = sequences_;
    batch.pages_per_sequence = pages_per_sequence_;
    batch.pages = pages_.data();
}

}  // namespace t2t::model

/// @file
/// The keys and values of the tokens seen so far.
#pragma once

#include <cstdint>
#include <vector>

#include "common/device/buffer.hpp"
#include "common/lab/batch.hpp"
#include "model/engine/tensor.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// Keys and values of one layer, of the compute type: [pages · page, kv_heads · head_dim] each.
struct LayerCache {
    Tensor keys;              ///< a row for each position of each page
    Tensor values;            ///< likewise
    std::int64_t page_count;  ///< pages of all sequences
    std::int64_t page;        ///< positions in one page

    /// The same for kernels.
    template <typename T>
    CacheView<T> view() const {
        return {keys.as<T>(), values.as<T>(), page_count, page};
    }
};

/// Room for the keys and values of some sequences, in every layer, in pages. Every sequence has all its
/// pages from the start.
class Cache {
 public:
    /// @param config    the model
    /// @param type      the compute type
    /// @param sequences how many sequences there is room for
    /// @param positions the longest of them, in tokens
    /// @param page      positions in one page; 0: one page for each sequence
    /// @throws std::runtime_error the device has too little memory: how much is needed, and how much
    ///                            there is
    Cache(const ModelConfig& config, DType type, std::int64_t sequences, std::int64_t positions,
          std::int64_t page = 0);

    /// Device memory that such a cache takes, with one page for each sequence.
    static std::uint64_t bytes_for(const ModelConfig& config, DType type, std::int64_t sequences,
                                   std::int64_t positions);

    /// One layer's part.
    LayerCache layer(std::int64_t index) const;

    /// Adds the cache's bounds and its page table to a batch whose owners are sequences of this cache.
    void describe(Batch& batch) const;

    std::int64_t sequences() const { return sequences_; }  ///< how many there is room for
    std::int64_t capacity() const { return pages_per_sequence_ * page_; }  ///< positions of each

 private:
    std::int64_t sequences_;
    std::int64_t page_;
    std::int64_t pages_per_sequence_;
    std::vector<OwnedTensor> keys_, values_;
    DeviceBuffer<std::int32_t> pages_;  // [sequences, pages_per_sequence]
};

}  // namespace t2t::model

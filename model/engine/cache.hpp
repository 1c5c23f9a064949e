/// @file
/// The keys and values of the tokens seen so far.
#pragma once

#include <cstdint>
#include <vector>

#include "model/engine/ops.hpp"
#include "model/engine/tensor.hpp"
#include "model/files/config.hpp"

namespace t2t::model {

/// Room for the keys and values of some sequences, in every layer.
class Cache {
 public:
    /// @param config    the model
    /// @param type      the compute type
    /// @param sequences how many sequences there is room for
    /// @param positions the longest of them, in tokens
    /// @throws std::runtime_error the device has too little memory: how much is needed, and how much
    ///                            there is
    Cache(const ModelConfig& config, DType type, std::int64_t sequences, std::int64_t positions);

    /// Device memory that such a cache takes.
    static std::uint64_t bytes_for(const ModelConfig& config, DType type, std::int64_t sequences,
                                   std::int64_t positions);

    /// One layer's part.
    LayerCache layer(std::int64_t index) const;

    std::int64_t sequences() const { return sequences_; }  ///< how many there is room for
    std::int64_t capacity() const { return capacity_; }    ///< positions for each sequence
    std::uint64_t bytes() const;                           ///< of device memory

 private:
    std::int64_t sequences_;
    std::int64_t capacity_;
    std::vector<OwnedTensor> keys_, values_;
};

}  // namespace t2t::model

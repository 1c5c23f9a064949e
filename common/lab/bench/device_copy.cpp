#include "common/lab/bench/device_copy.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "common/device/check.hpp"

namespace t2t::lab {
namespace {

/// What cudaMalloc aligns to.
constexpr std::size_t alignment = 256;

/// 1 MiB of random bytes: enough to be incompressible, quick to make.
std::vector<std::byte> random_block() {
    std::mt19937_64 generator(1);
    std::vector<std::byte> block(1 << 20);
    for (std::byte& byte : block) byte = static_cast<std::byte>(generator());
    return block;
}

}  // namespace

DeviceCopy::DeviceCopy(double bytes, std::size_t sets)
    : half_(std::max<std::size_t>(1, static_cast<std::size_t>(bytes / 2))),
      stride_((half_ + alignment - 1) / alignment * alignment),
      source_(stride_ * sets),
      target_(stride_ * sets) {
    const std::vector<std::byte> block = random_block();
    for (std::size_t at = 0; at < source_.size(); at += block.size()) {
        T2T_CHECK(cudaMemcpy(source_.data() + at, block.data(),
                             std::min(block.size(), source_.size() - at), cudaMemcpyHostToDevice));
    }
}

void DeviceCopy::run(std::size_t set, cudaStream_t stream) {
    T2T_CHECK(cudaMemcpyAsync(target_.data() + set * stride_, source_.data() + set * stride_, half_,
                              cudaMemcpyDeviceToDevice, stream));
}

}  // namespace t2t::lab

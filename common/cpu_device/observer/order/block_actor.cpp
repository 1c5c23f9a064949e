#include "common/cpu_device/observer/order/block_actor.hpp"

#include "common/cpu_device/observer/order/actors.hpp"
#include "common/cpu_device/observer/order/fences.hpp"
#include "common/cpu_device/observer/order/stream_order.hpp"

namespace t2t::observer {
namespace {

std::uint64_t linear_block() {
    return blockIdx.x +
           std::uint64_t{gridDim.x} * (blockIdx.y + std::uint64_t{gridDim.y} * blockIdx.z);
}

}  // namespace

void BlockActor::begin_block() {
    phase_ = 0;
    fences().enter_block();
    become_new();
}

void BlockActor::pass_grid_barrier() {
    ++phase_;
    become_new();
}

void BlockActor::become_new() {
    number_ = actors().enter({linear_block(), phase_, stream_order().launch()});
    begin_ = clock_.now();
    fences().go_on_as(number_, begin_);
}

}  // namespace t2t::observer

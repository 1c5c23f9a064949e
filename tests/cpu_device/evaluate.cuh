/// @file
/// Evaluates a function on the device, for every element of an array.
#pragma once

#include <vector>

#include "tests/cpu_device/conformance.hpp"

namespace t2t::conformance {

/// out[i] = Function()(in[i]).
template <typename Function, typename In, typename Out>
__global__ void evaluate_kernel(const In* in, Out* out, int count) {
    const int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) out[i] = Function()(in[i]);
}

/// Function()(in[i]) for every input, computed on the device.
template <typename Function, typename In>
std::vector<typename Function::Result> evaluate(const std::vector<In>& in) {
    const DeviceBuffer<In> inputs(in);
    return collect<typename Function::Result>(in.size(), [&](typename Function::Result* out) {
        const int count = static_cast<int>(in.size());
        evaluate_kernel<Function><<<(count + 255) / 256, 256>>>(inputs.data(), out, count);
    });
}

}  // namespace t2t::conformance

/// A function for evaluate(): `name` takes `x` of type `in` to `expression` of type `out`.
#define T2T_FUNCTION(name, in, out, expression)                         \
    struct name {                                                       \
        using Result = out;                                             \
        __device__ Result operator()(in x) const { return expression; } \
    };

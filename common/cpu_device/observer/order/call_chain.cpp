#include "common/cpu_device/observer/order/call_chain.hpp"

#include <execinfo.h>

#include <array>

namespace t2t::observer {

CallChain this_call_chain() {
    constexpr int deepest = 16;
    std::array<void*, deepest> frames;
    const int count = backtrace(frames.data(), deepest);
    CallChain chain;
    for (int i = 0; i < count; ++i) chain.push_back(reinterpret_cast<std::uint64_t>(frames[i]));
    return chain;
}

}  // namespace t2t::observer

#include "common/lab/guarded_buffer.hpp"

#include <algorithm>
#include <atomic>

namespace t2t::lab {
namespace {

constexpr std::size_t margin_elements = 64;
constexpr std::size_t alignment = 256;  // bytes; what cudaMalloc gives

/// The next buffer's margin pattern.
std::uint16_t next_margin_poison() {
    static std::atomic<unsigned> turn = 0;
    return margin_poison(turn++);
}

}  // namespace

GuardedBytes::GuardedBytes(std::span<const std::byte> payload, std::size_t element,
                           std::size_t misalignment)
    : element_(element), payload_(payload.size()) {
    const std::size_t margin = margin_elements * element;
    lead_ = (margin + alignment - 1) / alignment * alignment + misalignment;
    const std::uint16_t poison = next_margin_poison();
    start_.resize(lead_ + payload_ + margin);
    fill_poison(start_.data(), lead_, poison);
    std::copy(payload.begin(), payload.end(), start_.begin() + lead_);
    fill_poison(start_.data() + lead_ + payload_, margin, poison);
    device_ = DeviceBuffer<std::byte>(start_);
}

void GuardedBytes::reset() {
    device_.upload(start_);
}

std::vector<std::byte> GuardedBytes::download() const {
    const std::vector<std::byte> all = device_.download();
    return {all.begin() + lead_, all.begin() + lead_ + payload_};
}

bool GuardedBytes::unchanged() const {
    const std::vector<std::byte> now = download();
    return std::equal(now.begin(), now.end(), start_.begin() + lead_);
}

std::vector<std::ptrdiff_t> GuardedBytes::margin_faults() const {
    const std::vector<std::byte> now = device_.download();
    std::vector<std::ptrdiff_t> faults;
    for (std::size_t at = 0; at < now.size(); ++at) {
        const bool in_payload = at >= lead_ && at < lead_ + payload_;
        if (in_payload || now[at] == start_[at]) continue;
        // Rounded down, so that the element just before the payload is −1 throughout.
        const std::ptrdiff_t bytes =
            static_cast<std::ptrdiff_t>(at) - static_cast<std::ptrdiff_t>(lead_);
        const std::ptrdiff_t size = static_cast<std::ptrdiff_t>(element_);
        const std::ptrdiff_t offset = bytes >= 0 ? bytes / size : -((-bytes + size - 1) / size);
        if (faults.empty() || faults.back() != offset) faults.push_back(offset);
    }
    return faults;
}

}  // namespace t2t::lab

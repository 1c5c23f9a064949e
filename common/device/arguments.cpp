#include "common/device/arguments.hpp"

#include <stdexcept>
#include <string>

namespace t2t {

void require_size(std::string_view operation, std::string_view name, std::int64_t value) {
    if (value < 0) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) + " is " +
                                    std::to_string(value) + "; a size is 0 or more");
    }
}

void require_extent(std::string_view operation, std::initializer_list<NamedSize> sizes,
                    std::size_t element_bytes) {
    auto bytes = static_cast<std::int64_t>(element_bytes);
    bool overflows = false;
    for (const NamedSize& size : sizes) {
        require_size(operation, size.name, size.value);
        overflows |= __builtin_mul_overflow(bytes, size.value, &bytes);
    }
    if (!overflows) return;
    std::string text;
    for (const NamedSize& size : sizes) {
        text += (text.empty() ? "" : " × ") + std::string(size.name) + " (" +
                std::to_string(size.value) + ")";
    }
    throw std::invalid_argument(std::string(operation) + ": " + text + " elements of " +
                                std::to_string(element_bytes) +
                                " bytes do not fit a 64-bit offset; use smaller sizes");
}

void require_pointer(std::string_view operation, std::string_view name, const void* pointer,
                     std::size_t alignment) {
    if (pointer == nullptr) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) +
                                    " is null; pass device memory");
    }
    if (reinterpret_cast<std::uintptr_t>(pointer) % alignment != 0) {
        throw std::invalid_argument(std::string(operation) + ": " + std::string(name) +
                                    " is not aligned to " + std::to_string(alignment) +
                                    " bytes; pass an aligned address");
    }
}

unsigned require_blocks(std::string_view operation, std::int64_t blocks, std::int64_t most) {
    if (blocks > most) {
        throw std::invalid_argument(std::string(operation) + ": needs " + std::to_string(blocks) +
                                    " blocks, and a grid has at most " + std::to_string(most) +
                                    " here; use a smaller size or a grid-stride rung");
    }
    return static_cast<unsigned>(blocks);
}

}  // namespace t2t

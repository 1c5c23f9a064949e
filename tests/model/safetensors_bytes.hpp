/// @file
/// Makes safetensors files for tests, byte by byte, without the code under test.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace t2t::model {

/// A whole file: the header's length in 8 bytes, little-endian, the header, the data.
/// @param announced what to write as the header's length; its real length when negative
inline std::string safetensors_bytes(std::string_view header, std::string_view data,
                                     std::int64_t announced = -1) {
    const auto length = announced < 0 ? header.size() : static_cast<std::uint64_t>(announced);
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>(length >> (8 * i) & 0xff);
    bytes += header;
    bytes += data;
    return bytes;
}

/// `"name": {"dtype": …, "shape": …, "data_offsets": …}`
/// @param shape   `[2, 3]`
/// @param offsets `[0, 24]`
inline std::string header_entry(std::string_view name, std::string_view dtype,
                                std::string_view shape, std::string_view offsets) {
    std::string entry = "\"" + std::string(name) + "\": {\"dtype\": \"" + std::string(dtype);
    entry += "\", \"shape\": " + std::string(shape);
    entry += ", \"data_offsets\": " + std::string(offsets) + "}";
    return entry;
}

inline std::span<const std::byte> as_bytes(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

}  // namespace t2t::model

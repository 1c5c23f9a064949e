/// @file
/// Reads the numbers of a safetensors file: what the truth files hold. Shares no code with the reader
/// under test.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace t2t::tests {

/// A safetensors file of fp32 and int32 tensors.
class Stored {
 public:
    explicit Stored(const std::filesystem::path& file) {
        std::ifstream in(file, std::ios::binary);
        if (!in) throw std::runtime_error("cannot read " + file.string());
        const std::string all{std::istreambuf_iterator<char>(in), {}};
        std::uint64_t header = 0;
        std::memcpy(&header, all.data(), sizeof header);
        header_ = nlohmann::json::parse(all.substr(8, header));
        numbers_ = all.substr(8 + header);
    }

    /// The numbers of one tensor; T must be what is stored.
    template <typename T>
    std::vector<T> values(const std::string& name) const {
        const std::size_t begin = header_.at(name).at("data_offsets").at(0);
        const std::size_t end = header_.at(name).at("data_offsets").at(1);
        std::vector<T> result((end - begin) / sizeof(T));
        std::memcpy(result.data(), numbers_.data() + begin, end - begin);
        return result;
    }

    bool contains(const std::string& name) const { return header_.contains(name); }

 private:
    nlohmann::json header_;
    std::string numbers_;
};

}  // namespace t2t::tests

/// @file
/// One value of a tokenizer.json and its name, so that whatever is wrong with it can be said in one
/// sentence. For the tokenizers' own sources only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace t2t::model {

/// A value somewhere in a tokenizer.json, such as `pre_tokenizer.pretokenizers[0].pattern`.
class JsonField {
 public:
    /// @param value must outlive this object
    /// @param file  the file's name, for messages
    /// @param name  where the value stands in the file; empty for all of it
    JsonField(const nlohmann::json& value, const std::filesystem::path& file, std::string name)
        : value_(value), file_(file), name_(std::move(name)) {}

    /// The value itself.
    const nlohmann::json& value() const { return value_; }

    /// Stops reading the file: "FILE: NAME PROBLEM".
    /// @param problem goes on after the name: `is not a list`
    /// @throws FileError always
    [[noreturn]] void refuse(const std::string& problem) const;

    /// Stops reading the file: "FILE: NAME is VALUE; supported: SUPPORTED".
    [[noreturn]] void unsupported(const std::string& supported) const;

    /// Is the value's field `key` there, and not null?
    bool has(std::string_view key) const;
    /// The field `key` of an object; an error where it is missing or null.
    JsonField at(std::string_view key) const;
    /// The element `index` of a list.
    JsonField at(std::size_t index) const;
    /// Elements of a list; an error where it is none.
    std::size_t size() const;

    /// The value, which must be a string.
    const std::string& text() const;
    /// The value, which must be true or false.
    bool flag() const;
    /// The value, which must be a token's id.
    std::int32_t id() const;
    /// The value, which must be a whole number from 0 to 1000.
    std::size_t count() const;

    /// The field `key`, true or false; `otherwise` where it is missing or null.
    bool flag(std::string_view key, bool otherwise) const;

 private:
    std::string name_of(std::string_view key) const;
    std::int64_t number_up_to(std::int64_t largest) const;

    const nlohmann::json& value_;
    const std::filesystem::path& file_;
    std::string name_;
};

}  // namespace t2t::model

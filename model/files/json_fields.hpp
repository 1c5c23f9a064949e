/// @file
/// The fields of a JSON object, each checked for its type and its range. For model/*.cpp only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "model/files/warning.hpp"

namespace t2t::model {

/// The largest size of any kind. Ids are int32, and products of two sizes fit 64 bits.
inline constexpr std::int64_t max_size = std::numeric_limits<std::int32_t>::max();

/// `a`, `b`, … as one text.
std::string joined(std::span<const std::string_view> parts, std::string_view separator);

/// The fields of one JSON object. Every getter throws FileError when a field is not what it must be.
///
/// A field that is absent takes its default; `null` counts as absent only where a getter says so.
class Fields {
 public:
    /// @param object must outlive this object
    /// @param warn   see warn(); may be empty
    /// @param prefix what stands before a field's name in messages: `rope_parameters.`
    Fields(const nlohmann::json& object, std::filesystem::path file, Warn warn = {},
           std::string prefix = "")
        : object_(object),
          file_(std::move(file)),
          warn_(std::move(warn)),
          prefix_(std::move(prefix)) {}

    /// The object itself.
    const nlohmann::json& object() const { return object_; }

    /// The field, or null when there is none.
    const nlohmann::json* find(std::string_view name) const;

    /// Is there a field of this name that is not `null`?
    bool is_set(std::string_view name) const;

    /// The field's name in messages.
    std::string name_of(std::string_view name) const { return prefix_ + std::string(name); }

    /// Stops reading the file.
    [[noreturn]] void fail(const std::string& problem) const;

    /// Says what is odd, and goes on.
    void warn(const std::string& sentence) const;

    /// `hidden_size is missing`
    [[noreturn]] void fail_missing(std::string_view name) const;

    /// `hidden_size is "x"; it must be …`
    [[noreturn]] void fail_value(std::string_view name, const std::string& must_be) const;

    /// A whole number from `low` to `high`, which must be there.
    std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high) const;

    /// A size, which must be there.
    std::int64_t size(std::string_view name) const { return integer(name, 1, max_size); }

    /// A size; `absent`, and a warning, when there is none.
    std::int64_t size(std::string_view name, std::int64_t absent) const;

    /// A size, or nothing when it is absent or `null`.
    std::optional<std::int64_t> optional_size(std::string_view name) const;

    /// A number from `low` to `high`, which must be there.
    double number(std::string_view name, double low, double high) const;

    /// true or false; `absent` when there is none.
    bool boolean(std::string_view name, bool absent) const;

    /// A text that must be one of `allowed`; `absent` when there is none.
    std::string one_of(std::string_view name, std::span<const std::string_view> allowed,
                       std::string_view absent) const;

    /// A setting of which only one value is supported.
    void require_boolean(std::string_view name, bool supported) const;

    /// A setting that is not supported at all.
    void require_unset(std::string_view name, const std::string& meaning) const;

    /// The fields of the object called `name`.
    Fields inside(std::string_view name) const;

    /// One token id or a list of them; none when absent or `null`. An id that the vocabulary does not
    /// have would never be met: it is left out, with a warning.
    std::vector<std::int32_t> tokens(std::string_view name, std::int64_t vocabulary) const;

 private:
    static std::optional<std::int64_t> whole_number(const nlohmann::json& value);

    const nlohmann::json& object_;
    std::filesystem::path file_;
    Warn warn_;
    std::string prefix_;
};

}  // namespace t2t::model

/// @file
/// The fields of a JSON object, each checked for its type and its range. For model/*.cpp only.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "model/files/json_file.hpp"
#include "model/files/warning.hpp"

namespace t2t::model {

/// The largest size of any kind. Ids are int32, and products of two sizes fit 64 bits.
inline constexpr std::int64_t max_size = std::numeric_limits<std::int32_t>::max();

/// `a`, `b`, … as one text.
inline std::string joined(std::span<const std::string_view> parts, std::string_view separator) {
    std::string text;
    for (const std::string_view part : parts) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

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
    const nlohmann::json* find(std::string_view name) const {
        const auto field = object_.find(name);
        return field == object_.end() ? nullptr : &*field;
    }

    /// Is there a field of this name that is not `null`?
    bool is_set(std::string_view name) const {
        const nlohmann::json* field = find(name);
        return field != nullptr && !field->is_null();
    }

    /// The field's name in messages.
    std::string name_of(std::string_view name) const { return prefix_ + std::string(name); }

    /// Stops reading the file.
    [[noreturn]] void fail(const std::string& problem) const { throw FileError(file_, problem); }

    /// Says what is odd, and goes on.
    void warn(const std::string& sentence) const {
        if (warn_) warn_(file_.string() + ": " + sentence);
    }

    /// `hidden_size is missing`
    [[noreturn]] void fail_missing(std::string_view name) const {
        fail(name_of(name) + " is missing");
    }

    /// `hidden_size is "x"; it must be …`
    [[noreturn]] void fail_value(std::string_view name, const std::string& must_be) const {
        fail(name_of(name) + " is " + shown(*find(name)) + "; it must be " + must_be);
    }

    /// A whole number from `low` to `high`, which must be there.
    std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high) const {
        const nlohmann::json* field = find(name);
        if (field == nullptr) fail_missing(name);
        const std::optional<std::int64_t> value = whole_number(*field);
        if (!value || *value < low || *value > high) {
            fail_value(
                name, "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
        }
        return *value;
    }

    /// A size, which must be there.
    std::int64_t size(std::string_view name) const { return integer(name, 1, max_size); }

    /// A size; `absent`, and a warning, when there is none.
    std::int64_t size(std::string_view name, std::int64_t absent) const {
        if (find(name) != nullptr) return size(name);
        warn(name_of(name) + " is missing; taken is " + std::to_string(absent) +
             ", the default of transformers");
        return absent;
    }

    /// A size, or nothing when it is absent or `null`.
    std::optional<std::int64_t> optional_size(std::string_view name) const {
        if (!is_set(name)) return std::nullopt;
        return size(name);
    }

    /// A number from `low` to `high`, which must be there.
    double number(std::string_view name, double low, double high) const {
        const nlohmann::json* field = find(name);
        if (field == nullptr) fail_missing(name);
        const double value = field->is_number() ? field->get<double>() : std::nan("");
        if (!(value >= low && value <= high)) {
            fail_value(name, "a number from " + nlohmann::json(low).dump() + " to " +
                                 nlohmann::json(high).dump());
        }
        return value;
    }

    /// true or false; `absent` when there is none.
    bool boolean(std::string_view name, bool absent) const {
        const nlohmann::json* field = find(name);
        if (field == nullptr) return absent;
        if (!field->is_boolean()) fail_value(name, "true or false");
        return field->get<bool>();
    }

    /// A text that must be one of `allowed`; `absent` when there is none.
    std::string one_of(std::string_view name, std::span<const std::string_view> allowed,
                       std::string_view absent) const {
        const nlohmann::json* field = find(name);
        if (field == nullptr) return std::string(absent);
        if (!field->is_string() ||
            std::find(allowed.begin(), allowed.end(), field->get_ref<const std::string&>()) ==
                allowed.end()) {
            fail_value(name, joined(allowed, allowed.size() > 2 ? ", " : " or "));
        }
        return field->get<std::string>();
    }

    /// A setting of which only one value is supported.
    void require_boolean(std::string_view name, bool supported) const {
        if (boolean(name, supported) != supported) {
            fail_value(name, std::string(supported ? "true" : "false") +
                                 ", because the other is not supported");
        }
    }

    /// A setting that is not supported at all.
    void require_unset(std::string_view name, const std::string& meaning) const {
        if (is_set(name)) fail(name_of(name) + " is set, but " + meaning + " is not supported");
    }

    /// The fields of the object called `name`.
    Fields inside(std::string_view name) const {
        const nlohmann::json* field = find(name);
        if (field == nullptr) fail_missing(name);
        if (!field->is_object()) fail_value(name, "an object or null");
        return {*field, file_, warn_, name_of(name) + "."};
    }

    /// One token id or a list of them; none when absent or `null`. An id that the vocabulary does not
    /// have would never be met: it is left out, with a warning.
    std::vector<std::int32_t> tokens(std::string_view name, std::int64_t vocabulary) const {
        if (!is_set(name)) return {};
        const nlohmann::json& field = *find(name);
        std::vector<std::int32_t> ids;
        for (const nlohmann::json& entry :
             field.is_array() ? field : nlohmann::json::array({field})) {
            const std::optional<std::int64_t> id = whole_number(entry);
            const std::string range = std::to_string(vocabulary - 1);
            if (!id) {
                fail(name_of(name) + " holds " + shown(entry) +
                     "; a token id is a whole number from 0 to " + range);
            }
            if (*id < 0 || *id >= vocabulary) {
                warn(name_of(name) + " is " + shown(entry) + ", but the vocabulary ends at " +
                     range + "; it is ignored");
                continue;
            }
            ids.push_back(static_cast<std::int32_t>(*id));
        }
        return ids;
    }

 private:
    static std::optional<std::int64_t> whole_number(const nlohmann::json& value) {
        if (value.is_number_unsigned()) {
            const auto number = value.get<std::uint64_t>();
            if (number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
            return static_cast<std::int64_t>(number);
        }
        if (value.is_number_integer()) return value.get<std::int64_t>();
        return std::nullopt;
    }

    const nlohmann::json& object_;
    std::filesystem::path file_;
    Warn warn_;
    std::string prefix_;
};

}  // namespace t2t::model

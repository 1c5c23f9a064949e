#include "model/files/json_fields.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"
#include "model/files/json_file.hpp"

namespace t2t::model {

std::string joined(std::span<const std::string_view> parts, std::string_view separator) {
    std::string text;
    for (const std::string_view part : parts) {
        if (!text.empty()) text += separator;
        text += part;
    }
    return text;
}

const nlohmann::json* Fields::find(std::string_view name) const {
    const auto field = object_.find(name);
    return field == object_.end() ? nullptr : &*field;
}

bool Fields::is_set(std::string_view name) const {
    const nlohmann::json* field = find(name);
    return field != nullptr && !field->is_null();
}

void Fields::fail(const std::string& problem) const {
    throw FileError(file_, problem);
}

void Fields::warn(const std::string& sentence) const {
    if (warn_) warn_(file_.string() + ": " + sentence);
}

void Fields::fail_missing(std::string_view name) const {
    fail(name_of(name) + " is missing");
}

void Fields::fail_value(std::string_view name, const std::string& must_be) const {
    fail(name_of(name) + " is " + shown(*find(name)) + "; it must be " + must_be);
}

std::int64_t Fields::integer(std::string_view name, std::int64_t low, std::int64_t high) const {
    const nlohmann::json* field = find(name);
    if (field == nullptr) fail_missing(name);
    const std::optional<std::int64_t> value = whole_number(*field);
    if (!value || *value < low || *value > high) {
        fail_value(name,
                   "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    return *value;
}

std::int64_t Fields::size(std::string_view name, std::int64_t absent) const {
    if (find(name) != nullptr) return size(name);
    warn(name_of(name) + " is missing; taken is " + std::to_string(absent) +
         ", the default of transformers");
    return absent;
}

std::optional<std::int64_t> Fields::optional_size(std::string_view name) const {
    if (!is_set(name)) return std::nullopt;
    return size(name);
}

double Fields::number(std::string_view name, double low, double high) const {
    const nlohmann::json* field = find(name);
    if (field == nullptr) fail_missing(name);
    const double value = field->is_number() ? field->get<double>() : std::nan("");
    if (!(value >= low && value <= high)) {
        fail_value(name, "a number from " + nlohmann::json(low).dump() + " to " +
                             nlohmann::json(high).dump());
    }
    return value;
}

bool Fields::boolean(std::string_view name, bool absent) const {
    const nlohmann::json* field = find(name);
    if (field == nullptr) return absent;
    if (!field->is_boolean()) fail_value(name, "true or false");
    return field->get<bool>();
}

std::string Fields::one_of(std::string_view name, std::span<const std::string_view> allowed,
                           std::string_view absent) const {
    const nlohmann::json* field = find(name);
    if (field == nullptr) return std::string(absent);
    if (!field->is_string() || std::find(allowed.begin(), allowed.end(),
                                         field->get_ref<const std::string&>()) == allowed.end()) {
        fail_value(name, joined(allowed, allowed.size() > 2 ? ", " : " or "));
    }
    return field->get<std::string>();
}

void Fields::require_boolean(std::string_view name, bool supported) const {
    if (boolean(name, supported) != supported) {
        fail_value(name, std::string(supported ? "true" : "false") +
                             ", because the other is not supported");
    }
}

void Fields::require_unset(std::string_view name, const std::string& meaning) const {
    if (is_set(name)) fail(name_of(name) + " is set, but " + meaning + " is not supported");
}

Fields Fields::inside(std::string_view name) const {
    const nlohmann::json* field = find(name);
    if (field == nullptr) fail_missing(name);
    if (!field->is_object()) fail_value(name, "an object or null");
    return {*field, file_, warn_, name_of(name) + "."};
}

std::vector<std::int32_t> Fields::tokens(std::string_view name, std::int64_t vocabulary) const {
    if (!is_set(name)) return {};
    const nlohmann::json& field = *find(name);
    std::vector<std::int32_t> ids;
    for (const nlohmann::json& entry : field.is_array() ? field : nlohmann::json::array({field})) {
        const std::optional<std::int64_t> id = whole_number(entry);
        const std::string range = std::to_string(vocabulary - 1);
        if (!id) {
            fail(name_of(name) + " holds " + shown(entry) +
                 "; a token id is a whole number from 0 to " + range);
        }
        if (*id < 0 || *id >= vocabulary) {
            warn(name_of(name) + " is " + shown(entry) + ", but the vocabulary ends at " + range +
                 "; it is ignored");
            continue;
        }
        ids.push_back(static_cast<std::int32_t>(*id));
    }
    return ids;
}

std::optional<std::int64_t> Fields::whole_number(const nlohmann::json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (number > std::numeric_limits<std::int64_t>::max()) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    return std::nullopt;
}

}  // namespace t2t::model

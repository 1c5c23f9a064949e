#include "model/tokenizer/tokenizer_json.hpp"

#include <algorithm>

#include "model/files/file_error.hpp"
#include "model/files/json_file.hpp"

namespace t2t::model {
namespace {

/// The largest id. Tables are as long as the largest id, so one wild id must not make them huge;
/// the vocabularies of today end below 300,000.
constexpr std::int64_t max_id = (1 << 20) - 1;

}  // namespace

void JsonField::refuse(const std::string& problem) const {
    throw FileError(file_, (name_.empty() ? "the file" : name_) + " " + problem);
}

void JsonField::unsupported(const std::string& supported) const {
    refuse("is " + shown(value_) + "; supported: " + supported);
}

std::string JsonField::name_of(std::string_view key) const {
    if (name_.empty()) return std::string(key);
    const bool plain = std::all_of(key.begin(), key.end(), [](unsigned char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
    return plain ? name_ + "." + std::string(key) : name_ + "[" + in_quotes(key) + "]";
}

bool JsonField::has(std::string_view key) const {
    if (!value_.is_object()) refuse("is " + shown(value_) + ", not an object");
    const auto found = value_.find(key);
    return found != value_.end() && !found->is_null();
}

JsonField JsonField::at(std::string_view key) const {
    if (!has(key)) JsonField(value_, file_, name_of(key)).refuse("is missing");
    return JsonField(*value_.find(key), file_, name_of(key));
}

JsonField JsonField::at(std::size_t index) const {
    return JsonField(value_.at(index), file_, name_ + "[" + std::to_string(index) + "]");
}

std::size_t JsonField::size() const {
    if (!value_.is_array()) refuse("is " + shown(value_) + ", not a list");
    return value_.size();
}

const std::string& JsonField::text() const {
    if (!value_.is_string()) refuse("is " + shown(value_) + ", not a string");
    return value_.get_ref<const std::string&>();
}

bool JsonField::flag() const {
    if (!value_.is_boolean()) refuse("is " + shown(value_) + ", not true or false");
    return value_.get<bool>();
}

std::int64_t JsonField::number_up_to(std::int64_t largest) const {
    // A negative number and one beyond 64 bits are of other types: number_integer, number_float.
    if (!value_.is_number_unsigned() || value_.get<std::uint64_t>() > std::uint64_t(largest)) {
        refuse("is " + shown(value_) + ", not a whole number from 0 to " + std::to_string(largest));
    }
    return value_.get<std::int64_t>();
}

std::int32_t JsonField::id() const {
    return static_cast<std::int32_t>(number_up_to(max_id));
}

std::size_t JsonField::count() const {
    return static_cast<std::size_t>(number_up_to(1000));
}

bool JsonField::flag(std::string_view key, bool otherwise) const {
    return has(key) ? at(key).flag() : otherwise;
}

}  // namespace t2t::model

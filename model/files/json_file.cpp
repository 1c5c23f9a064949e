#include "model/files/json_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/files/file_error.hpp"

namespace t2t::model {
namespace {

/// Objects and lists within each other. Real files have four levels; a limit keeps recursion shallow.
constexpr int max_json_depth = 64;

/// `text` with NaN, Infinity and -Infinity in quotes, where they stand outside of texts. Python writes
/// and reads these three as numbers; JSON has none of them. In quotes they are shown in messages as
/// what they are, and are no number that a size or a factor could be.
/// @param added gets where in the result a quote was put in, rising
std::string with_python_numbers_quoted(std::string_view text, std::vector<std::size_t>& added) {
    std::string result;
    std::size_t copied = 0;
    bool in_text = false;
    for (std::size_t at = 0;;) {
        at = text.find_first_of(in_text ? "\"\\" : "\"NI-", at);
        if (at == std::string_view::npos) break;
        std::string_view number;
        for (const std::string_view each : {"NaN", "Infinity", "-Infinity"}) {
            if (!in_text && text.substr(at).starts_with(each)) number = each;
        }
        if (!number.empty()) {
            result.append(text.substr(copied, at - copied)).append(1, '"');
            added.push_back(result.size() - 1);
            result.append(number).append(1, '"');
            added.push_back(result.size() - 1);
            copied = at += number.size();
        } else if (text[at] == '\\') {
            at += 2;  // what follows is escaped
        } else {
            if (text[at] == '"') in_text = !in_text;
            ++at;
        }
    }
    return result.append(text.substr(copied));
}

}  // namespace

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 80;
    const bool cut = text.size() > longest;
    using json = nlohmann::json;
    const json value = std::string(text.substr(0, longest));
    const std::string result = value.dump(-1, ' ', true, json::error_handler_t::replace);
    return cut ? result.substr(0, result.size() - 1) + "…\"" : result;
}

std::string shown(const nlohmann::json& value) {
    if (value.is_string()) return in_quotes(value.get_ref<const std::string&>());
    if (value.is_array()) return "a list";
    if (value.is_object()) return "an object";
    return value.dump();
}

void refuse_missing(const std::filesystem::path& file) {
    throw FileError(file,
                    "there is no such file; a model's folder needs config.json, tokenizer.json and "
                    "model.safetensors, so fetch it from where the others are from");
}

std::string read_text(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) refuse_missing(file);
    if (!std::filesystem::is_regular_file(file, error)) throw FileError(file, "is not a file");
    std::ifstream stream(file, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream) {
        throw FileError(file, std::string("cannot be read: ") + std::strerror(errno));
    }
    return text;
}

nlohmann::json parse_json_object(std::string_view text, const std::filesystem::path& file,
                                 const std::string& what) {
    using json = nlohmann::json;
    std::vector<std::set<std::string>> keys;  // of every object that is open
    const auto check = [&](int depth, json::parse_event_t event, json& value) {
        if (depth > max_json_depth) {
            throw FileError(file, what + " is nested more than " + std::to_string(max_json_depth) +
                                      " levels deep");
        }
        if (event == json::parse_event_t::object_start) keys.emplace_back();
        if (event == json::parse_event_t::object_end) keys.pop_back();
        if (event == json::parse_event_t::key &&
            !keys.back().insert(value.get_ref<const std::string&>()).second) {
            throw FileError(file, what + " gives " + shown(value) + " twice");
        }
        return true;
    };

    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        throw FileError(file, what + " is in UTF-16; save it as UTF-8");
    }
    std::vector<std::size_t> added;
    const std::string quoted = with_python_numbers_quoted(text, added);
    json document;
    try {
        document = json::parse(quoted, check);
    } catch (const json::parse_error& error) {
        // `byte` counts from 1, may be one past the end, and counts the quotes that were put in.
        const std::size_t place = error.byte > 0 ? error.byte - 1 : 0;
        const auto quotes = std::ranges::count_if(added, [&](auto at) { return at < place; });
        const std::string_view before = text.substr(0, place - static_cast<std::size_t>(quotes));
        const auto lines = std::count(before.begin(), before.end(), '\n');
        const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
        throw FileError(file, what + " is not JSON: it breaks off or goes wrong at line " +
                                  std::to_string(lines + 1) + ", column " +
                                  std::to_string(before.size() - line_start + 1));
    } catch (const json::exception&) {
        throw FileError(file, what + " is not JSON: a number in it is out of range");
    }
    if (!document.is_object()) {
        throw FileError(file, what + " holds " + shown(document) + ", not a JSON object");
    }
    return document;
}

}  // namespace t2t::model

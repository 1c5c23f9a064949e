/// @file
/// JSON that someone else wrote: read with care, shown in messages. For model/*.cpp only.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace t2t::model {

/// A text for a message: in quotes, what cannot be printed escaped, cut where it is long.
std::string in_quotes(std::string_view text);

/// A value for a message: `"relu"`, `12`, `null`, `a list`.
std::string shown(const nlohmann::json& value);

/// Says that one of a model's files is missing, and what to do.
/// @throws FileError always
[[noreturn]] void refuse_missing(const std::filesystem::path& file);

/// Everything that `file` holds.
/// @throws FileError it is not there, not a file, or cannot be read
std::string read_text(const std::filesystem::path& file);

/// The JSON object in `text`, in which no key may stand twice: the second would hide the first.
/// @param text what to parse
/// @param file where it is from, for messages
/// @param what the text's name in messages
/// @throws FileError it is not JSON, not an object, nested too deeply, or gives a key twice
nlohmann::json parse_json_object(std::string_view text, const std::filesystem::path& file,
                                 const std::string& what = "the file");

}  // namespace t2t::model

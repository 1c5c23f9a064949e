/// @file
/// What is wrong with a model's files, in one sentence.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

namespace t2t::model {

/// A file that cannot be used: names the file, the field or tensor, and what to do where that can be
/// said.
class FileError : public std::runtime_error {
 public:
    /// @param file    the file at fault
    /// @param problem what is wrong with it, without a full stop
    FileError(const std::filesystem::path& file, const std::string& problem)
        : std::runtime_error(file.string() + ": " + problem) {}
};

}  // namespace t2t::model

/// @file
/// The text of source lines, for tables and listings.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "common/cpu_device/observer/report/report.hpp"

namespace t2t::rung_check {

/// Reads source files, each once.
class SourceFiles {
 public:
    /// @param root the folder that relative file names start from
    explicit SourceFiles(std::filesystem::path root) : root_(std::move(root)) {}

    /// The lines of `file`, without their ends; none when it cannot be read.
    const std::vector<std::string>& lines(const std::string& file);
    /// The text of one line; empty when there is none.
    std::string text(const observer::SourceLine& where);

 private:
    std::filesystem::path root_;
    std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace t2t::rung_check

#include "cli/output_file.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "cli/usage_error.hpp"

namespace t2t::cli {

void require_writable(const std::string& option, const std::string& file) {
    if (file.empty() || file == "-") return;
    std::error_code ignored;
    const bool stood = std::filesystem::exists(file, ignored);
    const bool can_write = std::ofstream(file, std::ios::app).is_open();  // keeps what is in it
    if (!stood) std::filesystem::remove(file, ignored);
    if (!can_write) {
        throw UsageError(option + ": cannot write " + file +
                         "; name a file that you may write, in a folder that exists");
    }
}

void write_output(const std::string& option, const std::string& file, const std::string& text) {
    if (file == "-") {
        std::cout << text;
        return;
    }
    std::ofstream out(file);
    out << text;
    out.close();
    if (!out) {
        throw std::runtime_error("cannot write " + file + "; choose another file for " + option);
    }
}

}  // namespace t2t::cli

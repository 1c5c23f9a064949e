#include "cli/check/source_files.hpp"

#include <fstream>

namespace t2t::rung_check {

const std::vector<std::string>& SourceFiles::lines(const std::string& file) {
    const auto [entry, is_new] = files_.try_emplace(file);
    if (is_new && !file.empty()) {
        std::ifstream in(root_ / file);  // an absolute name stays itself
        for (std::string line; std::getline(in, line);) entry->second.push_back(line);
    }
    return entry->second;
}

std::string SourceFiles::text(const observer::SourceLine& where) {
    const std::vector<std::string>& all = lines(where.file);
    const auto index = static_cast<std::size_t>(where.line) - 1;  // line 0 becomes the largest
    return index < all.size() ? all[index] : "";
}

}  // namespace t2t::rung_check

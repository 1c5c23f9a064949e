#include "cli/run/sources.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "cli/run/unserved.hpp"
#include "common/cpu_device/translator/translate.hpp"

namespace t2t::own {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path, const std::string& shown) {
    std::ifstream in(path, std::ios::binary);
    if (!in && !fs::exists(path)) throw std::runtime_error("the file '" + shown + "' is gone");
    if (!in || fs::is_directory(path)) {
        throw std::runtime_error("cannot read '" + shown + "'; check its permissions");
    }
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        throw std::runtime_error("'" + shown + "' is in UTF-16; save it as UTF-8");
    }
    if (text.find('\0') != text.npos) {
        throw std::runtime_error("'" + shown +
                                 "' is no text, so it cannot be CUDA source; name another file");
    }
    return text;
}

std::string shown_from_here(const fs::path& path) {
    static const fs::path here = fs::weakly_canonical(fs::current_path());
    const fs::path relative = path.lexically_relative(here);
    const bool below = !relative.empty() && *relative.begin() != "..";
    return (below ? relative : path).string();
}

std::string_view trimmed_left(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == text.npos ? std::string_view() : text.substr(first);
}

/// An #include of one line.
struct Include {
    std::string name;
    bool quoted = false;  ///< "name", which is looked for beside the file, too; else <name>
};

std::optional<Include> include_in(std::string_view line) {
    line = trimmed_left(line);
    if (!line.starts_with('#')) return std::nullopt;
    line = trimmed_left(line.substr(1));
    if (!line.starts_with("include")) return std::nullopt;
    line = trimmed_left(line.substr(std::string_view("include").size()));
    if (line.empty() || (line[0] != '"' && line[0] != '<')) return std::nullopt;
    const std::size_t end = line.find(line[0] == '"' ? '"' : '>', 1);
    if (end == line.npos) return std::nullopt;
    return Include{std::string(line.substr(1, end - 1)), line[0] == '"'};
}

/// Calls `visit(line)` for each line of `text`, without its end.
template <typename Visit>
void each_line(std::string_view text, Visit visit) {
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        visit(text.substr(begin, end - begin));
        begin = end + 1;
    }
}

/// The header that `include` of the file at `includer` finds among the program's own; nothing: it is
/// the system's.
std::optional<fs::path> find_header(const Include& include, const fs::path& includer,
                                    const std::vector<fs::path>& include_dirs) {
    std::vector<fs::path> dirs;
    if (include.quoted) dirs.push_back(includer.parent_path());
    dirs.insert(dirs.end(), include_dirs.begin(), include_dirs.end());
    std::error_code ignored;
    for (const fs::path& dir : dirs) {
        const fs::path found = dir / include.name;
        if (fs::is_regular_file(found, ignored)) return fs::weakly_canonical(found);
    }
    return std::nullopt;
}

/// An #include of a library that the CPU device does not serve, and that the program does not bring along, becomes an
/// error at its line, which the compiler gives only when it comes there.
std::string refusing_unserved_headers(const std::string& text, const fs::path& includer,
                                      const std::vector<fs::path>& include_dirs) {
    std::string result;
    each_line(text, [&](std::string_view line) {
        const std::optional<Include> include = include_in(line);
        if (include && !library_of_header(include->name).empty() &&
            !find_header(*include, includer, include_dirs)) {
            result += "#error " + std::string(unserved_header_mark) + include->name;
        } else {
            result += line;
        }
        result += '\n';
    });
    return result;
}

bool is_for_the_device(const fs::path& path) {
    const std::string extension = path.extension().string();
    return extension != ".cpp" && extension != ".cc" && extension != ".cxx" && extension != ".c";
}

Source load(const fs::path& path, const std::vector<fs::path>& include_dirs) {
    Source source{path, shown_from_here(path), {}, {}};
    source.text = read(path, source.shown);
    try {
        source.translated = cpu_device::translate(source.text, source.shown);
    } catch (const cpu_device::TranslationError& error) {
        throw std::runtime_error(source.shown + ':' + std::to_string(error.line()) + ": " +
                                 error.what());
    }
    if (is_for_the_device(path)) {
        source.translated = refusing_unserved_headers(source.translated, path, include_dirs);
    } else {
        source.translated =
            source.translated.substr(0, source.translated.find('\n') + 1) + source.text;
    }
    return source;
}

}  // namespace

const Source* Sources::find(const std::string& shown) const {
    for (const auto& [path, source] : by_path) {
        if (source.shown == shown || path == shown) return &source;
    }
    return nullptr;
}

Sources gather(const std::vector<fs::path>& files, const std::vector<fs::path>& include_dirs,
               const std::vector<fs::path>& first_headers) {
    Sources sources;
    for (const fs::path& file : files) sources.files.push_back(fs::weakly_canonical(file));
    for (const fs::path& dir : include_dirs) {
        sources.include_dirs.push_back(fs::weakly_canonical(dir));
    }
    for (const fs::path& header : first_headers) {
        sources.first_headers.push_back(fs::weakly_canonical(header));
    }
    std::vector<fs::path> waiting = sources.files;
    waiting.insert(waiting.end(), sources.first_headers.begin(), sources.first_headers.end());
    while (!waiting.empty()) {
        const fs::path path = waiting.back();
        waiting.pop_back();
        if (sources.by_path.contains(path)) continue;
        const Source& source =
            sources.by_path.emplace(path, load(path, sources.include_dirs)).first->second;
        each_line(source.text, [&](std::string_view line) {
            const std::optional<Include> include = include_in(line);
            if (!include) return;
            const auto header = find_header(*include, path, sources.include_dirs);
            if (header) waiting.push_back(*header);
        });
    }
    return sources;
}

fs::path mirrored(const fs::path& folder, const fs::path& path) {
    return folder / path.relative_path();
}

void write(const Sources& sources, const fs::path& folder) {
    for (const auto& [path, source] : sources.by_path) {
        const fs::path place = mirrored(folder, path);
        fs::create_directories(place.parent_path());
        std::ofstream out(place, std::ios::binary);
        out << source.translated << std::flush;
        if (!out) {
            throw std::runtime_error("cannot write " + place.string() +
                                     "; check the folder and the disk");
        }
    }
}

}  // namespace t2t::own

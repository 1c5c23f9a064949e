#include "cli/run/diagnostics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>
#include <string_view>
#include <tuple>

#include "cli/nearest.hpp"
#include "cli/run/unserved.hpp"
#include "common/cpu_device/translator/translate.hpp"

namespace t2t::own {
namespace {

/// `file:line:column` or `file:line`, and the rest of the text behind the colon that follows.
struct Place {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0;
    std::string rest;
};

std::optional<std::size_t> number_before_colon(std::string_view& text) {
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto length = static_cast<std::size_t>(read.ptr - text.data());
    if (read.ec != std::errc() || length >= text.size()) return std::nullopt;
    if (text[length] != ':' && text[length] != ',') return std::nullopt;
    text.remove_prefix(length + 1);
    return number;
}

std::optional<Place> place_at_start(std::string_view text) {
    for (std::size_t colon = text.find(':'); colon != text.npos;
         colon = text.find(':', colon + 1)) {
        std::string_view behind = text.substr(colon + 1);
        const auto line = number_before_colon(behind);
        if (!line) continue;
        Place place{std::string(text.substr(0, colon)), *line, 0, {}};
        if (const auto column = number_before_colon(behind)) place.column = *column;
        place.rest = std::string(behind);
        return place;
    }
    return std::nullopt;
}

/// The text between the first pair of quotes in `message`, which may be ASCII or typographic.
std::string in_quotes(const std::string& message) {
    for (const auto& [open, close] :
         {std::pair{"‘", "’"}, std::pair{"'", "'"}, std::pair{"`", "'"}}) {
        const std::size_t begin = message.find(open);
        if (begin == message.npos) continue;
        const std::size_t first = begin + std::string_view(open).size();
        const std::size_t end = message.find(close, first);
        if (end != message.npos) return message.substr(first, end - first);
    }
    return "";
}

std::string last_name(std::string name) {
    name = name.substr(0, name.find_first_of("<("));
    const std::size_t scope = name.rfind("::");
    return scope == name.npos ? name : name.substr(scope + 2);
}

constexpr std::string_view to_a_gpu =
    "; with a GPU and nvcc, ./t2t --device cuda run FILE serves it";

/// CUDA's keyword that `name` misspells, such as `_global_`; empty when it is like none.
std::string keyword_like(const std::string& name) {
    const std::vector<std::string> keywords{"__global__",   "__device__",       "__host__",
                                            "__shared__",   "__constant__",     "__managed__",
                                            "__restrict__", "__launch_bounds__"};
    return name.starts_with('_') ? cli::nearest(name, keywords) : "";
}

/// A compiler's message in words that say what to do.
std::string explained(const std::string& message) {
    const auto says = [&](std::string_view part) { return message.find(part) != message.npos; };
    if (const std::size_t mark = message.find(unserved_header_mark); mark != message.npos) {
        std::string header = message.substr(mark + unserved_header_mark.size());
        header.erase(std::min(header.find('"'), header.size()));
        return library_of_header(header) + " (" + header + ") is not served by the CPU device" +
               std::string(to_a_gpu);
    }
    if (says("inline PTX")) {
        return "inline PTX is not served by the CPU device; use an intrinsic of CUDA C++ in its place" +
               std::string(to_a_gpu);
    }
    constexpr std::string_view by_attribute = "declared with attribute error: ";
    if (const std::size_t at = message.find(by_attribute); at != message.npos) {
        return message.substr(at + by_attribute.size());
    }
    if (says(": No such file or directory") || says("file not found")) {
        const std::string header = says("file not found")
                                       ? in_quotes(message)
                                       : message.substr(0, message.find(": No such"));
        return "there is no header '" + header +
               "', neither beside the file nor on this machine; name its folder with -I DIR";
    }
    if (says("nested depth") || says("nested too deeply")) {
        return "this header includes itself, directly or through another; begin it with #pragma once";
    }
    if (says("LaunchConfiguration")) {
        return "a launch has two to four values between <<< and >>>: kernel<<<grid, block, bytes of dynamic "
               "shared memory, stream>>>(arguments)";
    }
    if (says("invalid operands of types ‘void") && says("‘operator<<’")) {
        return "a launch has three signs on each side: kernel<<<grid, block>>>(arguments)";
    }
    const bool unknown = says("was not declared") || says("does not name a type") ||
                         says("has not been declared") || says("is not a member of") ||
                         says("undeclared identifier") || says("unknown type name") ||
                         says("no template named") || says("is not a template");
    if (unknown) {
        const std::string name = last_name(in_quotes(message));
        if (name.starts_with("omp_")) {
            return "'" + name +
                   "' is OpenMP's; write #include <omp.h>, and -Xcompiler -fopenmp behind the files";
        }
        if (const std::string feature = feature_of_name(name); !feature.empty()) {
            return "'" + name + "': " + feature + " are not served by the CPU device" +
                   std::string(to_a_gpu);
        }
        const bool meant = says("did you mean");
        if (const std::string keyword = keyword_like(name); !keyword.empty()) {
            return "there is no '" + name + "'; did you mean " + keyword + "?";
        }
        if (!meant && (name.starts_with("cuda") || name.starts_with("__"))) {
            return "the CPU device does not know '" + name + "'" + std::string(to_a_gpu);
        }
    }
    return message;
}

/// The place in a file of the program's that a compiler's remark names, such as `required from here`.
std::optional<Place> own_place_in(const std::string& remark, const Sources& sources) {
    for (const std::string_view before :
         {"In file included from ", "                 from ", " at ", ""}) {
        const std::size_t found = remark.find(before);
        if (found == remark.npos) continue;
        const auto place = place_at_start(std::string_view(remark).substr(found + before.size()));
        if (place && sources.find(place->file) != nullptr) return place;
    }
    return std::nullopt;
}

}  // namespace

std::vector<Diagnostic> compiler_errors(const std::string& output, const Sources& sources) {
    std::vector<Diagnostic> errors;
    std::optional<Place> from;  // the user's line that led into a header which is not the user's
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        const auto place = place_at_start(line);
        const std::string_view rest = place ? std::string_view(place->rest) : std::string_view();
        std::string message;
        for (const std::string_view kind : {" error: ", " fatal error: "}) {
            if (rest.starts_with(kind)) message = rest.substr(kind.size());
        }
        if (message.empty()) {
            if (const auto own = own_place_in(line, sources)) from = own;
            continue;
        }
        if (sources.find(place->file) != nullptr) {
            errors.push_back({place->file, place->line, place->column, explained(message)});
        } else if (from) {
            errors.push_back({from->file, from->line, from->column, explained(message)});
        } else {
            errors.push_back({"", 0, 0, explained(message)});
        }
        from.reset();
    }
    // What is wrong with a parameter makes its function a variable for g++: the other error says what it is.
    const auto is_consequence = [](const Diagnostic& one) {
        return one.message.starts_with("variable or field") &&
               one.message.ends_with("declared void");
    };
    if (!std::ranges::all_of(errors, is_consequence)) std::erase_if(errors, is_consequence);
    std::set<std::tuple<std::string, std::size_t, std::string>> known;
    std::erase_if(errors, [&](const Diagnostic& one) {
        return !known.emplace(one.file, one.line, one.message).second;
    });
    return errors;
}

std::vector<Diagnostic> linker_errors(const std::string& output, const Sources& sources) {
    std::vector<Diagnostic> errors;
    std::set<std::string> known;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (const std::size_t at = line.find("cannot find -l"); at != line.npos) {
            const std::size_t first = at + std::string_view("cannot find -l").size();
            const std::string name = line.substr(first, line.find(':', first) - first);
            if (!known.insert("-l" + name).second) continue;
            errors.push_back({"", 0, 0,
                              "there is no library '" + name +
                                  "' on this machine; install it, or name its folder with -L DIR"});
            continue;
        }
        const bool undefined = line.find("undefined reference to") != line.npos;
        const bool twice = line.find("multiple definition of") != line.npos;
        if (!undefined && !twice) continue;
        const std::string name = in_quotes(line);
        if (!known.insert(name).second) continue;
        Diagnostic error;
        if (undefined && name == "main") {
            error.message =
                "the program has no main; write int main() { … } that launches the kernel";
        } else {
            // `x.cu:12: undefined reference to …`, perhaps behind `/usr/bin/ld: x.o: in function …:`
            std::string_view text = line;
            for (auto place = place_at_start(text); place; place = place_at_start(text)) {
                const std::string file = place->file.substr(place->file.rfind(' ') + 1);
                if (const Source* source = sources.find(file)) {
                    error.file = source->shown;
                    error.line = place->line;
                    break;
                }
                text = text.substr(text.size() - place->rest.size());
            }
            const bool openmp = undefined && name.starts_with("omp_");
            error.message =
                openmp ? "'" + name + "' is OpenMP's; write -Xcompiler -fopenmp behind the files"
                : undefined ? "nothing defines '" + name + "'; name the file that does, too"
                            : "'" + name + "' is defined twice";
        }
        errors.push_back(error);
    }
    return errors;
}

std::string text_of(const Diagnostic& error, const Sources& sources) {
    const Source* source = sources.find(error.file);
    std::size_t column = error.column;  // the user's own
    if (source != nullptr && column > 0 && source->path.extension() != ".cpp") {
        column = cpu_device::source_column(source->text, error.line, column);
    }
    std::string text;
    if (!error.file.empty()) text += error.file + ':';
    if (error.line > 0) text += std::to_string(error.line) + ':';
    if (column > 0) text += std::to_string(column) + ':';
    text += (text.empty() ? "error: " : " error: ") + error.message + '\n';
    if (source == nullptr || error.line == 0) return text;

    std::istringstream lines(source->text);
    std::string line;
    for (std::size_t k = 0; k < error.line; ++k) {
        if (!std::getline(lines, line)) return text;
    }
    if (line.ends_with('\r')) line.pop_back();
    const std::string number = std::to_string(error.line);
    text += "  " + number + " | " + line + '\n';
    if (column == 0 || column > line.size() + 1) return text;
    text += "  " + std::string(number.size(), ' ') + " | ";
    for (const char c : line.substr(0, column - 1)) {
        const bool continues =
            (static_cast<unsigned char>(c) & 0xC0) == 0x80;  // of a UTF-8 character
        if (c == '\t') text += '\t';
        if (c != '\t' && !continues) text += ' ';
    }
    return text + "^\n";
}

}  // namespace t2t::own

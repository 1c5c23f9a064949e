#include "cli/check/select.hpp"

#include <algorithm>
#include <bit>
#include <set>

#include "cli/usage_error.hpp"

namespace t2t::rung_check {
namespace {

/// Whether `path` is `file`, or ends in it after a slash.
bool is_file(std::string_view path, std::string_view file) {
    return path == file || path.ends_with('/' + std::string(file));
}

bool is_same_access(const observer::Request& a, const observer::Request& b) {
    return a.where == b.where && a.shared == b.shared && a.store == b.store && a.atomic == b.atomic;
}

}  // namespace

std::vector<lab::BenchCase> select_rungs(std::vector<lab::BenchCase> cases, const std::string& word,
                                         const std::string& chapter) {
    if (word.empty()) return cases;
    std::vector<std::string> known;
    for (lab::BenchCase& one : cases) {
        for (const std::string& rung : one.rungs) {
            if (std::ranges::find(known, rung) == known.end()) known.push_back(rung);
        }
        std::erase_if(one.rungs, [&](const std::string& rung) { return !names_rung(word, rung); });
    }
    std::erase_if(cases, [](const lab::BenchCase& one) { return one.rungs.empty(); });
    if (!cases.empty()) return cases;

    std::string message = "chapter " + chapter + " has no rung '" + word + "'; there are:";
    for (const std::string& rung : known) message += ' ' + rung;
    throw cli::UsageError(message);
}

std::vector<observer::Request> requests_of(const DrawnLine& line,
                                           std::span<const RungReport> rungs) {
    std::vector<observer::Request> found;
    std::set<observer::SourceLine> known;
    std::string file = line.file;
    for (const RungReport& rung : rungs) {
        if (!rung.first_shape) continue;
        if (line.file.empty()) file = rung.rung + ".cu";
        for (const observer::KernelReport& kernel : rung.report.kernels) {
            for (const observer::Request& request : kernel.requests) {
                if (!is_file(request.where.file, file)) continue;
                known.insert(request.where);
                if (request.where.line != line.line) continue;
                const auto same = std::ranges::find_if(
                    found, [&](const auto& other) { return is_same_access(request, other); });
                if (same == found.end()) {
                    found.push_back(request);
                } else if (std::popcount(request.lanes) > std::popcount(same->lanes)) {
                    *same = request;
                }
            }
        }
    }
    if (!found.empty()) return found;

    std::string message = "--draw: " + file + ':' + std::to_string(line.line) +
                          " accesses no global or shared memory";
    if (known.empty()) {
        throw cli::UsageError(message + ", nor does any other line of that file");
    }
    message += "; lines that do:";
    for (const observer::SourceLine& where : known) message += ' ' + std::to_string(where.line);
    throw cli::UsageError(message);
}

}  // namespace t2t::rung_check

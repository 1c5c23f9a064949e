#include "cli/dev_check/links.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

// The lines of a page with code blanked, so that `a[i](j)` is no link.
std::vector<std::string> prose_of(std::string_view page) {
    std::vector<std::string> prose;
    bool in_code = false;
    for (const std::string_view line : lines_of(page)) {
        const bool is_fence = trimmed(line).starts_with("```");
        in_code = in_code != is_fence;
        std::string kept(in_code || is_fence ? "" : line);
        for (std::size_t open = kept.find('`'); open != npos; open = kept.find('`', open)) {
            const std::size_t close = kept.find('`', open + 1);
            if (close == npos) break;
            std::fill(kept.begin() + open, kept.begin() + close + 1, ' ');
        }
        prose.push_back(std::move(kept));
    }
    return prose;
}

// Is the code point at the start of `text` a letter beyond ASCII? Latin and Greek are enough here;
// `length` is set to its bytes.
bool is_foreign_letter(std::string_view text, std::size_t& length) {
    const unsigned char lead = text[0];
    length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (length != 2 || text.size() < 2) return false;
    const unsigned point = (lead & 0x1Fu) << 6 | (static_cast<unsigned char>(text[1]) & 0x3Fu);
    return point >= 0xC0 && point < 0x400 && point != 0xD7 && point != 0xF7;  // not × and ÷
}

// The anchor that GitHub gives a heading: lower case, blanks to `-`, punctuation dropped.
std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (std::size_t i = 0; i < heading.size();) {
        const unsigned char c = heading[i];
        std::size_t length = 1;
        if (c >= 0x80) {
            if (is_foreign_letter(heading.substr(i), length)) anchor += heading.substr(i, length);
        } else if (std::isalnum(c) || c == '_' || c == '-') {
            anchor += static_cast<char>(std::tolower(c));
        } else if (c == ' ') {
            anchor += '-';
        } else if (c == ']' && heading.substr(i).starts_with("](")) {  // a link: its text counts
            length = std::min(heading.find(')', i), heading.size() - 1) - i + 1;
        }
        i += length;
    }
    return anchor;
}

std::set<std::string> anchors_of(std::string_view page) {
    std::set<std::string> anchors;
    std::map<std::string, int> seen;
    bool in_code = false;
    for (const std::string_view line : lines_of(page)) {
        if (trimmed(line).starts_with("```")) in_code = !in_code;
        const std::size_t level = line.find_first_not_of('#');
        if (!in_code && level != npos && level >= 1 && level <= 6 && line[level] == ' ') {
            const std::string anchor = anchor_of(trimmed(line.substr(level)));
            const int before = seen[anchor]++;
            anchors.insert(before == 0 ? anchor : anchor + '-' + std::to_string(before));
        }
        for (const std::string_view mark : {"id=\"", "name=\""}) {
            const std::size_t at = line.find(mark);
            if (at == npos) continue;
            const std::size_t begin = at + mark.size();
            anchors.emplace(line.substr(begin, line.find('"', begin) - begin));
        }
    }
    return anchors;
}

// Where a line's links point: [text](target), ![text](target "title"), src="target", href="target",
// and [name]: target.
std::vector<std::string> targets_of(std::string_view line) {
    std::vector<std::string> targets;
    const auto collect = [&](std::string_view mark, std::string_view ends) {
        for (std::size_t at = line.find(mark); at != npos; at = line.find(mark, at + 1)) {
            const std::size_t begin = at + mark.size();
            targets.emplace_back(line.substr(begin, line.find_first_of(ends, begin) - begin));
        }
    };
    collect("](", " )");
    collect("src=\"", "\"");
    collect("srcset=\"", "\" ");
    collect("href=\"", "\"");
    if (line.starts_with('[')) collect("]: ", " ");
    return targets;
}

bool is_elsewhere(std::string_view target) {
    return target.empty() || target.find("://") != npos || target.starts_with("mailto:");
}

// `path` below `folder`, with . and .. resolved.
std::string resolved(std::string_view folder, std::string_view path) {
    if (path.starts_with('/')) return std::string(path.substr(1));  // GitHub: from the root
    return (std::filesystem::path(folder) / path).lexically_normal().generic_string();
}

// What is wrong with `target` on the page at `from`; empty when nothing is.
std::string fault(const Tree& tree, const std::string& from, const std::string& target) {
    const std::size_t hash = target.find('#');
    const std::string path = target.substr(0, hash);
    const std::string to = path.empty() ? from : resolved(folder_of(from), path);
    if (!exists(tree, to) && to != "./" && to != ".") {
        return "the link to '" + target + "' leads nowhere; there is no " + to;
    }
    if (hash == std::string::npos || !to.ends_with(".md")) return {};
    if (anchors_of(tree.at(to).text).contains(target.substr(hash + 1))) return {};
    return "the link to '" + target + "' leads nowhere; " + to + " has no such heading";
}

}  // namespace

Findings links(const Tree& tree) {
    Findings findings;
    for (const auto& [path, file] : tree) {
        if (!path.ends_with(".md")) continue;
        std::size_t number = 0;
        for (const std::string& line : prose_of(file.text)) {
            ++number;
            for (const std::string& target : targets_of(line)) {
                if (is_elsewhere(target)) continue;
                const std::string message = fault(tree, path, target);
                if (!message.empty()) findings.push_back({path, number, message});
            }
        }
    }
    return findings;
}

}  // namespace t2t::dev_check

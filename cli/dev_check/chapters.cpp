#include "cli/dev_check/chapters.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "cli/dev_check/scan.hpp"

namespace t2t::dev_check {
namespace {

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// The folders right below chapters/.
std::set<std::string> chapter_folders(const Tree& tree) {
    constexpr std::string_view top = "chapters/";
    std::set<std::string> folders;
    for (const auto& [path, file] : tree) {
        const std::size_t slash = path.find('/', top.size());
        if (path.starts_with(top) && slash != std::string::npos) {
            folders.insert(path.substr(top.size(), slash - top.size()));
        }
    }
    return folders;
}

bool is_chapter_name(std::string_view name) {
    return name.size() > 3 && is_digit(name[0]) && is_digit(name[1]) && name[2] == '_';
}

constexpr std::array parts{"Problem",    "Predict",   "The ladder",       "Try it",
                           "Profile it", "Exercises", "In the generator", "Go deeper"};

}  // namespace

std::vector<ChapterFolder> chapters_of(const Tree& tree) {
    std::vector<ChapterFolder> chapters;
    for (const std::string& folder : chapter_folders(tree)) {
        if (is_chapter_name(folder)) chapters.push_back({"chapters/" + folder, folder.substr(3)});
    }
    return chapters;
}

Findings chapter_files(const Tree& tree) {
    Findings findings;
    for (const std::string& folder : chapter_folders(tree)) {
        if (is_chapter_name(folder)) continue;
        findings.push_back({"chapters/" + folder, 1,
                            "the folder is not named NN_name; give it the chapter's two-digit "
                            "number"});
    }
    for (const ChapterFolder& chapter : chapters_of(tree)) {
        const std::array needed{chapter.path + "/README.md", chapter.header(),
                                chapter.path + "/bench.cu", chapter.path + "/profile.sh"};
        for (const std::string& path : needed) {
            if (!tree.contains(path)) {
                findings.push_back({path, 1, "is missing; every chapter has one"});
            }
        }
        const bool has_rung = std::ranges::any_of(tree, [&](const auto& entry) {
            return entry.first.starts_with(chapter.path + '/') && is_rung(entry.first);
        });
        if (!has_rung) {
            findings.push_back(
                {chapter.path, 1, "the chapter has no rung; add its first as v1_naive.cu"});
        }
    }
    return findings;
}

Findings lesson_parts(const Tree& tree) {
    Findings findings;
    for (const ChapterFolder& chapter : chapters_of(tree)) {
        const auto lesson = tree.find(chapter.path + "/README.md");
        if (lesson == tree.end()) continue;

        std::size_t next = 0;  // the part that is due
        std::size_t number = 0;
        bool in_code = false;
        bool in_order = true;
        for (const std::string_view line : lines_of(lesson->second.text)) {
            ++number;
            if (line.starts_with("```")) in_code = !in_code;
            if (in_code || !line.starts_with("## ")) continue;
            const std::string_view heading = trimmed(line.substr(3));
            if (next < parts.size() && heading == parts[next]) {
                ++next;
                continue;
            }
            const std::string due = next < parts.size()
                                        ? "'## " + std::string(parts[next]) + "' is due"
                                        : "none is due";
            findings.push_back({lesson->first, number,
                                "the part '## " + std::string(heading) +
                                    "' is not expected here, " + due +
                                    "; see CONTRIBUTING.md for a lesson's parts"});
            in_order = false;
            break;  // what follows a part out of order is out of order too
        }
        if (in_order && next < parts.size()) {
            findings.push_back({lesson->first, std::max<std::size_t>(number, 1),
                                "the lesson ends without the part '## " + std::string(parts[next]) +
                                    "'; write it"});
        }
    }
    return findings;
}

}  // namespace t2t::dev_check

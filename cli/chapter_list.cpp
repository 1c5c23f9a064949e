#include "cli/chapter_list.hpp"

#include "cli/usage_error.hpp"

namespace t2t::cli {

const Chapter& find_chapter(std::string_view word) {
    std::string_view name = word;  // what completion makes of it: chapters/03_shared_memory/
    if (name.ends_with('/')) name.remove_suffix(1);
    if (constexpr std::string_view parent = "chapters/"; name.starts_with(parent)) {
        name.remove_prefix(parent.size());
    }
    std::string standing;
    for (const Chapter& chapter : chapters()) {
        const std::string folder = chapter.folder();
        const bool meant = name == folder || name == chapter.name || name == folder.substr(0, 2) ||
                           name == std::to_string(chapter.number);
        if (meant && chapter.stands) return chapter;
        if (meant) {
            throw UsageError("chapter " + folder +
                             " is still to come; ./t2t list shows what stands");
        }
        if (chapter.stands) standing += (standing.empty() ? "" : " ") + folder;
    }
    throw UsageError("unknown chapter '" + std::string(word) + "'; there are: " + standing);
}

}  // namespace t2t::cli

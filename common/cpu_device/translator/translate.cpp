#include "common/cpu_device/translator/translate.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

// Edits stand one after another, or one inside the bytes that another keeps; never one inside the
// bytes that another replaces.
std::string apply(std::string_view source, std::vector<Edit> edits) {
    std::stable_sort(edits.begin(), edits.end(),
                     [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::string result;
    std::size_t copied = 0;
    for (const Edit& edit : edits) {
        if (edit.begin < copied) {
            const auto line = std::count(source.begin(), source.begin() + edit.begin, '\n') + 1;
            throw TranslationError(
                static_cast<std::size_t>(line),
                "a launch stands inside the expression that names another launch's "
                "kernel; put that kernel into a variable first");
        }
        result.append(source, copied, edit.begin - copied).append(edit.text);
        copied = edit.end;
    }
    return result.append(source, copied);
}

}  // namespace

std::string translate(std::string_view source, std::string_view path) {
    // A byte order mark may stand only before the first line, which is ours.
    if (source.starts_with("\xEF\xBB\xBF")) source.remove_prefix(3);

    std::vector<Edit> edits;
    for (const TokenStream& stream : lex(source)) {
        rewrite_launches(stream, edits);
        rewrite_dynamic_shared(stream, edits);
        rewrite_keywords(stream, edits);
        rewrite_kernel_pointers(stream, edits);
    }
    return "#line 1 \"" + escaped(path) + "\"\n" + apply(source, std::move(edits));
}

}  // namespace t2t::cpu_device

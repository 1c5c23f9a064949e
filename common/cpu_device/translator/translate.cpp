#include "common/cpu_device/translator/translate.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

// A byte order mark may stand only before the first line, which is ours.
std::string_view without_mark(std::string_view source) {
    if (source.starts_with("\xEF\xBB\xBF")) source.remove_prefix(3);
    return source;
}

// All edits of `source`, in its order. They stand one after another, or one inside the bytes that
// another keeps; never one inside the bytes that another replaces.
std::vector<Edit> edits_of(std::string_view source) {
    std::vector<Edit> edits;
    for (const TokenStream& stream : lex(source)) {
        rewrite_launches(stream, edits);
        rewrite_dynamic_shared(stream, edits);
        rewrite_keywords(stream, edits);
        rewrite_kernel_pointers(stream, edits);
        rewrite_inline_ptx(stream, edits);
        // Casts before shifts: of two texts at one place, the bracket that ends a cast comes first.
        const std::vector<bool> in_device_code = device_code(stream);
        rewrite_casts(stream, in_device_code, edits);
        rewrite_shifts(stream, in_device_code, edits);
        limit_static_shared(stream, edits);
        refuse_misuse(stream, in_device_code, edits);
    }
    std::stable_sort(edits.begin(), edits.end(),
                     [](const Edit& a, const Edit& b) { return a.begin < b.begin; });
    std::size_t replaced = 0;
    for (const Edit& edit : edits) {
        if (edit.begin < replaced) {
            const auto line = std::count(source.begin(), source.begin() + edit.begin, '\n') + 1;
            throw TranslationError(
                static_cast<std::size_t>(line),
                "a launch stands inside the expression that names another launch's "
                "kernel; put that kernel into a variable first");
        }
        replaced = edit.end;
    }
    return edits;
}

std::string with_edits(std::string_view source, const std::vector<Edit>& edits) {
    std::string result;
    std::size_t copied = 0;
    for (const Edit& edit : edits) {
        result.append(source, copied, edit.begin - copied).append(edit.text);
        copied = edit.end;
    }
    return result.append(source, copied);
}

// Where line `line` of `text` begins, in bytes from its start.
std::size_t start_of_line(std::string_view text, std::size_t line) {
    std::size_t start = 0;
    while (--line > 0 && start < text.size()) {
        start = std::min(text.size(), text.find('\n', start)) + 1;
    }
    return std::min(start, text.size());
}

}  // namespace

std::string translate(std::string_view source, std::string_view path) {
    source = without_mark(source);
    return "#line 1 \"" + escaped(path) + "\"\n" + with_edits(source, edits_of(source));
}

std::size_t source_column(std::string_view source, std::size_t line, std::size_t column) {
    source = without_mark(source);
    const std::vector<Edit> edits = edits_of(source);
    std::size_t place = start_of_line(with_edits(source, edits), line) + column - 1;
    for (const Edit& edit : edits) {
        if (place < edit.begin) break;
        if (place < edit.begin + edit.text.size()) {
            place = edit.begin;
            break;
        }
        place = place - edit.text.size() + (edit.end - edit.begin);
    }
    const std::size_t start = start_of_line(source, line);
    return place < start ? 1 : place - start + 1;
}

}  // namespace t2t::cpu_device

#include "model/tokenizer/pattern.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <cctype>
#include <new>
#include <stdexcept>

#include "model/files/json_file.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// Does `rest` start with a character's number, `\u00AD`?
bool is_number_escape(std::string_view rest) {
    const std::string_view digits = rest.substr(std::min<std::size_t>(2, rest.size())).substr(0, 4);
    return rest.starts_with("\\u") && digits.size() == 4 &&
           std::ranges::all_of(digits, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

/// Bytes of the escape that `rest` starts with: `\n`, `\p{Lu}`, `\x{200B}`, `\u200B`.
std::size_t escape_bytes(std::string_view rest) {
    if (is_number_escape(rest)) return 6;
    const bool has_braces =
        rest.starts_with("\\p{") || rest.starts_with("\\P{") || rest.starts_with("\\x{");
    return has_braces && rest.find('}') != rest.npos ? rest.find('}') + 1 : 2;
}

/// What a regular expression starts with, if the two engines read it in different ways or if it
/// cannot be needed to split a text; empty if it is harmless.
std::string_view unsupported_part(std::string_view rest, bool in_class) {
    if (rest[0] == '\\') {
        if (is_number_escape(rest) || rest.starts_with("\\x{")) return "";
        constexpr std::string_view letters = "sSwWpPrntdD";
        // The text's two ends; the third is before a last line's end, too.
        if (!in_class &&
            (rest.starts_with("\\A") || rest.starts_with("\\z") || rest.starts_with("\\Z"))) {
            return "";
        }
        const bool is_harmless =
            rest.size() > 1 && (!std::isalnum(static_cast<unsigned char>(rest[1])) ||
                                letters.find(rest[1]) != letters.npos);
        // Within brackets, "anything but" has no property of its own.
        const bool is_none_of_words = in_class && rest.starts_with("\\W");
        return is_harmless && !is_none_of_words ? "" : rest.substr(0, 2);
    }
    const auto starts_with = [&](std::string_view part) { return rest.starts_with(part); };
    if (in_class) return starts_with("[") || starts_with("&&") ? rest.substr(0, 1) : "";
    for (const std::string_view part : {"}+", "{,", "(*", "[]", "[^]"}) {
        if (starts_with(part)) return part;
    }
    constexpr std::string_view groups[] = {"(?:", "(?i:", "(?=", "(?!", "(?>", "(?<=", "(?<!"};
    const bool is_harmless = !starts_with("(?") || std::ranges::any_of(groups, starts_with);
    return is_harmless ? "" : rest.substr(0, 3);
}

/// A part of a regular expression for Oniguruma in the words of PCRE2.
std::string part_for_pcre2(std::string_view part, bool in_class) {
    if (part.starts_with("\\u")) return "\\x{" + std::string(part.substr(2)) + "}";
    // Unicode's White_Space; PCRE2's own `\s` has U+180E in addition.
    if (part == "\\s") return "\\p{White_Space}";
    if (part == "\\S") return "\\P{White_Space}";
    // PCRE2's own `\w` has no marks. Outside brackets, Oniguruma's has `²³¹¼½¾` in addition.
    const std::string word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}";
    if (part == "\\w" && in_class) return word;
    if (part == "\\w") return "[" + word + "²³¹¼½¾]";
    if (part == "\\W") return "[^" + word + "²³¹¼½¾]";
    // Of every line, as in Ruby.
    if (part == "^" && !in_class) return "(?m:^)";
    if (part == "$" && !in_class) return "(?m:$)";
    return std::string(part);
}

/// A regular expression for Oniguruma, which is what Hugging Face uses, in the words of PCRE2. One
/// difference stays: without regard to case, only Oniguruma takes a character for two others (`ß`
/// for `ss`).
/// @param field what to name in a message
std::string for_pcre2(std::string_view pattern, const JsonField& field) {
    std::string result;
    bool in_class = false;
    for (std::string_view rest = pattern; !rest.empty();) {
        const std::string_view problem = unsupported_part(rest, in_class);
        if (!problem.empty())
            field.refuse("has " + in_quotes(problem) + ", which is not supported");
        const std::string_view part = rest.substr(0, rest[0] == '\\' ? escape_bytes(rest) : 1);
        rest.remove_prefix(part.size());
        result += part_for_pcre2(part, in_class);
        in_class = in_class ? part != "]" : part == "[";
    }
    return result;
}

std::string pcre2_message(int error) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return reinterpret_cast<const char*>(text);
}

struct Pcre2Deleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

/// Where PCRE2 writes a match. One for each thread: it is read before anybody searches again.
pcre2_match_data* match_data() {
    thread_local const std::unique_ptr<pcre2_match_data, Pcre2Deleter> data(
        pcre2_match_data_create(1, nullptr));
    if (!data) throw std::bad_alloc();
    return data.get();
}

}  // namespace

/// A compiled regular expression.
class Pattern::Compiled {
 public:
    /// @throws std::invalid_argument
    explicit Compiled(std::string_view expression) {
        int error = 0;
        PCRE2_SIZE place = 0;
        code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()),
                                  expression.size(), PCRE2_UTF | PCRE2_UCP, &error, &place,
                                  nullptr));
        if (!code_) throw std::invalid_argument(pcre2_message(error));
        // Without it the interpreter does the same, more slowly.
        pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
    }

    std::optional<Match> find(std::string_view text, std::size_t from) const {
        pcre2_match_data* data = match_data();
        const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                      text.size(), from, PCRE2_NO_UTF_CHECK, data, nullptr);
        if (found == PCRE2_ERROR_NOMATCH) return std::nullopt;
        if (found < 0) {
            throw std::runtime_error("the tokenizer cannot split this text: " +
                                     pcre2_message(found));
        }
        const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
        return Match{ends[0], ends[1]};
    }

 private:
    std::unique_ptr<pcre2_code, Pcre2Deleter> code_;
};

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Pattern Pattern::regex(std::string_view expression) {
    Pattern pattern;
    pattern.compiled_ = std::make_unique<const Compiled>(expression);
    return pattern;
}

Pattern Pattern::literal(std::string text) {
    Pattern pattern;
    pattern.text_ = std::move(text);
    return pattern;
}

Pattern Pattern::from_file(const JsonField& pattern) {
    if (pattern.has("String")) {
        const JsonField text = pattern.at("String");
        if (text.text().empty()) text.refuse("is empty");
        return literal(text.text());
    }
    if (!pattern.has("Regex")) pattern.refuse("has neither a String nor a Regex");
    const JsonField field = pattern.at("Regex");
    const std::string expression = for_pcre2(field.text(), field);
    try {
        return regex(expression);
    } catch (const std::invalid_argument& error) {
        field.refuse("is not a regular expression: " + std::string(error.what()));
    }
}

std::optional<Pattern::Match> Pattern::find(std::string_view text, std::size_t from) const {
    if (compiled_) return compiled_->find(text, from);
    const std::size_t begin = text.find(text_, from);
    if (begin == text.npos) return std::nullopt;
    return Match{begin, begin + text_.size()};
}

std::string Pattern::replaced(std::string_view text, std::string_view content) const {
    std::string result;
    result.reserve(text.size() + text.size() / 2);
    if (!compiled_) {
        append_replaced(result, text, text_, content);
        return result;
    }
    cut(text, [&](std::size_t begin, std::size_t end, bool is_match) {
        result += is_match ? content : text.substr(begin, end - begin);
    });
    return result;
}

std::size_t Pattern::after_character(std::string_view text, std::size_t begin) {
    return begin + (begin < text.size() ? character_bytes(text.substr(begin)) : 1);
}

}  // namespace t2t::model

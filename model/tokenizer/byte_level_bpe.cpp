#include "model/tokenizer/byte_level_bpe.hpp"

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

/// GPT-2's pattern: contractions, words, numbers, the rest, each with a space in front; and white
/// space, of which the last space is left to the word that follows it.
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// [256] the character that stands for each byte. Printable characters of Latin-1 stand for
/// themselves; the 68 others are, in order, U+0100, U+0101 …
std::array<char32_t, 256> byte_characters() {
    std::array<char32_t, 256> characters;
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
        const bool printable =
            (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
        characters[byte] = printable ? byte : next++;
    }
    return characters;
}

/// UTF-8 of a character below U+0800.
std::string utf8_of(char32_t character) {
    if (character < 0x80) return std::string(1, char(character));
    return {char(0xC0 | character >> 6), char(0x80 | (character & 0x3F))};
}

/// What a regular expression starts with, if the two engines read it in different ways or if it
/// cannot be needed to split a text; empty if it is harmless.
std::string_view unsupported_part(std::string_view rest, bool in_class) {
    if (rest[0] == '\\') {
        constexpr std::string_view letters = "sSpPrntdD";
        const bool is_harmless =
            rest.size() > 1 && (!std::isalnum(static_cast<unsigned char>(rest[1])) ||
                                letters.find(rest[1]) != letters.npos);
        return is_harmless ? "" : rest.substr(0, 2);
    }
    const auto starts_with = [&](std::string_view part) { return rest.starts_with(part); };
    if (in_class) return starts_with("[") || starts_with("&&") ? rest.substr(0, 1) : "";
    for (const std::string_view part : {"^", "$", ".", "}+", "{,", "(*", "[]", "[^]"}) {
        if (starts_with(part)) return part;
    }
    constexpr std::string_view groups[] = {"(?:", "(?i:", "(?=", "(?!", "(?>", "(?<=", "(?<!"};
    const bool is_harmless = !starts_with("(?") || std::ranges::any_of(groups, starts_with);
    return is_harmless ? "" : rest.substr(0, 3);
}

/// Bytes of the escape that `rest` starts with: `\n`, `\p{Lu}`.
std::size_t escape_bytes(std::string_view rest) {
    const bool names_property = rest.starts_with("\\p{") || rest.starts_with("\\P{");
    return names_property && rest.find('}') != rest.npos ? rest.find('}') + 1 : 2;
}

/// A regular expression for Oniguruma, which is what Hugging Face uses, in the words of PCRE2. `\s`
/// is Unicode's White_Space there, and has U+180E in addition here. One difference stays: without
/// regard to case, only Oniguruma takes a character for two others (`ß` for `ss`).
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
        if (part == "\\s") {
            result += "\\p{White_Space}";
        } else if (part == "\\S") {
            result += "\\P{White_Space}";
        } else {
            result += part;
        }
        in_class = in_class ? part != "]" : part == "[";
    }
    return result;
}

struct Pcre2Deleter {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};

using MatchData = std::unique_ptr<pcre2_match_data, Pcre2Deleter>;

std::string pcre2_message(int error) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof text);
    return reinterpret_cast<const char*>(text);
}

}  // namespace

std::optional<std::string> bytes_of_piece(std::string_view piece) {
    static const auto bytes = [] {
        std::unordered_map<std::string, char> by_character;
        const auto characters = byte_characters();
        for (int byte = 0; byte < 256; ++byte) by_character[utf8_of(characters[byte])] = char(byte);
        return by_character;
    }();
    std::string result;
    while (!piece.empty()) {
        const std::size_t length = character_bytes(piece);
        const auto found = bytes.find(std::string(piece.substr(0, length)));
        if (found == bytes.end()) return std::nullopt;
        result += found->second;
        piece.remove_prefix(length);
    }
    return result;
}

/// A compiled regular expression.
class ByteLevelBpe::Pattern {
 public:
    /// @param regex in Oniguruma's words
    /// @param field what to name in a message
    Pattern(std::string_view regex, const JsonField& field) {
        const std::string pattern = for_pcre2(regex, field);
        int error = 0;
        PCRE2_SIZE place = 0;
        code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                                  PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr));
        if (!code_) field.refuse("is not a regular expression: " + pcre2_message(error));
        std::uint32_t matches_nothing = 0;
        pcre2_pattern_info(code_.get(), PCRE2_INFO_MATCHEMPTY, &matches_nothing);
        if (matches_nothing) field.refuse("matches nothing at all, so it splits nowhere");
        // Without it the interpreter does the same, more slowly.
        pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);
    }

    /// Calls `visit` for every match in `text`, and for what lies between two matches.
    template <class Visit>
    void split(std::string_view text, pcre2_match_data* data, Visit visit) const {
        std::size_t done = 0;
        while (done < text.size()) {
            const int found = pcre2_match(code_.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                          text.size(), done, PCRE2_NO_UTF_CHECK, data, nullptr);
            if (found == PCRE2_ERROR_NOMATCH) break;
            if (found < 0) {
                throw std::runtime_error("the tokenizer cannot split this text: " +
                                         pcre2_message(found));
            }
            const std::size_t begin = pcre2_get_ovector_pointer(data)[0];
            const std::size_t end = pcre2_get_ovector_pointer(data)[1];
            if (begin > done) visit(text.substr(done, begin - done));
            visit(text.substr(begin, end - begin));
            done = end;
        }
        if (done < text.size()) visit(text.substr(done));
    }

 private:
    std::unique_ptr<pcre2_code, Pcre2Deleter> code_;
};

/// The words of one text while they are being encoded.
struct ByteLevelBpe::Words {
    MatchData match;
    std::vector<std::int32_t> symbols;  // of all words, one per byte
    WordEncoder encoder;
    std::vector<std::int32_t>& ids;
};

ByteLevelBpe::ByteLevelBpe(const Bpe& bpe, const JsonField& tokenizer) : bpe_(bpe) {
    if (tokenizer.has("normalizer")) {
        tokenizer.at("normalizer").refuse("is not supported with the pre-tokenizer ByteLevel");
    }
    const JsonField model = tokenizer.at("model");
    if (bpe.falls_back_to_bytes()) {
        model.at("byte_fallback").refuse("is not supported with the pre-tokenizer ByteLevel");
    }
    read_pre_tokenizer(tokenizer.at("pre_tokenizer"));

    const auto characters = byte_characters();
    for (int byte = 0; byte < 256; ++byte) {
        const std::string character = utf8_of(characters[byte]);
        const std::optional<std::int32_t> id = bpe.id(character);
        if (!id)
            model.refuse("lacks " + in_quotes(character) +
                         ", one of the 256 byte-level characters");
        symbols_[byte] = *id;
    }
    if (!bpe.ignores_merges()) return;
    for (std::size_t id = 0; id < bpe.pieces().size(); ++id) {
        if (!bpe.pieces()[id]) continue;
        if (std::optional<std::string> bytes = bytes_of_piece(*bpe.pieces()[id])) {
            pieces_.emplace(std::move(*bytes), std::int32_t(id));
        }
    }
}

ByteLevelBpe::~ByteLevelBpe() = default;

void ByteLevelBpe::read_pre_tokenizer(const JsonField& pre_tokenizer) {
    const JsonField type = pre_tokenizer.at("type");
    if (type.text() == "Sequence") {
        const JsonField parts = pre_tokenizer.at("pretokenizers");
        const std::size_t count = parts.size();
        if (count == 0) parts.refuse("is empty");
        for (std::size_t i = 0; i + 1 < count; ++i) read_split(parts.at(i));
        const JsonField last = parts.at(count - 1);
        if (last.at("type").text() != "ByteLevel")
            last.at("type").unsupported("ByteLevel at the end");
        if (count > 1 && last.flag("add_prefix_space", false)) {
            last.at("add_prefix_space").unsupported("false after a Split");
        }
        return read_pre_tokenizer(last);
    }
    add_prefix_space_ = pre_tokenizer.at("add_prefix_space").flag();
    if (pre_tokenizer.flag("use_regex", true)) {
        patterns_.push_back(std::make_unique<const Pattern>(gpt2_pattern, pre_tokenizer));
    }
}

void ByteLevelBpe::read_split(const JsonField& split) {
    if (split.at("type").text() != "Split") {
        split.at("type").unsupported("Split with a Regex, before ByteLevel");
    }
    if (split.at("behavior").text() != "Isolated") split.at("behavior").unsupported("Isolated");
    if (split.flag("invert", false)) split.at("invert").unsupported("false");
    const JsonField regex = split.at("pattern").at("Regex");
    patterns_.push_back(std::make_unique<const Pattern>(regex.text(), regex));
}

std::string_view ByteLevelBpe::normalize(std::string_view text, std::string&) const {
    return text;
}

void ByteLevelBpe::encode(std::string_view text, bool, std::vector<std::int32_t>& ids) const {
    std::string prefixed;
    if (add_prefix_space_ && text[0] != ' ') {
        prefixed.reserve(text.size() + 1);
        prefixed += ' ';
        prefixed += text;
        text = prefixed;
    }
    Words words{MatchData(pcre2_match_data_create(1, nullptr)), {}, WordEncoder(bpe_, ids), ids};
    if (!words.match) throw std::bad_alloc();
    words.symbols.reserve(text.size());  // the encoder needs them to stay in place
    split(text, 0, words);
}

void ByteLevelBpe::split(std::string_view text, std::size_t pattern, Words& words) const {
    if (pattern == patterns_.size()) return encode_word(text, words);
    patterns_[pattern]->split(text, words.match.get(),
                              [&](std::string_view part) { split(part, pattern + 1, words); });
}

void ByteLevelBpe::encode_word(std::string_view word, Words& words) const {
    if (bpe_.ignores_merges()) {
        const auto whole = pieces_.find(std::string(word));
        if (whole != pieces_.end()) return words.ids.push_back(whole->second);
    }
    const std::size_t begin = words.symbols.size();
    for (const unsigned char byte : word) words.symbols.push_back(symbols_[byte]);
    words.encoder.encode(std::span(words.symbols).subspan(begin));
}

}  // namespace t2t::model

#include "model/tokenizer/byte_fallback_bpe.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "model/files/json_file.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// A character's UTF-8 bytes as one number.
std::uint32_t packed(std::string_view character) {
    std::uint32_t number = 0;
    std::memcpy(&number, character.data(), character.size());
    return number;
}

bool is_one_character(std::string_view text) {
    return !text.empty() && character_bytes(text) == text.size();
}

std::string_view first_character(std::string_view text) {
    return text.substr(0, character_bytes(text));
}

std::string_view last_character(std::string_view text) {
    std::size_t begin = text.size() - 1;
    while ((static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    return text.substr(begin);
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    result.reserve(text.size() + text.size() / 2);
    for (;;) {
        const std::size_t found = text.find(from);
        result += text.substr(0, found);
        if (found == text.npos) return result;
        result += to;
        text.remove_prefix(found + from.size());
    }
}

/// Two characters side by side, by their ids.
std::uint64_t joint(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
}

}  // namespace

ByteFallbackBpe::ByteFallbackBpe(const Bpe& bpe, const JsonField& tokenizer) : bpe_(bpe) {
    if (tokenizer.has("normalizer")) read_normalizer(tokenizer.at("normalizer"));
    if (tokenizer.has("pre_tokenizer")) read_metaspace(tokenizer.at("pre_tokenizer"));
    read_characters(tokenizer);
    find_seams();
}

void ByteFallbackBpe::read_normalizer(const JsonField& normalizer) {
    const std::string& type = normalizer.at("type").text();
    if (type == "Sequence") {
        const JsonField steps = normalizer.at("normalizers");
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const JsonField step = steps.at(i);
            // A Sequence within a Sequence is legal, and nobody writes it.
            if (step.at("type").text() == "Sequence")
                step.at("type").unsupported("Prepend, Replace");
            read_normalizer(step);
        }
    } else if (type == "Prepend") {
        rewritings_.push_back({"", normalizer.at("prepend").text()});
    } else if (type == "Replace") {
        const JsonField from = normalizer.at("pattern").at("String");
        if (from.text().empty()) from.refuse("is empty");
        rewritings_.push_back({from.text(), normalizer.at("content").text()});
    } else {
        normalizer.at("type").unsupported("Prepend, Replace, and a Sequence of them");
    }
}

void ByteFallbackBpe::read_metaspace(const JsonField& pre_tokenizer) {
    using enum Metaspace::Prefix;
    metaspace_.space = pre_tokenizer.at("replacement").text();
    if (!is_one_character(metaspace_.space)) {
        pre_tokenizer.at("replacement").refuse("is not one character");
    }
    metaspace_.splits = pre_tokenizer.flag("split", true);
    // Older files have add_prefix_space instead of prepend_scheme, or both.
    const bool add_prefix_space = pre_tokenizer.flag("add_prefix_space", true);
    metaspace_.prefix = add_prefix_space ? always : never;
    if (!pre_tokenizer.has("prepend_scheme")) return;
    const JsonField scheme = pre_tokenizer.at("prepend_scheme");
    if (scheme.text() == "always") {
        metaspace_.prefix = always;
    } else if (scheme.text() == "first") {
        metaspace_.prefix = first;
    } else if (scheme.text() == "never") {
        metaspace_.prefix = never;
    } else {
        scheme.unsupported("always, first, never");
    }
    if (!add_prefix_space && metaspace_.prefix != never)
        scheme.refuse("contradicts add_prefix_space");
}

void ByteFallbackBpe::read_characters(const JsonField& tokenizer) {
    ascii_.fill(-1);
    for (std::size_t id = 0; id < bpe_.pieces().size(); ++id) {
        const std::optional<std::string>& piece = bpe_.pieces()[id];
        if (!piece || !is_one_character(*piece)) continue;
        const std::uint32_t number = packed(*piece);
        if (number < ascii_.size())
            ascii_[number] = std::int32_t(id);
        else
            beyond_ascii_.emplace(number, std::int32_t(id));
    }
    bytes_.fill(-1);
    const JsonField model = tokenizer.at("model");
    if (!bpe_.falls_back_to_bytes()) {
        if (bpe_.unknown()) return;
        model.refuse(
            "has neither byte_fallback nor unk_token: characters outside it would be lost");
    }
    for (int byte = 0; byte < 256; ++byte) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", byte);
        const std::optional<std::int32_t> id = bpe_.id(name);
        if (!id) model.refuse("has byte_fallback and no piece " + std::string(name));
        bytes_[byte] = *id;
    }
}

/// Where no merge can ever join two characters, the text may be cut without changing its tokens. In
/// vocabularies of English that is nearly every beginning of a word, since `▁` stands only at the
/// front of pieces. So a long text becomes many short words, and a word that comes again is not
/// merged again.
///
/// A merge joins the last character of its left piece to the first character of its right piece:
/// the pairs of these are the joints, and everything else is a seam. This holds as long as every
/// piece that is merged is made of characters; the tokens of bytes and of the unknown are not.
void ByteFallbackBpe::find_seams() {
    const auto id_of = [&](std::string_view character) {
        const std::uint32_t number = packed(character);
        if (number < ascii_.size()) return ascii_[number];
        const auto found = beyond_ascii_.find(number);
        return found == beyond_ascii_.end() ? -1 : found->second;
    };
    const auto is_made_of_characters = [&](std::int32_t id) {
        return id != bpe_.unknown() && std::find(bytes_.begin(), bytes_.end(), id) == bytes_.end();
    };
    has_seams_ = true;
    bpe_.for_each_merge([&](std::int32_t left, std::int32_t right) {
        if (!is_made_of_characters(left) || !is_made_of_characters(right)) has_seams_ = false;
        joints_.insert(joint(id_of(last_character(*bpe_.pieces()[left])),
                             id_of(first_character(*bpe_.pieces()[right]))));
    });
}

std::string_view ByteFallbackBpe::normalize(std::string_view text, std::string& room) const {
    for (const Rewriting& rewriting : rewritings_) {
        if (text.empty()) return text;
        room = rewriting.from.empty() ? rewriting.to + std::string(text)
                                      : replace_all(text, rewriting.from, rewriting.to);
        text = room;
    }
    return text;
}

void ByteFallbackBpe::append_symbols(std::string_view text,
                                     std::vector<std::int32_t>& symbols) const {
    bool after_unknown = false;
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        std::int32_t id = -1;
        if (bytes == 1) {
            id = ascii_[static_cast<unsigned char>(text[0])];
        } else {
            const auto found = beyond_ascii_.find(packed(text.substr(0, bytes)));
            if (found != beyond_ascii_.end()) id = found->second;
        }
        const bool is_unknown = id < 0 && !bpe_.falls_back_to_bytes();
        if (id >= 0) {
            symbols.push_back(id);
        } else if (!is_unknown) {
            for (const unsigned char byte : text.substr(0, bytes)) symbols.push_back(bytes_[byte]);
        } else if (!after_unknown || !bpe_.fuses_unknown()) {
            symbols.push_back(*bpe_.unknown());
        }
        after_unknown = is_unknown;
        text.remove_prefix(bytes);
    }
}

void ByteFallbackBpe::encode_word(std::string_view word, std::vector<std::int32_t>& symbols,
                                  WordEncoder& encoder, std::vector<std::int32_t>& ids) const {
    if (bpe_.ignores_merges()) {
        if (const std::optional<std::int32_t> whole = bpe_.id(word)) return ids.push_back(*whole);
    }
    const std::size_t begin = symbols.size();
    append_symbols(word, symbols);
    std::span<const std::int32_t> rest(symbols.begin() + begin, symbols.end());
    while (!rest.empty()) {
        std::size_t count = 1;
        while (count < rest.size() &&
               (!has_seams_ || joints_.contains(joint(rest[count - 1], rest[count])))) {
            ++count;
        }
        encoder.encode(rest.first(count));
        rest = rest.subspan(count);
    }
}

void ByteFallbackBpe::encode(std::string_view text, bool at_start,
                             std::vector<std::int32_t>& ids) const {
    using enum Metaspace::Prefix;
    const std::string& space = metaspace_.space;
    std::string spaced;
    if (!space.empty()) {
        spaced = replace_all(text, " ", space);
        const bool wants_prefix =
            metaspace_.prefix == always || (metaspace_.prefix == first && at_start);
        if (wants_prefix && !spaced.starts_with(space)) spaced.insert(0, space);
        text = spaced;
    }
    // Room for one symbol per byte, the most that there can be: the encoder needs them to stay in
    // place.
    std::vector<std::int32_t> symbols;
    symbols.reserve(text.size());
    WordEncoder encoder(bpe_, ids);
    while (!text.empty()) {
        std::size_t end = text.size();
        if (!space.empty() && metaspace_.splits) {
            end = std::min(end, text.find(space, text.starts_with(space) ? space.size() : 0));
        }
        encode_word(text.substr(0, end), symbols, encoder, ids);
        text.remove_prefix(end);
    }
}

}  // namespace t2t::model

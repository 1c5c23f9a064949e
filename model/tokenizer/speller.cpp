#include "model/tokenizer/speller.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <span>
#include <stdexcept>

#include "model/files/json_file.hpp"
#include "model/tokenizer/byte_characters.hpp"
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

/// Two characters side by side, by their ids.
std::uint64_t joint(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
}

}  // namespace

/// The symbols of one word while they are being found.
class Speller::Spelling {
 public:
    Spelling(const Speller& speller, std::vector<std::int32_t>& symbols)
        : speller_(speller), bpe_(speller.bpe_), symbols_(symbols) {
        symbols_.clear();
    }

    /// Takes a character that is a piece.
    void known(std::int32_t id) {
        finish();
        symbols_.push_back(id);
    }

    /// Takes a character that is none: it becomes its bytes, `<0xE2>`, or the unknown token, or
    /// nothing at all. As in `tokenizers`, the unknown token waits for the next character that is
    /// a piece, so bytes overtake it.
    void missing(std::string_view character) {
        if (bpe_.falls_back_to_bytes() && append_bytes(character)) return;
        if (!bpe_.names_unknown()) return;
        if (!bpe_.unknown()) {
            throw std::runtime_error("the tokenizer has no token for " + in_quotes(character) +
                                     ", and none for unknown characters: its unk_token is not in "
                                     "its vocabulary");
        }
        if (after_unknown_ && bpe_.fuses_unknown()) return;
        finish();
        after_unknown_ = true;
    }

    /// Writes the unknown token that is still waiting.
    void finish() {
        if (after_unknown_) symbols_.push_back(*bpe_.unknown());
        after_unknown_ = false;
    }

 private:
    bool append_bytes(std::string_view character) {
        const auto id = [&](unsigned char byte) { return speller_.fallbacks_[byte]; };
        if (std::ranges::any_of(character, [&](unsigned char byte) { return id(byte) < 0; })) {
            return false;
        }
        for (const unsigned char byte : character) symbols_.push_back(id(byte));
        return true;
    }

    const Speller& speller_;
    const Bpe& bpe_;
    std::vector<std::int32_t>& symbols_;
    bool after_unknown_ = false;
};

Speller::Speller(const Bpe& bpe, bool bytes) : bpe_(bpe), words_are_bytes_(bytes) {
    for (int byte = 0; byte < 256; ++byte) {
        char name[8];
        std::snprintf(name, sizeof name, "<0x%02X>", byte);
        fallbacks_[byte] = bpe.id(name).value_or(-1);
    }
    if (bytes) {
        read_bytes();
    } else {
        read_characters();
        find_seams();
    }
}

void Speller::read_bytes() {
    for (int byte = 0; byte < 256; ++byte) {
        bytes_[byte] = bpe_.id(byte_characters()[byte]).value_or(-1);
    }
    if (!bpe_.ignores_merges()) return;
    for (std::size_t id = 0; id < bpe_.pieces().size(); ++id) {
        if (!bpe_.pieces()[id]) continue;
        if (std::optional<std::string> bytes = bytes_of_piece(*bpe_.pieces()[id])) {
            pieces_.emplace(std::move(*bytes), std::int32_t(id));
        }
    }
}

void Speller::read_characters() {
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
}

/// Where no merge can ever join two characters, the text may be cut without changing its tokens. In
/// vocabularies of English that is nearly every beginning of a word, since `▁` stands only at the
/// front of pieces. So a long text becomes many short words, and a word that comes again is not
/// merged again.
///
/// A merge joins the last character of its left piece to the first character of its right piece:
/// the pairs of these are the joints, and everything else is a seam. This holds as long as every
/// piece that is merged is made of characters; the tokens of bytes and of the unknown are not.
void Speller::find_seams() {
    const auto is_made_of_characters = [&](std::int32_t id) {
        const bool is_byte =
            bpe_.falls_back_to_bytes() && std::ranges::find(fallbacks_, id) != fallbacks_.end();
        return id != bpe_.unknown() && !is_byte;
    };
    has_seams_ = true;
    bpe_.for_each_merge([&](std::int32_t left, std::int32_t right) {
        if (!is_made_of_characters(left) || !is_made_of_characters(right)) has_seams_ = false;
        const std::string_view before = *bpe_.pieces()[left], after = *bpe_.pieces()[right];
        joints_.insert(joint(id_of(before.substr(last_character(before))),
                             id_of(after.substr(0, character_bytes(after)))));
    });
}

std::int32_t Speller::id_of(std::string_view character) const {
    if (character.size() == 1) return ascii_[static_cast<unsigned char>(character[0])];
    const auto found = beyond_ascii_.find(packed(character));
    return found == beyond_ascii_.end() ? -1 : found->second;
}

/// The piece that a word is as it stands.
std::optional<std::int32_t> Speller::whole(std::string_view word) const {
    if (!words_are_bytes_) return bpe_.id(word);
    const auto found = pieces_.find(std::string(word));
    if (found == pieces_.end()) return std::nullopt;
    return found->second;
}

void Speller::encode(std::string_view word, std::vector<std::int32_t>& symbols,
                     WordEncoder& encoder) const {
    if (bpe_.ignores_merges()) {
        if (const std::optional<std::int32_t> id = whole(word)) {
            symbols.assign(1, *id);
            return encoder.encode(symbols);
        }
    }
    Spelling spelling(*this, symbols);
    symbols.reserve(word.size());  // nearly always enough
    if (words_are_bytes_) {
        for (const unsigned char byte : word) {
            if (const std::int32_t id = bytes_[byte]; id >= 0)
                spelling.known(id);
            else
                spelling.missing(byte_characters()[byte]);
        }
    } else {
        while (!word.empty()) {
            const std::string_view character = word.substr(0, character_bytes(word));
            if (const std::int32_t id = id_of(character); id >= 0)
                spelling.known(id);
            else
                spelling.missing(character);
            word.remove_prefix(character.size());
        }
    }
    spelling.finish();

    if (!has_seams_) return encoder.encode(symbols);
    std::span<const std::int32_t> rest(symbols);
    while (!rest.empty()) {
        std::size_t count = 1;
        while (count < rest.size() && joints_.contains(joint(rest[count - 1], rest[count]))) {
            ++count;
        }
        encoder.encode(rest.first(count));
        rest = rest.subspan(count);
    }
}

}  // namespace t2t::model

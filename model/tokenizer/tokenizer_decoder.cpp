#include "model/tokenizer/tokenizer_decoder.hpp"

#include <cctype>
#include <memory>
#include <utility>

#include "model/tokenizer/byte_characters.hpp"
#include "model/tokenizer/pattern.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

constexpr const char* supported =
    "ByteLevel, Metaspace, Replace, Strip, ByteFallback, Fuse and a Sequence of them, of which "
    "only Fuse follows ByteFallback or ByteLevel, and only Strip follows Fuse";

/// A piece as the decoder Metaspace gives it.
std::string without_metaspace(std::string_view piece, std::string_view space,
                              std::string_view instead) {
    std::string result;
    append_replaced(result, piece, space, instead);
    return result;
}

/// A piece without `character` where it stands at its ends, so many times at most.
std::string stripped_ends(std::string_view piece, std::string_view character, std::size_t start,
                          std::size_t stop) {
    for (; start > 0 && piece.starts_with(character); --start)
        piece.remove_prefix(character.size());
    for (; stop > 0 && piece.ends_with(character); --stop) piece.remove_suffix(character.size());
    return std::string(piece);
}

/// The byte of a piece `<0xE2>`; any other piece as it is.
std::string without_fallback(std::string_view piece) {
    const bool is_byte = piece.size() == 6 && piece.starts_with("<0x") && piece[5] == '>' &&
                         std::isxdigit(static_cast<unsigned char>(piece[3])) &&
                         std::isxdigit(static_cast<unsigned char>(piece[4]));
    if (!is_byte) return std::string(piece);
    return std::string(1, char(std::stoi(std::string(piece.substr(3, 2)), nullptr, 16)));
}

}  // namespace

PieceDecoder::PieceDecoder(const JsonField& tokenizer) {
    if (tokenizer.has("decoder")) {
        read(tokenizer.at("decoder"));
        return;
    }
    // Without one, pieces stand side by side with a space between.
    steps_.push_back([](std::string_view piece, bool is_first) {
        return is_first ? std::string(piece) : ' ' + std::string(piece);
    });
}

void PieceDecoder::read(const JsonField& decoder) {
    const std::string& type = decoder.at("type").text();
    if (type == "Sequence") {
        const JsonField steps = decoder.at("decoders");
        for (std::size_t i = 0; i < steps.size(); ++i) read(steps.at(i));
    } else if (type == "Fuse") {
        is_fused_ = true;
    } else if (type == "Strip") {
        read_strip(decoder);
    } else if (gives_bytes_ || is_fused_) {
        decoder.at("type").unsupported(supported);
    } else if (type == "ByteLevel") {
        gives_bytes_ = true;
        steps_.push_back([](std::string_view piece, bool) {
            return bytes_of_piece(piece).value_or(std::string(piece));
        });
    } else if (type == "ByteFallback") {
        gives_bytes_ = true;
        steps_.push_back([](std::string_view piece, bool) { return without_fallback(piece); });
    } else if (type == "Metaspace") {
        const std::string& space = decoder.at("replacement").text();
        if (space.empty()) decoder.at("replacement").refuse("is empty");
        const bool drops_first =
            decoder.flag("add_prefix_space", true) &&
            !(decoder.has("prepend_scheme") && decoder.at("prepend_scheme").text() == "never");
        steps_.push_back([space, drops_first](std::string_view piece, bool is_first) {
            return without_metaspace(piece, space, is_first && drops_first ? "" : " ");
        });
    } else if (type == "Replace") {
        // std::function wants to copy what it holds.
        const auto pattern =
            std::make_shared<const Pattern>(Pattern::from_file(decoder.at("pattern")));
        steps_.push_back(
            [pattern, content = decoder.at("content").text()](std::string_view piece, bool) {
                return pattern->replaced(piece, content);
            });
    } else {
        decoder.at("type").unsupported(supported);
    }
}

void PieceDecoder::read_strip(const JsonField& decoder) {
    const JsonField content = decoder.at("content");
    const std::size_t start = decoder.at("start").count(), stop = decoder.at("stop").count();
    if (!is_fused_) {
        if (gives_bytes_) decoder.at("type").unsupported(supported);
        if (content.text().empty()) content.refuse("is empty");
        steps_.push_back([character = content.text(), start, stop](std::string_view piece, bool) {
            return stripped_ends(piece, character, start, stop);
        });
        return;
    }
    // Of the whole text, which leaves before its end has come.
    if (most_stripped_ != 0) decoder.at("type").unsupported(supported);
    if (content.text().size() != 1) content.unsupported("one ASCII character");
    if (stop != 0) decoder.at("stop").unsupported("0");
    stripped_ = content.text()[0];
    most_stripped_ = start;
}

std::string PieceDecoder::decoded(std::string_view piece, bool is_first) const {
    std::string result(piece);
    for (const Step& step : steps_) result = step(result, is_first);
    return result;
}

}  // namespace t2t::model

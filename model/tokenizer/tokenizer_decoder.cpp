#include "model/tokenizer/tokenizer_decoder.hpp"

#include <cctype>

#include "model/tokenizer/byte_level_bpe.hpp"
#include "model/tokenizer/tokenizer_json.hpp"

namespace t2t::model {
namespace {

constexpr const char* supported =
    "ByteLevel; Metaspace; a Sequence of Replace, ByteFallback, Fuse and Strip in this order";

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

/// Is it the token of a byte, `<0xE2>`?
bool is_byte(std::string_view piece) {
    return piece.size() == 6 && piece.starts_with("<0x") && piece[5] == '>' &&
           std::isxdigit(static_cast<unsigned char>(piece[3])) &&
           std::isxdigit(static_cast<unsigned char>(piece[4]));
}

}  // namespace

PieceDecoder::PieceDecoder(const JsonField& tokenizer) {
    const JsonField decoder = tokenizer.at("decoder");
    const std::string& type = decoder.at("type").text();
    if (type == "ByteLevel") {
        kind_ = Kind::byte_level;
    } else if (type == "Metaspace") {
        kind_ = Kind::metaspace;
        space_ = decoder.at("replacement").text();
        if (space_.empty()) decoder.at("replacement").refuse("is empty");
        drops_first_spaces_ =
            decoder.flag("add_prefix_space", true) &&
            !(decoder.has("prepend_scheme") && decoder.at("prepend_scheme").text() == "never");
    } else if (type == "Sequence") {
        const JsonField steps = decoder.at("decoders");
        for (std::size_t i = 0; i < steps.size(); ++i) read_step(steps.at(i));
    } else {
        decoder.at("type").unsupported(supported);
    }
}

void PieceDecoder::read_step(const JsonField& step) {
    const std::string& type = step.at("type").text();
    if (type == "Replace" && !has_bytes_ && !is_fused_) {
        const JsonField from = step.at("pattern").at("String");
        if (from.text().empty()) from.refuse("is empty");
        replacements_.emplace_back(from.text(), step.at("content").text());
    } else if (type == "ByteFallback" && !is_fused_) {
        has_bytes_ = true;
    } else if (type == "Fuse") {
        is_fused_ = true;
    } else if (type == "Strip" && is_fused_ && most_stripped_ == 0) {
        const JsonField content = step.at("content");
        if (content.text().size() != 1) content.unsupported("one ASCII character");
        if (step.at("stop").count() != 0) step.at("stop").unsupported("0");
        stripped_ = content.text()[0];
        most_stripped_ = step.at("start").count();
    } else {
        step.at("type").unsupported(supported);
    }
}

std::string PieceDecoder::bytes(std::string_view piece) const {
    std::string text(piece);
    if (kind_ == Kind::byte_level) return bytes_of_piece(piece).value_or(text);
    if (kind_ == Kind::metaspace) replace_all(text, space_, " ");
    for (const auto& [from, to] : replacements_) replace_all(text, from, to);
    if (has_bytes_ && is_byte(text))
        return std::string(1, char(std::stoi(text.substr(3, 2), nullptr, 16)));
    return text;
}

std::string PieceDecoder::first_bytes(std::string_view piece) const {
    if (!drops_first_spaces_) return bytes(piece);
    std::string text(piece);
    replace_all(text, space_, "");
    return text;
}

}  // namespace t2t::model

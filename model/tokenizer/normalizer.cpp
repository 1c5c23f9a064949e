#include "model/tokenizer/normalizer.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>

#include "model/tokenizer/byte_characters.hpp"
#include "model/tokenizer/pattern.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// One of Unicode's normal forms.
/// @param form utf8proc's options: compose or decompose; compatibility
std::string normal_form(std::string_view text, int form) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(text, is_ascii)) return std::string(text);  // has but one form
    utf8proc_uint8_t* result = nullptr;
    const utf8proc_ssize_t bytes = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()), utf8proc_ssize_t(text.size()),
        &result, utf8proc_option_t(UTF8PROC_STABLE | form));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(result, std::free);
    if (bytes == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
    if (bytes < 0) {
        throw std::runtime_error("the tokenizer cannot normalize this text: " +
                                 std::string(utf8proc_errmsg(bytes)));
    }
    return {reinterpret_cast<const char*>(result), std::size_t(bytes)};
}

/// Calls `visit(character, its bytes)` for every character.
template <class Visit>
void for_each_character(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const std::string_view bytes = text.substr(0, character_bytes(text));
        utf8proc_int32_t character = 0;
        utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()),
                         utf8proc_ssize_t(bytes.size()), &character);
        visit(character, bytes);
        text.remove_prefix(bytes.size());
    }
}

std::string lower_case(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for_each_character(text, [&](utf8proc_int32_t character, std::string_view) {
        if (character == 0x130) {  // İ is the one character that becomes two
            result += "i\u0307";
        } else {
            append_character(result, char32_t(utf8proc_tolower(character)));
        }
    });
    return result;
}

std::string without_marks(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for_each_character(text, [&](utf8proc_int32_t character, std::string_view bytes) {
        const utf8proc_category_t category = utf8proc_category(character);
        const bool is_mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC ||
                             category == UTF8PROC_CATEGORY_ME;
        if (!is_mark) result += bytes;
    });
    return result;
}

}  // namespace

Normalizer::Normalizer(const JsonField& tokenizer) {
    if (tokenizer.has("normalizer")) read(tokenizer.at("normalizer"));
}

void Normalizer::read(const JsonField& normalizer) {
    const std::string& type = normalizer.at("type").text();
    const auto add_form = [&](int form) {
        steps_.push_back([form](std::string_view text) { return normal_form(text, form); });
    };
    if (type == "Sequence") {
        const JsonField steps = normalizer.at("normalizers");
        for (std::size_t i = 0; i < steps.size(); ++i) read(steps.at(i));
    } else if (type == "NFC") {
        add_form(UTF8PROC_COMPOSE);
    } else if (type == "NFD") {
        add_form(UTF8PROC_DECOMPOSE);
    } else if (type == "NFKC") {
        add_form(UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    } else if (type == "NFKD") {
        add_form(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    } else if (type == "Prepend") {
        steps_.push_back([prefix = normalizer.at("prepend").text()](std::string_view text) {
            return prefix + std::string(text);
        });
    } else if (type == "Replace") {
        // std::function wants to copy what it holds.
        const auto pattern =
            std::make_shared<const Pattern>(Pattern::from_file(normalizer.at("pattern")));
        steps_.push_back([pattern, content = normalizer.at("content").text()](
                             std::string_view text) { return pattern->replaced(text, content); });
    } else if (type == "Lowercase") {
        steps_.push_back(lower_case);
    } else if (type == "Strip") {
        steps_.push_back([left = normalizer.flag("strip_left", true),
                          right = normalizer.flag("strip_right", true)](std::string_view text) {
            if (right) text = text.substr(0, without_space_at_end(text));
            return std::string(left ? text.substr(space_at_start(text)) : text);
        });
    } else if (type == "StripAccents") {
        steps_.push_back(without_marks);
    } else if (type == "ByteLevel") {
        steps_.push_back(in_byte_characters);
    } else {
        normalizer.at("type").unsupported(
            "NFC, NFD, NFKC, NFKD, Prepend, Replace, Lowercase, Strip, StripAccents, ByteLevel, "
            "and a Sequence of them");
    }
}

std::string_view Normalizer::normalize(std::string_view text, std::string& room) const {
    for (const Step& step : steps_) {
        if (text.empty()) return text;
        room = step(text);
        text = room;
    }
    return text;
}

}  // namespace t2t::model

#include "model/tokenizer/tokenizer_added_tokens.hpp"

#include <algorithm>
#include <set>

#include "model/files/json_file.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// Bytes of the white space (Unicode's White_Space) that `text` starts with: 0 to 3.
std::size_t white_space_bytes(std::string_view text) {
    if (text.empty()) return 0;
    if (text[0] == ' ' || (text[0] >= '\t' && text[0] <= '\r')) return 1;
    for (const std::string_view space : {"\u0085", "\u00A0"}) {
        if (text.starts_with(space)) return 2;
    }
    for (const std::string_view space :
         {"\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
          "\u2008", "\u2009", "\u200A", "\u2028", "\u2029", "\u202F", "\u205F", "\u3000"}) {
        if (text.starts_with(space)) return 3;
    }
    return 0;
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const JsonField& tokenizer, const Bpe& bpe,
                                          const TextEncoder& encoder) {
    std::vector<AddedToken> tokens;
    if (!tokenizer.has("added_tokens")) return tokens;
    const JsonField list = tokenizer.at("added_tokens");
    std::set<std::int32_t> ids;
    std::set<std::string> contents;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonField entry = list.at(i);
        const std::int32_t id = entry.at("id").id();
        const std::string& content = entry.at("content").text();
        if (content.empty()) entry.at("content").refuse("is empty");
        if (!contents.insert(content).second) entry.refuse("adds " + in_quotes(content) + " again");
        if (!ids.insert(id).second) entry.refuse("uses the id " + std::to_string(id) + " again");
        const std::optional<std::int32_t> known = bpe.id(content);
        if (known && *known != id) {
            entry.refuse("gives " + in_quotes(content) + " the id " + std::to_string(id) +
                         ", which has the id " + std::to_string(*known) + " in model.vocab");
        }
        const bool taken = std::size_t(id) < bpe.pieces().size() && bpe.pieces()[id];
        if (!known && taken) {
            entry.refuse("gives " + in_quotes(content) + " the id " + std::to_string(id) +
                         ", which is that of " + in_quotes(*bpe.pieces()[id]) + " in model.vocab");
        }
        if (entry.flag("single_word", false)) entry.at("single_word").unsupported("false");
        AddedToken token{.id = id,
                         .content = content,
                         .pattern = content,
                         .takes_left = entry.flag("lstrip", false),
                         .takes_right = entry.flag("rstrip", false),
                         .normalized = entry.flag("normalized", false),
                         .special = entry.flag("special", false)};
        if (token.normalized) {
            std::string room;
            token.pattern = std::string(encoder.normalize(content, room));
            if (token.pattern.empty()) entry.refuse("is empty when normalized");
        }
        tokens.push_back(std::move(token));
    }
    return tokens;
}

AddedTokenFinder::AddedTokenFinder(const std::vector<AddedToken>& tokens, bool normalized) {
    for (const AddedToken& token : tokens) {
        if (token.normalized != normalized) continue;
        by_first_byte_[static_cast<unsigned char>(token.pattern[0])].push_back(&token);
    }
    for (auto& group : by_first_byte_) {
        std::stable_sort(group.begin(), group.end(), [](const AddedToken* a, const AddedToken* b) {
            return a->pattern.size() > b->pattern.size();
        });
    }
}

AddedTokenFinder::Match AddedTokenFinder::find(std::string_view text, std::size_t from) const {
    for (std::size_t begin = from; begin < text.size(); ++begin) {
        for (const AddedToken* token : by_first_byte_[static_cast<unsigned char>(text[begin])]) {
            if (text.substr(begin).starts_with(token->pattern)) {
                return {begin, begin + token->pattern.size(), token};
            }
        }
    }
    return {text.size(), text.size(), nullptr};
}

std::size_t AddedTokenFinder::without_space_at_end(std::string_view text) {
    std::size_t end = text.size();
    while (end > 0) {
        std::size_t begin = end - 1;
        while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
        if (white_space_bytes(text.substr(begin, end - begin)) == 0) break;
        end = begin;
    }
    return end;
}

std::size_t AddedTokenFinder::space_at_start(std::string_view text) {
    std::size_t count = 0;
    while (const std::size_t bytes = white_space_bytes(text.substr(count))) count += bytes;
    return count;
}

}  // namespace t2t::model

#include "model/tokenizer/tokenizer_added_tokens.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "model/files/json_file.hpp"
#include "model/tokenizer/pattern.hpp"
#include "model/tokenizer/tokenizer_json.hpp"

namespace t2t::model {
namespace {

AddedToken read_added_token(const JsonField& entry, const Normalizer& normalizer) {
    const std::string& content = entry.at("content").text();
    if (content.empty()) entry.at("content").refuse("is empty");
    AddedToken token{.id = entry.at("id").id(),
                     .content = content,
                     .pattern = content,
                     .single_word = entry.flag("single_word", false),
                     .takes_left = entry.flag("lstrip", false),
                     .takes_right = entry.flag("rstrip", false),
                     .normalized = entry.flag("normalized", false),
                     .special = entry.flag("special", false)};
    if (token.normalized) {
        std::string room;
        token.pattern = std::string(normalizer.normalize(content, room));
        if (token.pattern.empty()) entry.refuse("is empty when normalized");
    }
    return token;
}

/// Refuses a token that the vocabulary contradicts.
void check_id(const JsonField& entry, const AddedToken& token, const Bpe& bpe) {
    const auto refuse = [&](const std::string& problem) {
        entry.refuse("gives " + in_quotes(token.content) + " the id " + std::to_string(token.id) +
                     ", which " + problem + " in model.vocab");
    };
    const std::optional<std::int32_t> known = bpe.id(token.content);
    if (known && *known != token.id) refuse("has the id " + std::to_string(*known));
    if (!known && bpe.contains(token.id)) {
        refuse("is that of " + in_quotes(*bpe.pieces()[token.id]));
    }
}

}  // namespace

std::vector<AddedToken> read_added_tokens(const JsonField& tokenizer, const Bpe& bpe,
                                          const Normalizer& normalizer) {
    std::vector<AddedToken> tokens;
    if (!tokenizer.has("added_tokens")) return tokens;
    const JsonField list = tokenizer.at("added_tokens");
    std::map<std::string, std::size_t> places;  // in `tokens`, by content
    std::set<std::int32_t> ids;                 // as the file has them
    auto next_id = std::int32_t(bpe.size());
    for (std::size_t i = 0; i < list.size(); ++i) {
        const JsonField entry = list.at(i);
        AddedToken token = read_added_token(entry, normalizer);
        check_id(entry, token, bpe);
        const auto [place, is_new] = places.emplace(token.content, tokens.size());
        if (!is_new) {  // what is said last holds
            AddedToken& earlier = tokens[place->second];
            token.id = earlier.id;
            token.special |= earlier.special;
            earlier = std::move(token);
            continue;
        }
        if (!ids.insert(token.id).second) {
            entry.refuse("uses the id " + std::to_string(token.id) + " again");
        }
        if (!bpe.id(token.content)) {
            if (bpe.contains(next_id)) {
                entry.refuse("would get the id " + std::to_string(next_id) +
                             ", the number of pieces, which is that of " +
                             in_quotes(*bpe.pieces()[next_id]) + " in model.vocab");
            }
            token.id = next_id++;
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

/// Does a letter, a mark, a digit or a `_` stand right before or after a match?
bool AddedTokenFinder::touches_word(std::string_view text, const Match& match) {
    static const Pattern word =
        Pattern::regex(R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}])");
    const auto is_word = [](std::string_view character) {
        return word.find(character, 0).has_value();
    };
    const std::string_view before = text.substr(0, match.begin), after = text.substr(match.end);
    return (!before.empty() && is_word(before.substr(last_character(before)))) ||
           (!after.empty() && is_word(after.substr(0, character_bytes(after))));
}

}  // namespace t2t::model

#include "model/tokenizer/bpe.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

#include "model/files/json_file.hpp"
#include "model/tokenizer/tokenizer_json.hpp"

namespace t2t::model {
namespace {

std::uint64_t pair_of(std::int32_t left, std::int32_t right) {
    return std::uint64_t(std::uint32_t(left)) << 32 | std::uint32_t(right);
}

/// A merge's two pieces: `"a b"` in older files, `["a", "b"]` in newer ones.
std::pair<std::string_view, std::string_view> two_pieces(const JsonField& merge) {
    if (merge.value().is_array()) {
        if (merge.size() != 2) merge.refuse("is not a pair of pieces");
        return {merge.at(std::size_t{0}).text(), merge.at(1).text()};
    }
    const std::string_view both = merge.text();
    const std::size_t space = both.find(' ');
    if (space == both.npos || both.find(' ', space + 1) != both.npos) {
        merge.refuse("is " + in_quotes(both) + ", not two pieces with one space between");
    }
    return {both.substr(0, space), both.substr(space + 1)};
}

}  // namespace

std::size_t Bpe::TextHash::operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
}

std::size_t Bpe::PairHash::operator()(std::uint64_t pair) const {
    pair *= 0x9E3779B97F4A7C15u;  // spreads both ids over all bits
    return pair ^ pair >> 32;
}

Bpe::Bpe(const JsonField& model)
    // The oldest files name no type.
    : ignores_merges_(model.flag("ignore_merges", false)),
      falls_back_to_bytes_(model.flag("byte_fallback", false)),
      fuses_unknown_(model.flag("fuse_unk", false)) {
    if (model.has("type") && model.at("type").text() != "BPE") {
        model.at("type").unsupported(
            "BPE (choose a model whose tokenizer is byte-pair encoding, as GPT-2's and Llama's)");
    }
    // It leaves out merges at random, which is for training.
    if (model.has("dropout") && model.at("dropout").value() != 0.0) {
        model.at("dropout").unsupported("0, null");
    }
    for (const std::string_view affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
        if (model.has(affix) && !model.at(affix).text().empty()) {
            model.at(affix).unsupported("null");
        }
    }
    read_vocabulary(model.at("vocab"));
    read_merges(model.at("merges"));
    if (model.has("unk_token")) {
        names_unknown_ = true;
        unknown_ = id(model.at("unk_token").text());
    }
}

void Bpe::read_vocabulary(const JsonField& vocabulary) {
    if (!vocabulary.value().is_object()) {
        vocabulary.refuse("is " + shown(vocabulary.value()) + ", not an object");
    }
    if (vocabulary.value().empty()) vocabulary.refuse("is empty");
    ids_.reserve(vocabulary.value().size());
    for (const auto& [piece, value] : vocabulary.value().items()) {
        const std::int32_t id = vocabulary.at(piece).id();
        if (std::size_t(id) >= pieces_.size()) pieces_.resize(id + 1);
        if (pieces_[id]) {
            vocabulary.refuse("gives the id " + std::to_string(id) + " to both " +
                              in_quotes(*pieces_[id]) + " and " + in_quotes(piece));
        }
        pieces_[id] = piece;
        ids_.emplace(piece, id);
    }
}

void Bpe::read_merges(const JsonField& merges) {
    const auto id_of = [&](const JsonField& merge, std::string_view piece) {
        const std::optional<std::int32_t> found = id(piece);
        if (!found)
            merge.refuse("needs the piece " + in_quotes(piece) + ", which model.vocab lacks");
        return *found;
    };
    const std::size_t count = merges.size();
    merges_.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const JsonField merge = merges.at(i);
        const auto [left, right] = two_pieces(merge);
        if (left.empty() || right.empty()) merge.refuse("has an empty piece");
        const std::uint64_t pair = pair_of(id_of(merge, left), id_of(merge, right));
        const std::int32_t result = id_of(merge, std::string(left) + std::string(right));
        if (!merges_.emplace(pair, Merge{std::int32_t(i), result}).second) {
            merge.refuse("stands in the list twice");
        }
    }
}

std::optional<std::int32_t> Bpe::id(std::string_view piece) const {
    const auto found = ids_.find(piece);
    if (found == ids_.end()) return std::nullopt;
    return found->second;
}

const Merge* Bpe::merge(std::int32_t left, std::int32_t right) const {
    const auto found = merges_.find(pair_of(left, right));
    return found == merges_.end() ? nullptr : &found->second;
}

void Bpe::for_each_merge(const std::function<void(std::int32_t, std::int32_t)>& visit) const {
    for (const auto& [pair, merge] : merges_) {
        visit(std::int32_t(pair >> 32), std::int32_t(pair & 0xFFFFFFFFu));
    }
}

void WordEncoder::encode(std::span<const std::int32_t> symbols) {
    if (symbols.size() < 2) {
        ids_.insert(ids_.end(), symbols.begin(), symbols.end());
        return;
    }
    constexpr std::size_t longest_known_word = 64;
    constexpr std::size_t most_known_words = 1 << 16;
    if (symbols.size() > longest_known_word) return join(symbols);

    const std::string_view word(reinterpret_cast<const char*>(symbols.data()),
                                symbols.size_bytes());
    const auto found = known_words_.find(word);
    if (found != known_words_.end()) {
        const Place place = found->second;
        for (std::size_t i = 0; i < place.count; ++i) ids_.push_back(ids_[place.begin + i]);
        return;
    }
    const std::size_t begin = ids_.size();
    join(symbols);
    if (known_words_.size() < most_known_words) {
        known_words_.emplace(kept(word), Place{begin, ids_.size() - begin});
    }
}

/// A copy of a word that stays where it is as long as this object lives.
std::string_view WordEncoder::kept(std::string_view word) {
    constexpr std::size_t block_bytes = 1 << 16;
    if (storage_.empty() || storage_.back().capacity() - storage_.back().size() < word.size()) {
        storage_.emplace_back().reserve(block_bytes);
    }
    std::string& block = storage_.back();
    block += word;
    return std::string_view(block).substr(block.size() - word.size());
}

namespace {

/// The order of the heap, whose top is the greatest: does `a` join after `b`?
constexpr auto joins_later = [](const auto& a, const auto& b) {
    return std::pair(a.rank, a.position) > std::pair(b.rank, b.position);
};

}  // namespace

void WordEncoder::consider(std::int32_t left) {
    if (left < 0 || nodes_[left].next < 0) return;
    const Merge* merge = bpe_.merge(nodes_[left].id, nodes_[nodes_[left].next].id);
    if (merge == nullptr) return;
    candidates_.push_back({merge->rank, left, merge->result});
    std::push_heap(candidates_.begin(), candidates_.end(), joins_later);
}

/// The merge loop: take the pair that joins first, join it, and look at the two pairs that the new
/// token forms with its neighbours. Each join makes at most two new candidates, so n symbols take
/// O(n log n). Pairs of which a part has been joined meanwhile are not looked for in the heap: they
/// are recognised, and passed over, when their turn comes.
void WordEncoder::join(std::span<const std::int32_t> symbols) {
    if (symbols.size() > std::size_t(std::numeric_limits<std::int32_t>::max())) {
        throw std::length_error(
            "a text of 2^31 characters or more cannot be tokenized in one piece");
    }
    const auto count = static_cast<std::int32_t>(symbols.size());
    nodes_.resize(symbols.size());
    for (std::int32_t i = 0; i < count; ++i) {
        nodes_[i] = {symbols[i], i - 1, i + 1 < count ? i + 1 : -1};
    }
    candidates_.clear();
    for (std::int32_t i = 0; i + 1 < count; ++i) consider(i);

    while (!candidates_.empty()) {
        std::pop_heap(candidates_.begin(), candidates_.end(), joins_later);
        const Candidate best = candidates_.back();
        candidates_.pop_back();

        Node& left = nodes_[best.position];
        if (left.id < 0 || left.next < 0) continue;
        Node& right = nodes_[left.next];
        const Merge* merge = bpe_.merge(left.id, right.id);
        if (merge == nullptr || merge->result != best.result) continue;

        left.id = best.result;
        left.next = right.next;
        right.id = -1;
        if (left.next >= 0) nodes_[left.next].previous = best.position;
        consider(left.previous);
        consider(best.position);
    }
    for (std::int32_t i = 0; i >= 0; i = nodes_[i].next) ids_.push_back(nodes_[i].id);
}

}  // namespace t2t::model

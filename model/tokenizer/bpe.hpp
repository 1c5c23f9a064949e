/// @file
/// Byte-pair encoding: a vocabulary of pieces and the order in which neighbouring pieces join. Both
/// families of tokenizers stand on it. For the tokenizers' own sources only.
///
/// Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units"
/// (2016).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace t2t::model {

class JsonField;

/// What one pair of neighbours becomes.
struct Merge {
    std::int32_t rank;    ///< its place in the file's list: the lowest rank joins first
    std::int32_t result;  ///< the piece that the two become
};

/// One vocabulary and its merges, as `model` of a tokenizer.json gives them.
class Bpe {
 public:
    /// @param model the field `model`
    /// @throws FileError
    explicit Bpe(const JsonField& model);

    /// The id of a piece, if it is one.
    std::optional<std::int32_t> id(std::string_view piece) const;
    /// Is there a piece of this id?
    bool contains(std::int32_t id) const {
        return std::size_t(id) < pieces_.size() && pieces_[id].has_value();
    }
    /// The number of pieces.
    std::size_t size() const { return ids_.size(); }
    /// [largest id + 1] the pieces by id; nothing where the vocabulary skips an id.
    const std::vector<std::optional<std::string>>& pieces() const { return pieces_; }

    /// What `left` and `right` become when they stand side by side; null if they do not join.
    const Merge* merge(std::int32_t left, std::int32_t right) const;
    /// Calls `visit(left, right)` for every pair that joins.
    void for_each_merge(const std::function<void(std::int32_t, std::int32_t)>& visit) const;

    /// Is a word that is itself a piece that piece, whatever the merges make of it?
    bool ignores_merges() const { return ignores_merges_; }
    /// Are characters outside the vocabulary spelled in bytes, `<0xE2>`?
    bool falls_back_to_bytes() const { return falls_back_to_bytes_; }
    /// Is there an `unk_token`? If not, unknown characters are left out.
    bool names_unknown() const { return names_unknown_; }
    /// Its id, if it is a piece. Files name one that is none and is never needed.
    std::optional<std::int32_t> unknown() const { return unknown_; }
    /// Is a run of unknown characters one token?
    bool fuses_unknown() const { return fuses_unknown_; }

 private:
    void read_vocabulary(const JsonField& vocabulary);
    void read_merges(const JsonField& merges);

    struct TextHash {
        using is_transparent = void;  // looks a string_view up without a copy
        std::size_t operator()(std::string_view text) const;
    };
    struct PairHash {
        std::size_t operator()(std::uint64_t pair) const;
    };

    std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
    std::vector<std::optional<std::string>> pieces_;
    std::unordered_map<std::uint64_t, Merge, PairHash> merges_;  // by left · 2^32 + right
    bool ignores_merges_;
    bool falls_back_to_bytes_;
    bool fuses_unknown_;
    bool names_unknown_ = false;
    std::optional<std::int32_t> unknown_;
};

/// Applies the merges to the words of one text, to each distinct word once.
class WordEncoder {
 public:
    /// @param bpe must outlive this object
    /// @param ids where tokens are appended to; meanwhile nobody else may take any away
    WordEncoder(const Bpe& bpe, std::vector<std::int32_t>& ids) : bpe_(bpe), ids_(ids) {}

    /// Appends the tokens of one word.
    /// @param symbols the ids of its characters or bytes
    /// @throws std::length_error 2^31 symbols or more
    void encode(std::span<const std::int32_t> symbols);

 private:
    /// A token of the word, in a list from left to right. -1 where there is none.
    struct Node {
        std::int32_t id;  // -1: has become part of its left neighbour
        std::int32_t previous;
        std::int32_t next;
    };
    /// Two neighbours that may join.
    struct Candidate {
        std::int32_t rank;
        std::int32_t position;  // of the left one
        std::int32_t result;
    };
    /// Tokens of ids_.
    struct Place {
        std::size_t begin;
        std::size_t count;
    };

    std::string_view kept(std::string_view word);
    void join(std::span<const std::int32_t> symbols);
    void consider(std::int32_t left);

    const Bpe& bpe_;
    std::vector<std::int32_t>& ids_;
    std::vector<std::string> storage_;  // known words, one after another; none ever moves
    std::unordered_map<std::string_view, Place> known_words_;
    std::vector<Node> nodes_;
    std::vector<Candidate> candidates_;  // a heap: the lowest rank, and of equal ranks the leftmost
};

}  // namespace t2t::model

#include "model/tokenizer/pre_tokenizer.hpp"

#include <optional>
#include <string>
#include <utility>

#include "model/tokenizer/byte_characters.hpp"
#include "model/tokenizer/pattern.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// GPT-2's pattern: contractions, words, numbers, the rest, each with a space in front; and white
/// space, of which the last space is left to the word that follows it.
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+)"
    R"(|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+)";

constexpr std::string_view white_space_pattern = R"(\p{White_Space}+)";

constexpr std::string_view punctuation_pattern = R"([\p{P}$+<=>^`|~])";

/// Words, as Rust's `regex` has them, and runs of what is neither a word nor white space.
constexpr std::string_view words_pattern =
    R"([\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]+)"
    R"(|[^\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}\p{White_Space}]+)";

/// What becomes of the places where a pattern matches.
enum class Behavior {
    removed,
    isolated,              // each is a piece
    contiguous,            // those that touch are one piece
    merged_with_previous,  // they end the piece before them
    merged_with_next       // they begin the piece after them
};

Behavior read_behavior(const JsonField& behavior) {
    using enum Behavior;
    constexpr std::pair<std::string_view, Behavior> names[] = {
        {"Removed", removed},
        {"Isolated", isolated},
        {"Contiguous", contiguous},
        {"MergedWithPrevious", merged_with_previous},
        {"MergedWithNext", merged_with_next}};
    for (const auto& [name, value] : names) {
        if (behavior.text() == name) return value;
    }
    behavior.unsupported("Removed, Isolated, Contiguous, MergedWithPrevious, MergedWithNext");
}

}  // namespace

/// Cuts a text.
class PreTokenizer::Step {
 public:
    using Visit = std::function<void(std::string_view piece, bool at_start)>;

    virtual ~Step() = default;
    /// Calls `visit` for every piece of `text`.
    /// @param at_start whether `text` is the beginning of all the text
    virtual void cut(std::string_view text, bool at_start, const Visit& visit) const = 0;
    /// Is told that no step follows.
    /// @returns whether the pieces are bytes from now on
    virtual bool make_last() { return false; }
};

/// Cuts where a pattern matches.
class PreTokenizer::Split : public Step {
 public:
    /// @param invert take what lies between matches for the matches
    Split(Pattern pattern, Behavior behavior, bool invert = false)
        : pattern_(std::move(pattern)), behavior_(behavior), invert_(invert) {}

    void cut(std::string_view text, bool at_start, const Visit& visit) const override {
        const auto give = [&](std::size_t begin, std::size_t end) {
            if (begin < end) visit(text.substr(begin, end - begin), at_start && begin == 0);
        };
        if (behavior_ == Behavior::isolated) {
            pattern_.cut(text, [&](std::size_t begin, std::size_t end, bool) { give(begin, end); });
            return;
        }
        // A piece that what follows may still join.
        std::size_t held = 0, held_end = 0;
        bool held_is_match = false;
        pattern_.cut(text, [&](std::size_t begin, std::size_t end, bool is_match) {
            is_match = is_match != invert_;
            if (behavior_ == Behavior::removed) {
                if (!is_match) give(begin, end);
                return;
            }
            if (!joins(held_is_match, is_match)) {
                give(held, held_end);
                held = begin;
            }
            held_end = end;
            held_is_match = is_match;
        });
        give(held, held_end);
    }

 private:
    bool joins(bool previous_is_match, bool is_match) const {
        switch (behavior_) {
            case Behavior::contiguous:
                return previous_is_match == is_match;
            case Behavior::merged_with_previous:
                return !previous_is_match && is_match;
            default:
                return previous_is_match && !is_match;
        }
    }

    Pattern pattern_;
    Behavior behavior_;
    bool invert_;
};

/// GPT-2's: writes bytes as characters, after it has cut by GPT-2's pattern.
class PreTokenizer::ByteLevel : public Step {
 public:
    explicit ByteLevel(const JsonField& step)
        : adds_prefix_space_(step.at("add_prefix_space").flag()) {
        if (step.flag("use_regex", true)) words_.emplace(Pattern::regex(gpt2_pattern));
    }

    void cut(std::string_view text, bool at_start, const Visit& visit) const override {
        std::string prefixed;
        if (adds_prefix_space_ && !text.starts_with(' ')) {
            prefixed.reserve(text.size() + 1);
            prefixed += ' ';
            prefixed += text;
            text = prefixed;
        }
        const auto give = [&](std::size_t begin, std::size_t end, bool) {
            if (begin == end) return;
            const std::string_view piece = text.substr(begin, end - begin);
            const bool is_first = at_start && begin == 0;
            if (is_last_)
                visit(piece, is_first);
            else
                visit(in_byte_characters(piece), is_first);
        };
        if (words_)
            words_->cut(text, give);
        else
            give(0, text.size(), false);
    }

    bool make_last() override { return is_last_ = true; }

 private:
    bool adds_prefix_space_;
    std::optional<Pattern> words_;
    bool is_last_ = false;  // then words may stay bytes, which is faster
};

/// SentencePiece's: a space is written as `▁`.
class PreTokenizer::Metaspace : public Step {
 public:
    explicit Metaspace(const JsonField& step) : space_(step.at("replacement").text()) {
        using enum Prefix;
        if (space_.empty() || character_bytes(space_) != space_.size()) {
            step.at("replacement").refuse("is not one character");
        }
        splits_ = step.flag("split", true);
        // Older files have add_prefix_space instead of prepend_scheme, or both.
        const bool adds_prefix_space = step.flag("add_prefix_space", true);
        prefix_ = adds_prefix_space ? always : never;
        if (!step.has("prepend_scheme")) return;
        const JsonField scheme = step.at("prepend_scheme");
        if (scheme.text() == "always") {
            prefix_ = always;
        } else if (scheme.text() == "first") {
            prefix_ = first;
        } else if (scheme.text() == "never") {
            prefix_ = never;
        } else {
            scheme.unsupported("always, first, never");
        }
        if (!adds_prefix_space && prefix_ != never) scheme.refuse("contradicts add_prefix_space");
    }

    void cut(std::string_view text, bool at_start, const Visit& visit) const override {
        std::string spaced;
        spaced.reserve(text.size() + text.size() / 2);
        const bool wants_prefix =
            prefix_ == Prefix::always || (prefix_ == Prefix::first && at_start);
        if (wants_prefix && !text.starts_with(' ') && !text.starts_with(space_)) spaced = space_;
        append_replaced(spaced, text, " ", space_);

        std::string_view rest = spaced;
        if (splits_) {
            for (;;) {
                const std::size_t next =
                    rest.find(space_, rest.starts_with(space_) ? space_.size() : 0);
                if (next == rest.npos) break;
                visit(rest.substr(0, next), at_start);
                rest.remove_prefix(next);
                at_start = false;
            }
        }
        visit(rest, at_start);
    }

 private:
    enum class Prefix { never, first, always };
    std::string space_;  // what a space becomes, `▁`
    Prefix prefix_;      // which pieces get one in front
    bool splits_;        // whether every `▁` begins a piece of its own
};

PreTokenizer::PreTokenizer(const JsonField& tokenizer) {
    if (!tokenizer.has("pre_tokenizer")) return;
    read(tokenizer.at("pre_tokenizer"));
    if (!steps_.empty()) gives_bytes_ = steps_.back()->make_last();
}

PreTokenizer::~PreTokenizer() = default;

void PreTokenizer::read(const JsonField& pre_tokenizer) {
    using enum Behavior;
    const auto add_split = [&](Pattern pattern, Behavior behavior, bool invert = false) {
        steps_.push_back(std::make_unique<Split>(std::move(pattern), behavior, invert));
    };
    const std::string& type = pre_tokenizer.at("type").text();
    if (type == "Sequence") {
        const JsonField steps = pre_tokenizer.at("pretokenizers");
        for (std::size_t i = 0; i < steps.size(); ++i) read(steps.at(i));
    } else if (type == "ByteLevel") {
        steps_.push_back(std::make_unique<ByteLevel>(pre_tokenizer));
    } else if (type == "Metaspace") {
        steps_.push_back(std::make_unique<Metaspace>(pre_tokenizer));
    } else if (type == "Split") {
        add_split(Pattern::from_file(pre_tokenizer.at("pattern")),
                  read_behavior(pre_tokenizer.at("behavior")), pre_tokenizer.flag("invert", false));
    } else if (type == "Digits") {
        const bool one_by_one = pre_tokenizer.flag("individual_digits", false);
        add_split(Pattern::regex("\\p{N}"), one_by_one ? isolated : contiguous);
    } else if (type == "Punctuation") {
        add_split(
            Pattern::regex(punctuation_pattern),
            pre_tokenizer.has("behavior") ? read_behavior(pre_tokenizer.at("behavior")) : isolated);
    } else if (type == "Whitespace") {
        add_split(Pattern::regex(words_pattern), removed, true);
    } else if (type == "WhitespaceSplit") {
        add_split(Pattern::regex(white_space_pattern), removed);
    } else if (type == "BertPreTokenizer") {
        add_split(Pattern::regex(white_space_pattern), removed);
        add_split(Pattern::regex(punctuation_pattern), isolated);
    } else if (type == "CharDelimiterSplit") {
        const JsonField delimiter = pre_tokenizer.at("delimiter");
        if (delimiter.text().empty()) delimiter.refuse("is empty");
        add_split(Pattern::literal(delimiter.text()), removed);
    } else {
        pre_tokenizer.at("type").unsupported(
            "ByteLevel, Metaspace, Split, Digits, Punctuation, Whitespace, WhitespaceSplit, "
            "BertPreTokenizer, CharDelimiterSplit, and a Sequence of them");
    }
}

void PreTokenizer::split(std::string_view text, bool at_start,
                         const std::function<void(std::string_view word)>& visit) const {
    split_from(0, text, at_start, visit);
}

void PreTokenizer::split_from(std::size_t step, std::string_view text, bool at_start,
                              const std::function<void(std::string_view word)>& visit) const {
    if (step == steps_.size()) return visit(text);
    steps_[step]->cut(text, at_start, [&](std::string_view piece, bool piece_at_start) {
        split_from(step + 1, piece, piece_at_start, visit);
    });
}

}  // namespace t2t::model

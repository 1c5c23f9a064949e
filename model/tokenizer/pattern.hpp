/// @file
/// What a text is searched for: a regular expression, or a piece of text. For the tokenizers' own
/// sources only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace t2t::model {

class JsonField;

/// A regular expression or a piece of text.
class Pattern {
 public:
    /// A place in a text, in bytes.
    struct Match {
        std::size_t begin;  ///< its first byte
        std::size_t end;    ///< one past its last byte
    };

    /// The field `pattern` of a tokenizer.json: `{"Regex": …}` or `{"String": …}`.
    /// @throws FileError
    static Pattern from_file(const JsonField& pattern);
    /// A regular expression in the words of PCRE2.
    static Pattern regex(std::string_view expression);
    /// A piece of text, not empty.
    static Pattern literal(std::string text);

    /// Patterns can be moved; what was moved from can only be destroyed.
    Pattern(Pattern&&) noexcept;
    ~Pattern();

    /// The first match that begins at or after `from`.
    /// @throws std::runtime_error the search gives up
    std::optional<Match> find(std::string_view text, std::size_t from) const;

    /// `text` with `content` in place of every match.
    std::string replaced(std::string_view text, std::string_view content) const;

    /// Cuts a text into its matches and what lies between them, from left to right, and calls
    /// `visit(begin, end, is_match)` for each. A match of no bytes is visited where it is not right
    /// after another match.
    /// @param text UTF-8
    template <class Visit>
    void cut(std::string_view text, Visit visit) const {
        std::size_t done = 0;  // everything before it has been visited
        std::size_t from = 0;
        bool after_match = false;
        while (from <= text.size()) {
            const std::optional<Match> match = find(text, from);
            if (!match) break;
            if (match->begin == match->end && after_match && match->end == done) {
                from = after_character(text, done);
                after_match = false;
                continue;
            }
            if (match->begin > done) visit(done, match->begin, false);
            visit(match->begin, match->end, true);
            done = from = match->end;
            after_match = true;
        }
        if (done < text.size()) visit(done, text.size(), false);
    }

 private:
    class Compiled;

    Pattern();
    static std::size_t after_character(std::string_view text, std::size_t begin);

    std::unique_ptr<const Compiled> compiled_;  // null: look for text_
    std::string text_;
};

}  // namespace t2t::model

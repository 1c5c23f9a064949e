/// @file
/// What is done to a text before anything else: the field `normalizer`. For the tokenizers' own
/// sources only.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace t2t::model {

class JsonField;

/// A chain of changes to a text: Unicode's normal forms, replacements, lower case.
class Normalizer {
 public:
    /// @param tokenizer the whole tokenizer.json
    /// @throws FileError
    explicit Normalizer(const JsonField& tokenizer);

    /// What becomes of a part of the text.
    ///
    /// Unicode's normal forms are those of the machine's utf8proc (Debian 12: Unicode 15).
    /// `tokenizers` has those of Unicode 11, and so leaves 135 characters alone that got a form
    /// later, such as U+32FF.
    /// @param text UTF-8
    /// @param room holds the result where it differs from `text`
    std::string_view normalize(std::string_view text, std::string& room) const;

 private:
    using Step = std::function<std::string(std::string_view text)>;

    void read(const JsonField& normalizer);

    std::vector<Step> steps_;
};

}  // namespace t2t::model

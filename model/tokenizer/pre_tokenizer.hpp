/// @file
/// How a text falls into words, within which tokens are merged: the field `pre_tokenizer`. For the
/// tokenizers' own sources only.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace t2t::model {

class JsonField;

/// A chain of steps, each of which cuts the pieces that the one before it left.
class PreTokenizer {
 public:
    /// @param tokenizer the whole tokenizer.json
    /// @throws FileError
    explicit PreTokenizer(const JsonField& tokenizer);
    ~PreTokenizer();

    /// Are words bytes, each of which stands for a character of the vocabulary? That is so where
    /// ByteLevel is the last step; else they are characters.
    bool gives_bytes() const { return gives_bytes_; }

    /// Calls `visit` for every word.
    /// @param text     normalized, UTF-8, not empty
    /// @param at_start whether it is the beginning of all the text
    void split(std::string_view text, bool at_start,
               const std::function<void(std::string_view word)>& visit) const;

 private:
    class Step;
    class Split;
    class ByteLevel;
    class Metaspace;

    void read(const JsonField& pre_tokenizer);
    void split_from(std::size_t step, std::string_view text, bool at_start,
                    const std::function<void(std::string_view word)>& visit) const;

    std::vector<std::unique_ptr<Step>> steps_;
    bool gives_bytes_ = false;
};

}  // namespace t2t::model

/// @file
/// Text that leaves as its tokens come, and ends before a stop string.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {

/// Decodes the tokens that follow a prompt. Text that may be the beginning of a stop string is held
/// back until it is clear that it is not.
class TextStream {
 public:
    /// @param tokenizer must outlive this object
    /// @param prompt    what stands before: a tokenizer treats the very first token in its own way
    /// @param stops     strings that end the text; may be empty
    TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> prompt,
               std::vector<std::string> stops);

    /// The text that has become certain with `token`; nothing once stopped() is true. A token that the
    /// tokenizer does not have adds no text.
    std::string push(std::int32_t token);
    /// What was held back.
    std::string finish();
    /// Whether a stop string has come. Neither it nor what follows is part of the text.
    bool stopped() const { return stopped_; }

 private:
    std::string release(bool everything);

    const Tokenizer& tokenizer_;
    StreamDecoder decoder_;
    std::vector<std::string> stops_;
    std::string held_;
    bool stopped_ = false;
};

}  // namespace t2t::model

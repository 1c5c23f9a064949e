/// @file
/// Text to token ids and back, as a Hugging Face tokenizer.json says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace t2t::model {

/// A tokenizer by byte-pair encoding: over bytes (GPT-2, Llama 3, Qwen), or over characters with
/// bytes to fall back on (Llama 2, Mistral, Mixtral).
class Tokenizer {
 public:
    /// Reads a tokenizer.json.
    /// @throws FileError one sentence naming the file and the field: missing, unreadable, not JSON,
    ///                   a model type, normalizer, pre-tokenizer, post-processor or decoder that is
    ///                   not supported, merges of unknown tokens, ids out of range or given twice
    static std::unique_ptr<Tokenizer> from_file(const std::filesystem::path& file);
    /// Reads the text of a tokenizer.json.
    /// @param file its name, for messages
    static std::unique_ptr<Tokenizer> from_json(std::string_view json,
                                                const std::filesystem::path& file);

    ~Tokenizer();

    /// The ids of `text`; special tokens written out in it are recognised.
    ///
    /// They are the ids that Hugging Face's `tokenizers` gives, for every text whose characters both
    /// know: the machine's PCRE2 (Debian 12: those of Unicode 14), and that library (normal forms:
    /// those of Unicode 11). May be called from several threads at once.
    /// @param text        any bytes; what is not UTF-8 counts as U+FFFD, as Python's "replace" does
    /// @param add_special whether the post-processor adds its tokens, such as `<s>` in front
    /// @throws std::length_error  2^31 characters or more that no pattern or added token separates
    /// @throws std::runtime_error the pattern of a pre-tokenizer gives up on the text, or a
    ///                            character is unknown, and so is the token for such characters
    std::vector<std::int32_t> encode(std::string_view text, bool add_special = true) const;

    /// The text of `ids`, special tokens left out. Not necessarily UTF-8: what the tokens of single
    /// bytes spell is given as it is, such as half a character at the end.
    /// @throws std::out_of_range an id that the vocabulary does not have
    std::string decode(std::span<const std::int32_t> ids) const;

    /// The piece of one id as the vocabulary spells it, for display: `▁upon`, `Ġupon`, `<0x0A>`.
    /// @throws std::out_of_range an id that the vocabulary does not have
    std::string piece(std::int32_t id) const;

    /// Whether there is a token of this id. A model may know more ids than its tokenizer: vocabularies
    /// are padded.
    bool contains(std::int32_t id) const;

    /// Whether `id` is a special token. decode() leaves it out, unless the normalizer changed it.
    bool is_special(std::int32_t id) const;

    /// One more than the largest id.
    std::int64_t vocabulary() const;

 private:
    friend class StreamDecoder;
    struct Parts;
    struct DecodePlace;

    explicit Tokenizer(std::unique_ptr<const Parts> parts);
    void append_bytes(std::int32_t id, DecodePlace& place, std::string& text) const;

    std::unique_ptr<const Parts> parts_;
};

/// How far into a text a decoder is: its beginning is decoded in its own way.
struct Tokenizer::DecodePlace {
    bool is_after_token = false;  ///< has a token come that is not special?
    std::size_t strippable = 0;   ///< leading spaces that may still be left out
};

/// Decodes a stream of ids, one at a time, and never prints half a character.
///
/// What push() and finish() return, joined, is what decode() of all ids gives with incomplete
/// characters replaced by U+FFFD.
class StreamDecoder {
 public:
    /// @param tokenizer must outlive this object
    explicit StreamDecoder(const Tokenizer& tokenizer);
    /// The text that has become certain with `id`: whole UTF-8 characters, possibly none.
    /// @throws std::out_of_range an id that the vocabulary does not have
    std::string push(std::int32_t id);
    /// What was held back, with U+FFFD for what will never be complete.
    std::string finish();

 private:
    const Tokenizer& tokenizer_;
    Tokenizer::DecodePlace place_;
    std::string pending_;  // the beginning of a character
};

}  // namespace t2t::model

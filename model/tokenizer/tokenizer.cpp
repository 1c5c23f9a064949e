#include "model/tokenizer/tokenizer.hpp"

#include <algorithm>
#include <stdexcept>

#include "model/files/file_error.hpp"
#include "model/files/json_file.hpp"
#include "model/tokenizer/bpe.hpp"
#include "model/tokenizer/normalizer.hpp"
#include "model/tokenizer/pre_tokenizer.hpp"
#include "model/tokenizer/speller.hpp"
#include "model/tokenizer/tokenizer_added_tokens.hpp"
#include "model/tokenizer/tokenizer_decoder.hpp"
#include "model/tokenizer/tokenizer_json.hpp"
#include "model/tokenizer/tokenizer_utf8.hpp"

namespace t2t::model {
namespace {

/// What the post-processor puts around a text.
struct Frame {
    std::vector<std::int32_t> before;
    std::vector<std::int32_t> after;
};

/// The template `single` of a TemplateProcessing: special tokens and, once, the text.
Frame read_template(const JsonField& processor) {
    Frame frame;
    bool after_text = false;
    const JsonField parts = processor.at("single");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const JsonField part = parts.at(i);
        if (part.has("Sequence")) {
            const JsonField id = part.at("Sequence").at("id");
            if (id.text() != "A" || after_text) id.unsupported("A, once");
            after_text = true;
            continue;
        }
        const std::string& name = part.at("SpecialToken").at("id").text();
        const JsonField ids = processor.at("special_tokens").at(name).at("ids");
        for (std::size_t k = 0; k < ids.size(); ++k) {
            (after_text ? frame.after : frame.before).push_back(ids.at(k).id());
        }
    }
    if (!after_text) parts.refuse("has no Sequence, so the text would be lost");
    return frame;
}

/// The id of a pair `["</s>", 2]`.
std::int32_t token_of(const JsonField& pair) {
    if (pair.size() != 2) pair.refuse("is not a token and its id");
    return pair.at(1).id();
}

Frame read_post_processor(const JsonField& processor) {
    const JsonField type = processor.at("type");
    if (type.text() == "TemplateProcessing") return read_template(processor);
    if (type.text() == "ByteLevel") return {};  // moves offsets, which nobody asks for here
    if (type.text() == "RobertaProcessing" || type.text() == "BertProcessing") {
        return {.before = {token_of(processor.at("cls"))},
                .after = {token_of(processor.at("sep"))}};
    }
    if (type.text() != "Sequence") {
        type.unsupported(
            "TemplateProcessing, ByteLevel, RobertaProcessing, BertProcessing, and a Sequence of "
            "them");
    }
    Frame frame;
    const JsonField parts = processor.at("processors");
    for (std::size_t i = 0; i < parts.size(); ++i) {
        Frame more = read_post_processor(parts.at(i));
        frame.before.insert(frame.before.begin(), more.before.begin(), more.before.end());
        frame.after.insert(frame.after.end(), more.after.begin(), more.after.end());
    }
    return frame;
}

}  // namespace

/// What was read from the file. Parts point at each other, so they stay where they are.
struct Tokenizer::Parts {
    explicit Parts(const JsonField& file);

    Bpe bpe;
    Normalizer normalizer;
    PreTokenizer pre_tokenizer;
    Speller speller;
    std::vector<AddedToken> added;
    AddedTokenFinder added_to_text;
    AddedTokenFinder added_to_normalized;
    Frame frame;
    PieceDecoder decoder;

    /// One token.
    struct Token {
        bool exists = false;  // vocabularies may skip ids
        bool special = false;
        bool left_out = false;  // when decoding
        std::string piece;
        std::string bytes;  // what it adds to a text in which others came before
    };
    std::vector<Token> tokens;  // by id

    const Token& at(std::int32_t id) const;
    void encode(std::string_view text, std::vector<std::int32_t>& ids) const;
};

Tokenizer::Parts::Parts(const JsonField& file)
    : bpe(file.at("model")),
      normalizer(file),
      pre_tokenizer(file),
      speller(bpe, pre_tokenizer.gives_bytes()),
      added(read_added_tokens(file, bpe, normalizer)),
      added_to_text(added, false),
      added_to_normalized(added, true),
      decoder(file) {
    const auto add = [&](std::int32_t id, const std::string& piece, bool special, bool left_out) {
        if (std::size_t(id) >= tokens.size()) tokens.resize(id + 1);
        tokens[id] = {true, special, left_out, piece, decoder.bytes(piece)};
    };
    for (std::size_t id = 0; id < bpe.pieces().size(); ++id) {
        if (bpe.pieces()[id]) add(std::int32_t(id), *bpe.pieces()[id], false, false);
    }
    for (const AddedToken& token : added) {
        // `tokenizers` knows a special token by its content, so normalized ones may slip through.
        add(token.id, token.pattern, token.special,
            token.special && token.pattern == token.content);
    }

    if (!file.has("post_processor")) return;
    const JsonField processor = file.at("post_processor");
    frame = read_post_processor(processor);
    for (const auto* ids : {&frame.before, &frame.after}) {
        for (const std::int32_t id : *ids) {
            if (std::size_t(id) < tokens.size() && tokens[id].exists) continue;
            processor.refuse("adds the id " + std::to_string(id) + ", which no token has");
        }
    }
}

const Tokenizer::Parts::Token& Tokenizer::Parts::at(std::int32_t id) const {
    if (id < 0 || std::size_t(id) >= tokens.size() || !tokens[id].exists) {
        throw std::out_of_range("no token has the id " + std::to_string(id) +
                                "; the largest id is " + std::to_string(tokens.size() - 1));
    }
    return tokens[id];
}

void Tokenizer::Parts::encode(std::string_view text, std::vector<std::int32_t>& ids) const {
    const auto append = [&](std::int32_t id) { ids.push_back(id); };
    WordEncoder encoder(bpe, ids);
    std::vector<std::int32_t> symbols;
    const auto encode_word = [&](std::string_view word) { speller.encode(word, symbols, encoder); };
    std::string room;
    added_to_text.split(
        text,
        [&](std::string_view part, std::size_t begin) {
            added_to_normalized.split(
                normalizer.normalize(part, room),
                [&](std::string_view plain, std::size_t offset) {
                    pre_tokenizer.split(plain, begin == 0 && offset == 0, encode_word);
                },
                append);
        },
        append);
}

namespace {

/// Says what to do where a folder holds a tokenizer in another form only.
/// @throws FileError
void refuse_other_forms(const std::filesystem::path& file) {
    std::error_code error;
    const std::filesystem::path folder = file.parent_path();
    if (std::filesystem::exists(file, error)) return;
    for (const std::string other : {"tokenizer.model", "spiece.model", "vocab.json"}) {
        if (!std::filesystem::exists(folder / other, error)) continue;
        const std::string name = "\"" + folder.string() + "\"";
        const std::string packages =
            other.ends_with(".model") ? "transformers, sentencepiece and protobuf" : "transformers";
        throw FileError(file, "there is no such file, only " + other +
                                  " beside it; with Python's packages " + packages +
                                  " this writes it: python3 -c 'from transformers import "
                                  "AutoTokenizer as T; T.from_pretrained(" +
                                  name + ").save_pretrained(" + name + ")'");
    }
    refuse_missing(file);
}

}  // namespace

std::unique_ptr<Tokenizer> Tokenizer::from_file(const std::filesystem::path& file) {
    refuse_other_forms(file);
    return from_json(read_text(file), file);
}

std::unique_ptr<Tokenizer> Tokenizer::from_json(std::string_view json,
                                                const std::filesystem::path& file) {
    const nlohmann::json document = parse_json_object(json, file);
    const JsonField field(document, file, "");
    return std::unique_ptr<Tokenizer>(new Tokenizer(std::make_unique<const Parts>(field)));
}

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}

Tokenizer::~Tokenizer() = default;

std::vector<std::int32_t> Tokenizer::encode(std::string_view text, bool add_special) const {
    std::vector<std::int32_t> ids;
    if (add_special) ids = parts_->frame.before;
    std::string room;
    parts_->encode(as_utf8(text, room), ids);
    if (add_special) {
        ids.insert(ids.end(), parts_->frame.after.begin(), parts_->frame.after.end());
    }
    return ids;
}

std::string Tokenizer::decode(std::span<const std::int32_t> ids) const {
    DecodePlace place;
    std::string text;
    for (const std::int32_t id : ids) append_bytes(id, place, text);
    return text;
}

void Tokenizer::append_bytes(std::int32_t id, DecodePlace& place, std::string& text) const {
    const Parts::Token& token = parts_->at(id);
    if (token.left_out) return;
    const PieceDecoder& decoder = parts_->decoder;
    std::string_view bytes = token.bytes;
    std::string first;
    if (!place.is_after_token) {
        first = decoder.first_bytes(token.piece);
        bytes = first;
        place.is_after_token = true;
        place.strippable = decoder.most_stripped();
    }
    while (place.strippable > 0 && !bytes.empty()) {
        place.strippable = bytes[0] == decoder.stripped() ? place.strippable - 1 : 0;
        if (bytes[0] == decoder.stripped()) bytes.remove_prefix(1);
    }
    text += bytes;
}

std::string Tokenizer::piece(std::int32_t id) const {
    return parts_->at(id).piece;
}

bool Tokenizer::contains(std::int32_t id) const {
    return id >= 0 && id < vocabulary() && parts_->tokens[id].exists;
}

bool Tokenizer::is_special(std::int32_t id) const {
    return id >= 0 && id < vocabulary() && parts_->tokens[id].special;
}

std::int64_t Tokenizer::vocabulary() const {
    return std::int64_t(parts_->tokens.size());
}

StreamDecoder::StreamDecoder(const Tokenizer& tokenizer) : tokenizer_(tokenizer) {}

std::string StreamDecoder::push(std::int32_t id) {
    tokenizer_.append_bytes(id, place_, pending_);
    std::string text;
    move_characters(pending_, text);
    return text;
}

std::string StreamDecoder::finish() {
    std::string text(pending_.empty() ? "" : replacement_character);
    pending_.clear();
    return text;
}

}  // namespace t2t::model

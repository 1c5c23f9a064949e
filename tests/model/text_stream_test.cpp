#include "model/tokenizer/text_stream.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {
namespace {

std::unique_ptr<Tokenizer> tokenizer() {
    return Tokenizer::from_file("model/pretrained/tales-mistral/tokenizer.json");
}

// What comes out, piece by piece, joined by '|', when `text` follows `prompt`.
std::string streamed(const std::string& prompt, const std::string& text,
                     const std::vector<std::string>& stops) {
    const auto t = tokenizer();
    const auto before = t->encode(prompt);
    const auto all = t->encode(prompt + text);
    TextStream stream(*t, before, stops);
    std::string out;
    for (std::size_t i = before.size(); i < all.size(); ++i) {
        const std::string piece = stream.push(all[i]);
        if (!piece.empty()) out += piece + "|";
    }
    const std::string rest = stream.finish();
    return out + rest + (stream.stopped() ? " (stopped)" : "");
}

std::string joined(std::string text) {
    std::erase(text, '|');
    return text;
}

TEST(TextStream, KeepsTheSpaceAfterThePrompt) {
    EXPECT_EQ(joined(streamed("Once", " upon a time", {})), " upon a time");
}

TEST(TextStream, EndsBeforeAStopString) {
    EXPECT_EQ(joined(streamed("Once", " upon a time there was", {"time"})), " upon a  (stopped)");
    EXPECT_EQ(joined(streamed("Once", " upon a time there was", {"was", "time", "there"})),
              " upon a  (stopped)");
    EXPECT_EQ(joined(streamed("Once", " upon a time", {"never"})), " upon a time");
}

TEST(TextStream, AStopStringOfSeveralTokensNeverShowsItsBeginning) {
    const auto t = tokenizer();
    const auto ids = t->encode("Once upon a time there was a king.");
    const std::size_t once = t->encode("Once").size();
    const auto prompt = std::span(ids).first(once);
    TextStream stream(*t, prompt, {"time there was a queen", "there was a king"});
    std::string out;
    for (const std::int32_t id : std::span(ids).subspan(once)) {
        out += stream.push(id);
        EXPECT_EQ(out.find("there"), std::string::npos);
    }
    out += stream.finish();
    EXPECT_TRUE(stream.stopped());
    EXPECT_EQ(out, " upon a time ");
}

TEST(TextStream, WhatOnlyBeginsLikeAStopStringComesOutInTheEnd) {
    EXPECT_EQ(joined(streamed("Once", " upon a time", {"time after time"})), " upon a time");
}

TEST(TextStream, NothingComesAfterTheStop) {
    const auto t = tokenizer();
    const auto ids = t->encode("Once upon a time");
    TextStream stream(*t, std::span(ids).first(1), {"Once"});
    std::string out;
    for (const std::int32_t id : std::span(ids).subspan(1)) out += stream.push(id);
    EXPECT_TRUE(stream.stopped());
    EXPECT_EQ(out, "");
    EXPECT_EQ(stream.finish(), "");
}

}  // namespace
}  // namespace t2t::model

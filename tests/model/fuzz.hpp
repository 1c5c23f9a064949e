/// @file
/// Breaks files in many ways, to see that a reader says what is wrong and nothing worse.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/lab/inputs.hpp"

namespace t2t::model {

/// Makes a broken file of a good one. The same seed breaks it in the same way.
class Mutator {
 public:
    /// @param seed  one for each input
    /// @param words what to splice in besides JSON's own tokens: the reader's field names and values
    Mutator(std::uint64_t seed, const std::vector<std::string>& words)
        : random_(seed), words_(words) {}

    /// One to four changes, rather one than four.
    std::string mutate(std::string text) {
        for (std::size_t changes = 1 + below(1 + below(4)); changes > 0; --changes) change(text);
        return text;
    }

    /// As mutate(), of a file that begins with the length of its header in 8 bytes: half of the time
    /// that length is changed too.
    std::string mutate_with_length(std::string text) {
        text = mutate(std::move(text));
        if (text.size() >= 8 && below(2) == 0) {
            std::uint64_t length = 0;
            for (int i = 7; i >= 0; --i) {
                length =
                    length << 8 | static_cast<unsigned char>(text[static_cast<std::size_t>(i)]);
            }
            length = below(2) == 0 ? length + below(33) - 16 : std::uint64_t{1} << below(64);
            for (std::size_t i = 0; i < 8; ++i) {
                text[i] = static_cast<char>(length >> (8 * i) & 0xff);
            }
        }
        return text;
    }

    /// A whole number from 0 to `count` − 1; 0 when there is none.
    std::size_t below(std::size_t count) {
        if (count < 2) return 0;
        return static_cast<std::size_t>(random_.integer(0, static_cast<std::int64_t>(count) - 1));
    }

 private:
    static constexpr std::array<std::string_view, 26> numbers = {"0",
                                                                 "-0",
                                                                 "1",
                                                                 "-1",
                                                                 "2",
                                                                 "3",
                                                                 "7",
                                                                 "31",
                                                                 "63",
                                                                 "64",
                                                                 "255",
                                                                 "256",
                                                                 "65536",
                                                                 "2147483647",
                                                                 "2147483648",
                                                                 "4294967295",
                                                                 "4294967296",
                                                                 "4611686018427387904",
                                                                 "9223372036854775807",
                                                                 "9223372036854775808",
                                                                 "18446744073709551615",
                                                                 "18446744073709551616",
                                                                 "-9223372036854775808",
                                                                 "0.5",
                                                                 "1e-320",
                                                                 "1e308"};
    static constexpr std::array<std::string_view, 26> tokens = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "{}",
        "[]",
        "[[",
        "null",
        "true",
        "false",
        "1e999",
        "NaN",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\xff",
        "\xf0\x9f\x98\x80",
        " ",
        "\n",
        "//",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
        "\"a\":{\"a\":{\"a\":{"};

    std::string word() {
        switch (below(3)) {
            case 0:
                return std::string(numbers[below(numbers.size())]);
            case 1:
                return std::string(tokens[below(tokens.size())]);
            default:
                return words_.empty() ? "x" : words_[below(words_.size())];
        }
    }

    /// A place in `text` and a number of bytes that follow it, mostly few.
    std::pair<std::size_t, std::size_t> block(const std::string& text) {
        const std::size_t start = below(text.size());
        const std::size_t rest = text.size() - start;
        return {start, 1 + below(std::min(rest, below(4) == 0 ? rest : std::size_t{16}))};
    }

    void change(std::string& text) {
        if (text.empty()) text = word();
        switch (below(10)) {
            case 0:
                text[below(text.size())] ^= static_cast<char>(1 << below(8));
                break;
            case 1:
                text[below(text.size())] = static_cast<char>(below(256));
                break;
            case 2:
                text.resize(below(text.size() + 1));
                break;
            case 3: {  // say something twice
                const auto [start, length] = block(text);
                text.insert(below(text.size() + 1), text.substr(start, length));
                break;
            }
            case 4: {  // leave something out
                const auto [start, length] = block(text);
                text.erase(start, length);
                break;
            }
            case 5:
                text.insert(below(text.size() + 1), word());
                break;
            case 6: {
                const auto [start, length] = block(text);
                text.replace(start, length, word());
                break;
            }
            case 7:
            case 8:
                replace_number(text);
                break;
            default:
                replace_text(text);
                break;
        }
    }

    /// Puts another number in the place of one.
    void replace_number(std::string& text) {
        const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
        const auto from = text.begin() + static_cast<std::ptrdiff_t>(below(text.size()));
        const auto start = std::find_if(from, text.end(), digit);
        const auto end = std::find_if_not(start, text.end(), digit);
        text.replace(start, end, numbers[below(numbers.size())]);
    }

    /// Puts a word in the place of a text in quotes, key or value.
    void replace_text(std::string& text) {
        const std::size_t open = text.find('"', below(text.size()));
        if (open == std::string::npos) return;
        const std::size_t close = text.find('"', open + 1);
        if (close == std::string::npos) return;
        const std::string replacement = word();
        const bool quotes = below(2) == 0;
        text.replace(open, close + 1 - open, quotes ? '"' + replacement + '"' : replacement);
    }

    lab::Random random_;
    const std::vector<std::string>& words_;
};

}  // namespace t2t::model

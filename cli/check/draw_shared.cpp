#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "cli/check/draw.hpp"

namespace t2t::rung_check {
namespace {

constexpr std::size_t banks = 32;
constexpr std::int64_t word_bytes = 4;
constexpr double bank_width = 20;
constexpr double bank_height = 16;

/// A word of one bank, and the lanes that want it.
struct Word {
    std::int64_t index;
    std::uint32_t lanes;
};

using Banks = std::array<std::vector<Word>, banks>;  // the words that each bank has to give

/// The words that the lanes `first` … `end` − 1 want. An atomic serves each lane on its own.
Banks wanted_words(const observer::Request& request, unsigned first, unsigned end) {
    Banks all;
    for (unsigned lane = first; lane < end; ++lane) {
        if ((request.lanes >> lane & 1) == 0) continue;
        const std::int64_t begin = request.offset[lane] / word_bytes;
        const std::int64_t last = (request.offset[lane] + request.bytes - 1) / word_bytes;
        for (std::int64_t index = begin; index <= last; ++index) {
            std::vector<Word>& words = all[static_cast<std::size_t>(index) % banks];
            auto word = std::ranges::find(words, index, &Word::index);
            if (word == words.end() || request.atomic) word = words.insert(words.end(), {index, 0});
            word->lanes |= 1u << lane;
        }
    }
    return all;
}

bool pairs_agree(const observer::Request& request) {
    for (const unsigned distance : {1u, 2u}) {
        bool agree = true;
        for (unsigned lane = 0; lane < 32; ++lane) {
            const unsigned partner = lane ^ distance;
            const bool both =
                (request.lanes >> lane & 1) != 0 && (request.lanes >> partner & 1) != 0;
            agree = agree && (!both || request.offset[lane] == request.offset[partner]);
        }
        if (agree) return true;
    }
    return false;
}

}  // namespace

double draw_shared(Svg& svg, const observer::Request& request, double y) {
    for (std::size_t bank = 0; bank < banks; ++bank) {
        svg.text(picture_left + bank_width * (double(bank) + 0.5), y, 10, std::to_string(bank),
                 Svg::Anchor::middle);
    }
    svg.text(picture_left - 8, y, 10, "bank", Svg::Anchor::end);
    y += 5;

    // The banks give 128 bytes per pass, so wide accesses go by halves and quarters of the warp; loads
    // whose lanes agree in pairs by twice as many (request_cost.hpp).
    unsigned group = request.bytes <= 4 ? 32 : 128 / request.bytes;
    if (group < 32 && !request.store && pairs_agree(request)) group *= 2;
    std::size_t pass = 0;
    bool any_conflict = false;
    for (unsigned first = 0; first < 32; first += group) {
        const Banks all = wanted_words(request, first, first + group);
        std::size_t rows = 0;
        for (const std::vector<Word>& words : all) rows = std::max(rows, words.size());
        for (std::size_t row = 0; row < rows; ++row, y += bank_height) {
            svg.text(picture_left - 8, y + 12, 10, "pass " + std::to_string(++pass),
                     Svg::Anchor::end);
            for (std::size_t bank = 0; bank < banks; ++bank) {
                const double x = picture_left + bank_width * double(bank);
                if (row >= all[bank].size()) {
                    svg.rectangle("bank", x, y, bank_width, bank_height, "#f4f4f4");
                    continue;
                }
                const std::uint32_t lanes = all[bank][row].lanes;
                const bool is_conflict = row > 0;  // this bank was needed before
                any_conflict |= is_conflict;
                draw_lanes(svg, lanes, x, y, bank_width, bank_height,
                           is_conflict ? "lane conflict" : "lane",
                           is_conflict ? "#f4998f" : lane_colour(std::countr_zero(lanes)));
            }
        }
    }
    if (!any_conflict) return y;
    svg.rectangle("legend", picture_left, y + 12, 12, 12, "#f4998f");
    svg.text(picture_left + 17, y + 22, 11,
             "bank conflict: the bank was busy with another word of the same request");
    return y + 28;
}

}  // namespace t2t::rung_check

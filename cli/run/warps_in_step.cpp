#include "cli/run/warps_in_step.hpp"

#include <algorithm>
#include <initializer_list>
#include <string_view>

#include "common/cpu_device/translator/lexer.hpp"

namespace t2t::own {
namespace {

using cpu_device::TokenStream;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

// Where the first `volatile` of a variable stands, in bytes; npos: nowhere, or the file orders lanes or threads
// by itself, or has no device code.
std::size_t first_volatile(std::string_view text) {
    std::size_t found = text.npos;
    bool has_device_code = false;
    for (const TokenStream& stream : cpu_device::lex(text)) {
        for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
            const std::string_view word = stream.tokens[i].text;
            if (is_one_of(word, {"__syncwarp", "__threadfence", "__threadfence_block",
                                 "__threadfence_system", "cooperative_groups"})) {
                return text.npos;
            }
            has_device_code |= word == "__global__" || word == "__device__";
            const bool of_asm =
                i > 0 && is_one_of(stream.tokens[i - 1].text, {"asm", "__asm", "__asm__"});
            if (word == "volatile" && !of_asm) found = std::min(found, stream.begin(i));
        }
    }
    return has_device_code ? found : text.npos;
}

}  // namespace

std::string notes_on_warps_in_step(const Sources& sources) {
    std::string notes;
    for (const auto& [path, source] : sources.by_path) {
        const std::size_t place = first_volatile(source.text);
        if (place == source.text.npos) continue;
        const auto line =
            std::count(source.text.begin(),
                       source.text.begin() + static_cast<std::ptrdiff_t>(place), '\n') +
            1;
        notes +=
            "t2t: " + source.shown + ':' + std::to_string(line) +
            ": volatile memory and no __syncwarp(): if the lanes of a warp are trusted to run in step, the "
            "result is wrong here, and a race on a GPU; ./t2t check finds out\n";
    }
    return notes;
}

}  // namespace t2t::own

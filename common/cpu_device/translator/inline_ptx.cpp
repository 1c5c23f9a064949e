// `asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));` speaks to a GPU. The compiler would hand it to this
// processor's assembler; as a call of inline_ptx() it is one error with a line, and none at all where no kernel
// comes to it.
#include <cctype>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words) {
        if (text == word) return true;
    }
    return false;
}

// PTX names the type behind a dot, `add.u32`; the assemblers of processors do not.
bool is_ptx(std::string_view literal) {
    for (std::size_t dot = literal.find('.'); dot != npos; dot = literal.find('.', dot + 1)) {
        if (dot + 1 < literal.size() &&
            std::isalpha(static_cast<unsigned char>(literal[dot + 1]))) {
            return true;
        }
    }
    return is_one_of(literal, {"\"trap;\"", "\"exit;\"", "\"brkpt;\""});
}

}  // namespace

void rewrite_inline_ptx(const TokenStream& stream, std::vector<Edit>& edits) {
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        if (!is_one_of(text_at(stream, i), {"asm", "__asm__", "__asm"})) continue;
        std::size_t open = i + 1;
        while (is_one_of(text_at(stream, open), {"volatile", "__volatile__", "__volatile"})) ++open;
        if (text_at(stream, open) != "(") continue;
        const std::size_t close = closing_bracket(stream, open);
        if (close == npos) continue;
        bool ptx = false;
        for (std::size_t k = open + 1; k < close; ++k) {
            ptx = ptx || (kind_at(stream, k) == TokenKind::literal && is_ptx(text_at(stream, k)));
        }
        if (!ptx) continue;
        const std::size_t begin = stream.begin(i);
        const std::size_t end = stream.end(close);
        edits.push_back(
            {begin, end, "::t2t::cpu_device::inline_ptx()" + line_ends(stream, begin, end)});
        i = close;
    }
}

}  // namespace t2t::cpu_device

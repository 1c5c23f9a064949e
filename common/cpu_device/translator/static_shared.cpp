// Static shared memory: __shared__ TYPE NAME[N];
//
// A block of a GPU gets 48 KiB of it, and ptxas refuses a kernel that declares more. So an assertion is put behind each
// declaration, which adds up what the function has declared so far and can still be named.
#include <utility>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

struct Declared {
    std::size_t depth;  // braces that are open around it
    std::string name;
};

// The names that the declaration from token `begin` on declares, up to its `;`, which becomes `end`. None if it
// declares something else than variables and arrays.
std::vector<std::string> declared_names(const TokenStream& stream, std::size_t begin,
                                        std::size_t& end) {
    std::vector<std::string> names;
    for (std::size_t i = begin; i < stream.tokens.size(); i = next_token(stream, i)) {
        const std::string_view text = text_at(stream, i);
        const std::string_view next = text_at(stream, i + 1);
        if (text == ";") {
            end = i;
            return names;
        }
        if (text == "{" || text == "}") break;
        if (text == "<") {
            std::size_t depth = 1;
            while (depth > 0 && text_at(stream, ++i) != "" && text_at(stream, i) != ";") {
                if (text_at(stream, i) == "(") i = closing_bracket(stream, i);
                if (text_at(stream, i) == "<") ++depth;
                if (text_at(stream, i) == ">") --depth;
            }
            if (depth > 0) break;
        } else if (text == "(" || text == "[") {
            i = closing_bracket(stream, i);
            if (i == npos) break;
        } else if (i > begin && kind_at(stream, i) == TokenKind::name &&
                   (next == "[" || next == "," || next == ";")) {
            names.emplace_back(text);
        }
    }
    return {};
}

// The name before the parameters of the function whose body opens at `open`.
std::string function_name(const TokenStream& stream, std::size_t keyword, std::size_t open) {
    std::string name = "a function";
    for (std::size_t i = keyword; i < open; ++i) {
        if (text_at(stream, i + 1) != "(") continue;
        const std::string_view text = text_at(stream, i);
        const bool attribute = text.starts_with("__") || text == "alignas";
        if (kind_at(stream, i) == TokenKind::name && !attribute) name = text;
        i = closing_bracket(stream, i + 1);
        if (i == npos || !attribute) break;
    }
    return name;
}

// Whether the declaration with its `__shared__` at `index` says extern, too.
bool is_extern(const TokenStream& stream, std::size_t index) {
    for (std::size_t i = index; i > 0; --i) {
        const std::string_view text = text_at(stream, i - 1);
        if (text == "extern") return true;
        if (text == ";" || text == "{" || text == "}" || text == "") break;
    }
    return text_at(stream, index + 1) == "extern";
}

void add_assertions(const TokenStream& stream, const std::string& function, std::size_t open,
                    std::size_t close, std::vector<Edit>& edits) {
    std::vector<Declared> declared;
    std::size_t depth = 0;
    for (std::size_t i = open; i < close; i = next_token(stream, i)) {
        const std::string_view text = text_at(stream, i);
        if (text == "{") ++depth;
        if (text == "}") {
            --depth;
            while (!declared.empty() && declared.back().depth > depth) declared.pop_back();
        }
        if (text != "__shared__" || is_extern(stream, i)) continue;
        std::size_t end = i;
        const auto names = declared_names(stream, i + 1, end);
        if (names.empty()) continue;
        for (const std::string& one : names) declared.push_back({depth, one});
        std::string sizes;
        for (const Declared& one : declared) {
            sizes += (sizes.empty() ? "sizeof(" : " + sizeof(") + one.name + ")";
        }
        edits.push_back({stream.end(end), stream.end(end),
                         " static_assert(" + sizes + " <= 49152, \"" + function +
                             "\" T2T_TOO_MUCH_STATIC_SHARED);"});
        i = end;
    }
}

}  // namespace

void limit_static_shared(const TokenStream& stream, std::vector<Edit>& edits) {
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        const std::string_view text = text_at(stream, i);
        if (text != "__global__" && text != "__device__") continue;
        const std::size_t open = device_function_body(stream, i);
        const std::size_t close = open == npos ? npos : closing_bracket(stream, open);
        if (close == npos) continue;
        add_assertions(stream, function_name(stream, i, open), open, close, edits);
        i = close;
    }
}

}  // namespace t2t::cpu_device

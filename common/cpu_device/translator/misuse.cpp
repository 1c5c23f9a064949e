// What nvcc refuses and a C++ compiler would take, since kernels and device functions are functions for it:
//
// - a kernel that is called, add(x), and not launched;
// - a function of the host that device code calls, and one of the device that the host calls;
// - `__shared__ int sum = 0;`, which would be 0 for the first block only.
//
// Each becomes a call that no program may make, so it is one error with a line, and none at all where the compiler
// does not come to it. Without types a name says little, so what counts is how this file declares it: a name that it
// declares in two ways, or in one that is not understood here, is left alone.
#include <algorithm>
#include <initializer_list>
#include <map>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

// What a name before a `(` is, by the words that stand before it.
enum class Use { call, member, kernel, device, host, other };

// How a file declares a name.
struct Declarations {
    bool kernel = false, device = false, host = false, other = false;

    bool only(Use use) const {
        return kernel == (use == Use::kernel) && device == (use == Use::device) &&
               host == (use == Use::host) && !other;
    }
};

bool is_among(std::string_view text, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool is_word(const TokenStream& stream, std::size_t index) {
    return kind_at(stream, index) == TokenKind::name;
}

// A name behind one of these words is called, and not declared.
bool precedes_a_call(std::string_view word) {
    return is_among(word, {"return", "co_return", "else", "do", "if", "while", "for", "switch",
                           "case", "and", "or", "not", "throw", "constexpr"});
}

// Words that declare a function of the host and nothing else.
bool belongs_to_a_host_function(std::string_view word) {
    return is_among(word, {"static", "inline", "void", "int", "float", "double", "bool", "char",
                           "unsigned", "signed", "long", "short", "size_t", "const", "*"});
}

// Functions of the standard library that the device has, too: which one a call means, types decide.
bool is_of_both(std::string_view name) {
    return is_among(name, {"min", "max", "abs", "swap", "clamp", "pow", "round", "exp", "log",
                           "sqrt", "floor", "ceil"});
}

// The `<` of the template arguments that the `>` at `close` ends, or npos.
std::size_t start_of_angles(const TokenStream& stream, std::size_t close) {
    std::size_t depth = 0;
    for (std::size_t i = close; kind_at(stream, i) != TokenKind::directive; --i) {
        const std::string_view text = text_at(stream, i);
        if (text == ">") ++depth;
        if (text == "<" && --depth == 0) return i;
        if (text == ")" || text == "]") i = opening_bracket(stream, i);
        if (is_among(text, {"(", ";", "{", "}"})) return npos;
    }
    return npos;
}

// Whether what stands before token `index`, which is a directive, is complete: an `#ifdef` may hold the `__device__`
// of the function behind its `#endif`.
bool is_complete_above(const TokenStream& stream, std::size_t index) {
    while (index < stream.tokens.size() && kind_at(stream, index) == TokenKind::directive) --index;
    return index >= stream.tokens.size() || is_among(text_at(stream, index), {";", "{", "}", ":"});
}

// Walks back from the name at `name`, which a `(` follows, to what ends the declaration or statement before.
Use use_of(const TokenStream& stream, std::size_t name) {
    if (is_among(text_at(stream, name - 1), {".", "->", "::"})) return Use::member;
    bool has_words = false, global = false, device = false, host = false, plain = true;
    std::size_t i = name - 1;
    for (; kind_at(stream, i) != TokenKind::directive; --i) {
        const std::string_view text = text_at(stream, i);
        if (is_among(text, {";", "{", "}", ":"})) break;
        plain = plain && belongs_to_a_host_function(text);
        if (is_word(stream, i)) {
            if (precedes_a_call(text)) return Use::call;
            has_words = true;
            global = global || text == "__global__";
            device = device || text == "__device__";
            host = host || text == "__host__";
        } else if (text == ">") {
            i = start_of_angles(stream, i);
            if (i == npos) return Use::call;
        } else if (text == ")") {  // __launch_bounds__(256)
            i = opening_bracket(stream, i);
            if (i == npos || !text_at(stream, i - 1).starts_with("__")) return Use::call;
        } else if (!is_among(text, {"*", "&", "::"}) &&
                   kind_at(stream, i) != TokenKind::literal) {  // extern "C"
            return Use::call;
        }
    }
    if (!has_words) return Use::call;
    if (kind_at(stream, i) == TokenKind::directive && !is_complete_above(stream, i))
        return Use::other;
    if (global) return Use::kernel;
    if (device) return host ? Use::other : Use::device;
    return plain ? Use::host : Use::other;
}

// Whether the name at `name`, which no `(` follows, is declared there: auto add = …, struct add, float* add;
bool is_declared_here(const TokenStream& stream, std::size_t name) {
    const std::string_view before = text_at(stream, name - 1);
    if (is_word(stream, name - 1)) return !precedes_a_call(before);
    return is_among(before, {"*", "&", ">"}) &&
           is_among(text_at(stream, name + 1), {",", ")", ";", "=", "["});
}

// One function with a body: which side its code is on.
void mark_body(const TokenStream& stream, std::size_t name, Use use, std::vector<Use>& side) {
    const std::size_t parameters = closing_bracket(stream, name + 1);
    if (parameters == npos || text_at(stream, parameters + 1) != "{") return;
    const std::size_t close = closing_bracket(stream, parameters + 1);
    if (close == npos) return;
    std::fill(side.begin() + static_cast<std::ptrdiff_t>(parameters),
              side.begin() + static_cast<std::ptrdiff_t>(close), use);
}

void refuse(const TokenStream& stream, std::size_t name, const char* mistake,
            std::vector<Edit>& edits) {
    const std::size_t close = closing_bracket(stream, name + 1);
    if (close == npos) return;
    const std::size_t begin = stream.begin(name), end = stream.end(close);
    edits.push_back({begin, begin, "(::t2t::cpu_device::" + std::string(mistake) + "(), "});
    edits.push_back({end, end, ")"});
}

void refuse_calls(const TokenStream& stream, const std::vector<bool>& device_code,
                  std::vector<Edit>& edits) {
    std::map<std::string_view, Declarations> names;
    std::vector<std::size_t> calls;
    std::vector<Use> side(stream.tokens.size(), Use::other);
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        if (!is_word(stream, i)) continue;
        if (text_at(stream, i + 1) != "(") {
            if (is_declared_here(stream, i)) names[text_at(stream, i)].other = true;
            continue;
        }
        const Use use = use_of(stream, i);
        if (use == Use::call) calls.push_back(i);
        if (use == Use::call || use == Use::member) continue;
        Declarations& declared = names[text_at(stream, i)];
        declared.kernel = declared.kernel || use == Use::kernel;
        declared.device = declared.device || use == Use::device;
        declared.host = declared.host || use == Use::host;
        declared.other = declared.other || use == Use::other;
        mark_body(stream, i, use, side);
    }
    for (const std::size_t call : calls) {
        const std::string_view name = text_at(stream, call);
        const auto found = names.find(name);
        if (found == names.end() || is_of_both(name)) continue;
        const Declarations& declared = found->second;
        const bool by_the_device = side[call] == Use::kernel || side[call] == Use::device;
        const bool by_the_host = side[call] == Use::host && !device_code[call];
        if (declared.only(Use::kernel) && (by_the_device || by_the_host)) {
            refuse(stream, call, "kernel_that_is_called", edits);
        } else if (declared.only(Use::host) && by_the_device) {
            refuse(stream, call, "host_function_in_device_code", edits);
        } else if (declared.only(Use::device) && by_the_host) {
            refuse(stream, call, "device_function_in_host_code", edits);
        }
    }
}

// `__shared__ int sum = 0;` in device code.
void refuse_initialisers(const TokenStream& stream, const std::vector<bool>& device_code,
                         std::vector<Edit>& edits) {
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        if (!device_code[i] || text_at(stream, i) != "__shared__") continue;
        bool initialised = false;
        std::size_t end = i;
        while (end < stream.tokens.size() && !is_among(text_at(stream, end), {";", "{", "}"})) {
            initialised = initialised || text_at(stream, end) == "=";
            end = next_token(stream, end);
        }
        if (initialised && text_at(stream, end) == "{") {
            end = closing_bracket(stream, end);
            if (end == npos) return;
            end = next_token(stream, end);
        }
        if (!initialised || text_at(stream, end) != ";") continue;
        edits.push_back(
            {stream.end(end), stream.end(end), " ::t2t::cpu_device::initialised_shared_memory();"});
    }
}

}  // namespace

void refuse_misuse(const TokenStream& stream, const std::vector<bool>& device_code,
                   std::vector<Edit>& edits) {
    if (!stream.macro) refuse_calls(stream, device_code, edits);
    refuse_initialisers(stream, device_code, edits);
}

}  // namespace t2t::cpu_device

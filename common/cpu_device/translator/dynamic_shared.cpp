// Dynamic shared memory: extern __shared__ TYPE NAME[];
//
// The array's size comes with the launch, so on the CPU device the name becomes a pointer to the
// block's memory; outside of a kernel, an object that converts to that pointer. Alignment asked for is
// dropped: that memory is aligned for every type.
#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

const char* const form = "write dynamic shared memory as `extern __shared__ TYPE NAME[];`";

bool is_attribute_name(std::string_view text) {
    return text == "__align__" || text == "alignas" || text == "__attribute__";
}

bool is_qualifier(std::string_view text) {
    return text == "const" || text == "volatile" || text == "__restrict__";
}

// The token after the attribute that begins at `index`: __align__(16), alignas(16), [[…]]. `index`
// itself if none begins there.
std::size_t after_attribute(const TokenStream& stream, std::size_t index) {
    const bool named =
        is_attribute_name(text_at(stream, index)) && text_at(stream, index + 1) == "(";
    const bool bracketed = text_at(stream, index) == "[" && text_at(stream, index + 1) == "[";
    if (!named && !bracketed) return index;
    const std::size_t close = closing_bracket(stream, index + (named ? 1 : 0));
    return close == npos ? index : close + 1;
}

// The first token of the declaration that has its `extern` at `index`.
std::size_t first_of_declaration(const TokenStream& stream, std::size_t index) {
    while (index > 0) {
        const std::string_view before = text_at(stream, index - 1);
        if (is_qualifier(before) || before == "__shared__") {
            --index;
            continue;
        }
        if (before != ")" && before != "]") break;
        std::size_t open = opening_bracket(stream, index - 1);
        if (open == npos || open == 0) break;
        if (before == ")") --open;
        if (after_attribute(stream, open) != index) break;
        index = open;
    }
    return index;
}

// The token after the template arguments that the `<` at `open` begins, or npos.
std::size_t after_angles(const TokenStream& stream, std::size_t open) {
    std::size_t depth = 0;
    for (std::size_t i = open; kind_at(stream, i) != TokenKind::directive; ++i) {
        const std::string_view text = text_at(stream, i);
        if (text == "<") ++depth;
        if (text == ">" && --depth == 0) return i + 1;
        if (text == ";" || text == "{") return npos;
        if (text == "(") {
            i = closing_bracket(stream, i);
            if (i == npos) return npos;
        }
    }
    return npos;
}

// Adds the tokens [begin, end) to `text`, a space between what was apart.
void append(std::string& text, const TokenStream& stream, std::size_t begin, std::size_t end) {
    if (!text.empty() && stream.end(begin - 1) != stream.begin(begin)) text += ' ';
    text += one_line(stream, begin, end);
}

// The specifiers of a declaration up to its first declarator: extern __shared__ TYPE.
struct Specifiers {
    bool is_shared = false;
    std::string type;
    std::size_t end;  // the first token of the first declarator, or of what is no specifier
};

Specifiers read_specifiers(const TokenStream& stream, std::size_t begin) {
    Specifiers result{false, "", begin};
    std::size_t& i = result.end;
    while (true) {
        const std::string_view text = text_at(stream, i);
        const std::size_t after = after_attribute(stream, i);
        if (after != i) {
            i = after;
        } else if (text == "extern" || text == "__shared__") {
            result.is_shared = result.is_shared || text == "__shared__";
            ++i;
        } else if (text == "<") {
            const std::size_t angles_end = after_angles(stream, i);
            if (angles_end == npos) return result;
            append(result.type, stream, i, angles_end);
            i = angles_end;
        } else if (text == "::" || (kind_at(stream, i) == TokenKind::name &&
                                    (text_at(stream, i + 1) != "[" || result.type.empty()))) {
            append(result.type, stream, i, i + 1);
            ++i;
        } else {
            return result;
        }
    }
}

// One declarator, `NAME[]` or `*NAME[][33]`, from token `i` on; moves `i` behind it.
std::string rewrite_declarator(const TokenStream& stream, const std::string& base, std::size_t& i) {
    const std::size_t pointers = i;
    while (text_at(stream, i) == "*" || is_qualifier(text_at(stream, i))) ++i;
    std::string type = base + one_line(stream, pointers, i);
    std::string declared = one_line(stream, pointers, i);

    // A bound between the first brackets changes nothing: the launch says how much there is.
    const std::size_t name = i;
    const std::size_t bound_end =
        text_at(stream, name + 1) == "[" ? closing_bracket(stream, name + 1) : npos;
    if (kind_at(stream, name) != TokenKind::name || bound_end == npos) {
        fail(stream, name < stream.tokens.size() ? name : name - 1, form);
    }
    i = bound_end + 1;
    const std::size_t extents = i;  // the [33] of NAME[][33]
    while (text_at(stream, i) == "[") {
        const std::size_t close = closing_bracket(stream, i);
        if (close == npos) fail(stream, i, form);
        i = close + 1;
    }
    const std::string extent = extents < i ? one_line(stream, extents, i) : "";
    declared += extent.empty() ? "* const " : " (* const ";
    declared += text_at(stream, name);
    declared += extent.empty() ? "" : ")" + extent;

    for (std::size_t after = after_attribute(stream, i); after != i;) {
        i = after;
        after = after_attribute(stream, i);
    }
    return declared + " = ::t2t::cpu_device::dynamic_shared<" + type + extent + ">()";
}

// The same outside of functions, where no block's memory is at hand: an object that stands for it.
std::string rewrite_for_namespace(const TokenStream& stream, const std::string& base,
                                  std::size_t& i) {
    const std::size_t name = i;
    const bool is_array = kind_at(stream, name) == TokenKind::name &&
                          text_at(stream, name + 1) == "[" && text_at(stream, name + 2) == "]" &&
                          text_at(stream, name + 3) == ";";
    if (!is_array) {
        fail(
            stream, name < stream.tokens.size() ? name : name - 1,
            "outside of a kernel, write dynamic shared memory as `extern __shared__ TYPE NAME[];`");
    }
    i += 3;
    return " ::t2t::cpu_device::DynamicSharedArray<" + base + "> " +
           std::string(text_at(stream, name)) + "{}";
}

// Follows braces and tells whether the token reached stands in namespace scope.
class Scope {
 public:
    void visit(const TokenStream& stream, std::size_t index) {
        const Token& token = stream.tokens[index];
        if (token.kind == TokenKind::directive) {
            follow_condition(token.text);
        } else if (token.text == "{") {
            in_namespace_.push_back(opens_namespace(stream, index));
        } else if (token.text == "}" && !in_namespace_.empty()) {
            in_namespace_.pop_back();
        }
    }

    bool is_namespace() const {
        for (const bool each : in_namespace_) {
            if (!each) return false;
        }
        return true;
    }

 private:
    // Each branch of a condition begins with the braces that were open before it.
    void follow_condition(std::string_view directive) {
        if (directive.starts_with("if")) {
            before_condition_.push_back(in_namespace_);
        } else if (!before_condition_.empty()) {
            if (directive.starts_with("el")) in_namespace_ = before_condition_.back();
            if (directive == "endif") before_condition_.pop_back();
        }
    }

    // namespace a::b {   or   extern "C" {
    static bool opens_namespace(const TokenStream& stream, std::size_t brace) {
        if (kind_at(stream, brace - 1) == TokenKind::literal)
            return text_at(stream, brace - 2) == "extern";
        for (std::size_t i = brace - 1; kind_at(stream, i) != TokenKind::directive; --i) {
            const std::string_view text = text_at(stream, i);
            if (text == "namespace") return true;
            if (text == ";" || text == "{" || text == "}" || text == ")") return false;
        }
        return false;
    }

    std::vector<bool> in_namespace_;  // for each open brace
    std::vector<std::vector<bool>> before_condition_;
};

}  // namespace

void rewrite_dynamic_shared(const TokenStream& stream, std::vector<Edit>& edits) {
    Scope scope;
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        scope.visit(stream, i);
        if (text_at(stream, i) != "extern") continue;

        const std::size_t begin = first_of_declaration(stream, i);
        const Specifiers specifiers = read_specifiers(stream, begin);
        if (!specifiers.is_shared) continue;
        const bool in_namespace = !stream.macro && scope.is_namespace();

        std::size_t end = specifiers.end;
        const auto declarator = in_namespace ? &rewrite_for_namespace : &rewrite_declarator;
        std::string text = in_namespace ? "static const" : specifiers.type;
        text += declarator(stream, specifiers.type, end);
        while (text_at(stream, end) == ",") {
            ++end;
            text += ", " + declarator(stream, specifiers.type, end);
        }
        const std::string_view after = text_at(stream, end);
        if (after != ";" && after != "" && after != ")") fail(stream, end, form);

        const std::size_t first_byte = stream.begin(begin);
        const std::size_t last_byte = stream.end(end - 1);
        edits.push_back({first_byte, last_byte, text + line_ends(stream, first_byte, last_byte)});
    }
}

}  // namespace t2t::cpu_device

// Launches: kernel<<<configuration>>>(arguments).
//
// The configuration and the arguments stay where they are, byte for byte, and only what stands
// around them changes; so a launch inside another's arguments needs no care. The kernel's name must
// come out three times, and after the configuration: it is put on one line, and its ends of line go
// in front of the configuration.
//
// Without types, `a < b` and `a<b>` look alike. In the places where it matters, spelling decides:
// - back from `<<<` over template arguments, a `<` between blanks is taken for a comparison, unless
//   no other `<` opens them;
// - `>>>` ends the configuration only where arguments follow it, and only if it does not close
//   templates that are still open, unless no later `>>>` could end it.
#include <algorithm>
#include <array>

#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {
namespace {

// Keywords that an expression may follow, so that a `(` behind them is no call.
constexpr std::array<std::string_view, 9> keywords_before_expression{
    "return", "co_return", "else", "do", "if", "while", "for", "switch", "constexpr"};

bool is_name(const TokenStream& stream, std::size_t index) {
    return kind_at(stream, index) == TokenKind::name &&
           std::find(keywords_before_expression.begin(), keywords_before_expression.end(),
                     text_at(stream, index)) == keywords_before_expression.end();
}

// Whether an operand may end with token `index`: a `(` or `[` behind it is a call or a subscript
// then.
bool ends_operand(const TokenStream& stream, std::size_t index) {
    const std::string_view text = text_at(stream, index);
    if (text != ")" && text != "]") return text == ">" || is_name(stream, index);
    const std::size_t open = opening_bracket(stream, index);
    if (text == "]") return text_at(stream, open + 1) != "[";  // [[likely]] (*kernel)<<<…
    const bool after_keyword =
        kind_at(stream, open - 1) == TokenKind::name && !is_name(stream, open - 1);
    return !after_keyword;  // if (…) (*kernel)<<<…
}

bool has_blanks_around(const TokenStream& stream, std::size_t index) {
    return index > 0 && index + 1 < stream.tokens.size() &&
           stream.end(index - 1) != stream.begin(index) &&
           stream.end(index) != stream.begin(index + 1);
}

// The `<` that opens the template arguments closed by the `>` at `close`, or npos.
std::size_t opening_angle(const TokenStream& stream, std::size_t close, bool compare_if_spaced) {
    std::size_t depth = 0;
    for (std::size_t i = close; kind_at(stream, i) != TokenKind::directive; --i) {
        const std::string_view text = text_at(stream, i);
        if (text == ">") ++depth;
        if (text == "<" && !(compare_if_spaced && has_blanks_around(stream, i)) && --depth == 0)
            return i;
        if (text == ")" || text == "]" || text == "}") {
            i = opening_bracket(stream, i);
        } else if (text == "(" || text == "[" || text == "{" || text == ";" ||
                   opens_launch(stream, i)) {
            return npos;
        }
    }
    return npos;
}

// Walks back over the postfix expression ([expr.post]) that ends with token `last`: names with
// their qualifiers, template arguments, calls, subscripts, `.` and `->`. Returns its first token,
// or npos.
std::size_t first_of_postfix(const TokenStream& stream, std::size_t last) {
    std::size_t i = last;
    while (true) {
        if (text_at(stream, i) == ")" || text_at(stream, i) == "]") {
            const std::size_t open = opening_bracket(stream, i);
            if (open == npos) return npos;
            if (!ends_operand(stream, open - 1)) {
                return text_at(stream, open) == "(" && open + 1 < i ? open : npos;
            }
            i = open - 1;
            continue;
        }
        if (text_at(stream, i) == ">") {
            std::size_t open = opening_angle(stream, i, true);
            if (open == npos) open = opening_angle(stream, i, false);
            if (open == npos) return npos;
            i = open - 1;
        }
        const bool pasted = text_at(stream, i - 1) == "##";
        if (!is_name(stream, i) && !pasted) return npos;
        if (pasted) {
            i -= 2;
            continue;
        }
        if (text_at(stream, i - 1) == "template") --i;
        const std::string_view before = text_at(stream, i - 1);
        if (before == "." || before == "->") {
            i -= 2;
        } else if (before == "::") {
            const bool qualified =
                is_name(stream, i - 2) || text_at(stream, i - 2) == ">" ||
                (text_at(stream, i - 2) == ")" &&
                 text_at(stream, opening_bracket(stream, i - 2) - 1) == "decltype");
            if (!qualified) return i - 1;  // ::kernel
            i -= 2;
        } else {
            return i;
        }
    }
}

// The number of `>` from token `index` on, whether there are blanks between them or not: `>> >(` ends a launch
// as `>>>(` does, and three of them in a row are nothing else but the ends of templates.
std::size_t angle_run(const TokenStream& stream, std::size_t index) {
    std::size_t count = 0;
    while (text_at(stream, index + count) == ">") ++count;
    return count;
}

// The first token of the `>>>` that ends the configuration of the `<<<` at `chevron`, or npos.
std::size_t end_of_configuration(const TokenStream& stream, std::size_t chevron) {
    std::size_t first_candidate = npos;
    std::size_t templates = 0;  // open template argument lists
    std::size_t i = next_token(stream, chevron);
    while (i < stream.tokens.size()) {
        const std::string_view text = text_at(stream, i);
        if (text == "(" || text == "[" || text == "{") {
            i = closing_bracket(stream, i);
            if (i == npos) break;
        } else if (text == ")" || text == "]" || text == "}" || text == ";" ||
                   opens_launch(stream, i)) {
            break;
        } else if (text == "<" && is_name(stream, i - 1)) {
            ++templates;
        } else if (const std::size_t run = angle_run(stream, i)) {
            if (run >= 3 && text_at(stream, i + run) == "(") {
                if (first_candidate == npos) first_candidate = i + run - 3;
                if (run >= templates + 3) return i + run - 3;
            }
            templates -= std::min(templates, run);
            i += run - 1;
        }
        i = next_token(stream, i);
    }
    return first_candidate;
}

void rewrite_launch(const TokenStream& stream, std::size_t chevron, std::vector<Edit>& edits) {
    const std::size_t kernel = first_of_postfix(stream, chevron - 1);
    if (kernel == npos) {
        fail(stream, chevron,
             "no kernel stands before <<<; write kernel<<<grid, block>>>(arguments)");
    }
    const std::size_t close = end_of_configuration(stream, chevron);
    if (close == npos) {
        fail(stream, chevron,
             "this launch has no end; write kernel<<<grid, block>>>(arguments) in one piece");
    }
    if (close == chevron + 1) {
        fail(stream, chevron,
             "this launch has no configuration; write kernel<<<grid, block>>>(arguments)");
    }
    const std::size_t open = close + 3;  // the ( of the arguments
    const std::size_t end = closing_bracket(stream, open);
    if (end == npos) {
        fail(stream, chevron, "the arguments of this launch have no end; close them with )");
    }

    // A macro that passes nothing on must leave no comma behind, so its arguments stand alone:
    // prepare(…)(__VA_ARGS__).
    const bool of_macro = end == open + 2 && text_at(stream, open + 1) == "__VA_ARGS__";

    const std::size_t first_byte = stream.begin(kernel);
    const std::string name = one_line(stream, kernel, chevron);
    // In front of `::t2t` a label's colon would become another `::`.
    std::string before = first_byte > 0 && stream.source[first_byte - 1] == ':' ? " " : "";
    before += of_macro ? "::t2t::cpu_device::prepare" : "::t2t::cpu_device::launch";
    before += "(\"" + escaped(name) + "\",";
    before += line_ends(stream, first_byte, stream.end(chevron));
    before += " ::t2t::cpu_device::configure(";
    edits.push_back({first_byte, stream.end(chevron), before});

    std::string between(1, ')');
    between += line_ends(stream, stream.begin(close), stream.end(open));
    between += ", T2T_KERNEL_ADDRESS(" + name + "), [=](auto&... t2t_arguments) { ";
    between += name + "(t2t_arguments...); }";
    if (of_macro) {
        between += ")(";
    } else if (end != open + 1) {
        between += ", ";
    }
    edits.push_back({stream.begin(close), stream.end(open), between});
}

}  // namespace

void rewrite_launches(const TokenStream& stream, std::vector<Edit>& edits) {
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        // `operator<<<T>` is the operator << and its template arguments.
        if (opens_launch(stream, i) && text_at(stream, i - 1) != "operator") {
            rewrite_launch(stream, i, edits);
        }
    }
}

}  // namespace t2t::cpu_device

// CUDA's keywords where the C++ compiler would not take what they become:
//
// - __shared__ alignas(16) float tile[64]: `__shared__` becomes `static thread_local`, and C++ wants alignas before
//   those words, not behind them. The compilers' own attribute may stand there, and __align__ is that attribute.
// - static __shared__ float tile[64]: it is static already.
// - __noinline__: no macro may have this name, since libstdc++ spells one of its attributes that way.
#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {

void rewrite_keywords(const TokenStream& stream, std::vector<Edit>& edits) {
    const auto replace = [&](std::size_t i, const char* text) {
        edits.push_back({stream.begin(i), stream.end(i), text});
    };
    for (std::size_t i = 0; i < stream.tokens.size(); ++i) {
        const std::string_view text = text_at(stream, i);
        const bool behind_shared = i > 0 && text_at(stream, i - 1) == "__shared__";
        if (text == "alignas" && behind_shared) {
            const bool dynamic = i >= 2 && text_at(stream, i - 2) == "extern";
            if (!dynamic) replace(i, "__align__");  // else rewrite_dynamic_shared's
        }
        if (text == "static" && (behind_shared || text_at(stream, i + 1) == "__shared__")) {
            replace(i, "");
        }
        if (text == "__noinline__" && text_at(stream, i - 1) != "(") {
            replace(i, "__attribute__((noinline))");
        }
    }
}

}  // namespace t2t::cpu_device

// Alignment of static shared memory: __shared__ alignas(16) float tile[64];
//
// `__shared__` becomes `static thread_local`, and C++ wants alignas before those words, not behind them.
// The compilers' own attribute may stand there, and __align__ is that attribute.
#include "common/cpu_device/translator/rewrite.hpp"

namespace t2t::cpu_device {

void rewrite_shared_alignment(const TokenStream& stream, std::vector<Edit>& edits) {
    for (std::size_t i = 1; i < stream.tokens.size(); ++i) {
        if (text_at(stream, i) != "alignas" || text_at(stream, i - 1) != "__shared__") continue;
        if (i >= 2 && text_at(stream, i - 2) == "extern") continue;  // rewrite_dynamic_shared's
        edits.push_back({stream.begin(i), stream.end(i), "__align__"});
    }
}

}  // namespace t2t::cpu_device

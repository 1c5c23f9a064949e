#include "common/lab/trace.hpp"

#include <utility>

namespace t2t {

std::size_t Trace::begin(std::string_view operation, std::string_view rung, cudaStream_t stream) {
    entries_.push_back({operation, rung, depth_++, {}, {}, 0});
    ends_.emplace_back();
    starts_.emplace_back().record(stream);
    return entries_.size() - 1;
}

void Trace::end(std::size_t entry, std::vector<std::int64_t> sizes, Work work,
                cudaStream_t stream) {
    ends_[entry].record(stream);
    entries_[entry].sizes = std::move(sizes);
    entries_[entry].work = work;
    --depth_;
}

std::vector<TraceEntry> Trace::finish() {
    std::vector<std::size_t> open;  // the entries that the next one may be part of
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        entries_[i].microseconds = 1e3 * double{milliseconds_between(starts_[i], ends_[i])};
        open.resize(static_cast<std::size_t>(entries_[i].depth));
        if (!open.empty()) entries_[open.back()].microseconds -= entries_[i].microseconds;
        open.push_back(i);
    }
    return entries_;
}

}  // namespace t2t

#include "model/tokenizer/text_stream.hpp"

#include <algorithm>
#include <utility>

namespace t2t::model {

TextStream::TextStream(const Tokenizer& tokenizer, std::span<const std::int32_t> prompt,
                       std::vector<std::string> stops)
    : tokenizer_(tokenizer), decoder_(tokenizer), stops_(std::move(stops)) {
    for (const std::int32_t token : prompt) decoder_.push(token);
}

std::string TextStream::push(std::int32_t token) {
    if (stopped_ || !tokenizer_.contains(token)) return {};
    held_ += decoder_.push(token);
    return release(false);
}

std::string TextStream::finish() {
    if (stopped_) return {};
    held_ += decoder_.finish();
    return release(true);
}

std::string TextStream::release(bool everything) {
    std::size_t certain = held_.size();  // bytes that may leave
    for (const std::string& stop : stops_) {
        if (const std::size_t at = held_.find(stop); at != std::string::npos) {
            stopped_ = true;
            certain = std::min(certain, at);
        }
    }
    if (!stopped_ && !everything) {
        // The longest end of the text that a stop string begins with.
        for (const std::string& stop : stops_) {
            for (std::size_t size = std::min(stop.size() - 1, held_.size()); size > 0; --size) {
                if (held_.ends_with(std::string_view(stop).substr(0, size))) {
                    certain = std::min(certain, held_.size() - size);
                    break;
                }
            }
        }
    }
    std::string text = held_.substr(0, certain);
    held_.erase(0, certain);
    return text;
}

}  // namespace t2t::model

#include "model/engine/generate.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include "model/engine/decoder.hpp"
#include "model/tokenizer/text_stream.hpp"

namespace t2t::model {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One request on its way.
struct Sequence {
    std::size_t request;  // also its row of the cache
    std::int64_t length;  // tokens in the cache
    std::optional<TextStream> stream;
    Result result;
    bool done = false;
};

/// Traces what is queued while it lives, whatever is thrown meanwhile.
class TraceScope {
 public:
    explicit TraceScope(Ops& ops) : ops_(ops) { ops_.trace_into(&trace_); }
    TraceScope(const TraceScope&) = delete;
    TraceScope& operator=(const TraceScope&) = delete;
    ~TraceScope() { ops_.trace_into(nullptr); }

    std::vector<TraceEntry> finish() { return trace_.finish(); }

 private:
    Ops& ops_;
    Trace trace_;
};

class Loop {
 public:
    Loop(Model& model, const Tokenizer* tokenizer, std::span<const Request> requests,
         const Watch& watch)
        : model_(model),
          requests_(requests),
          watch_(watch),
          sampler_(model.ops(), static_cast<std::int64_t>(requests.size()),
                   model.config().vocabulary),
          decoder_(model) {
        for (std::size_t i = 0; i < requests.size(); ++i) {
            Sequence sequence{i, 0, std::nullopt, {}, requests[i].max_tokens == 0};
            if (tokenizer != nullptr) {
                sequence.stream.emplace(*tokenizer, requests[i].prompt, requests[i].stops);
            }
            sequences_.push_back(std::move(sequence));
        }
    }

    /// Reads every prompt that is to go on, and chooses the first token after each.
    /// @returns tokens read
    std::int64_t read_prompts() {
        std::int64_t read = 0;
        for (Sequence& sequence : sequences_) {
            if (sequence.done) continue;
            const Request& request = requests_[sequence.request];
            const Tensor logits =
                model_.prompt(static_cast<std::int64_t>(sequence.request), 0, request.prompt);
            sequence.length = static_cast<std::int64_t>(request.prompt.size());
            read += sequence.length;
            const Tensor last = logits.slice(logits.rows - 1, 1);
            const std::int64_t step = 0;
            tell_candidates(last, {&sequence});
            accept(sequence, sampler_.sample(last, {&request.rule, 1}, {&step, 1}).front());
        }
        return read;
    }

    /// Adds a token to every text that goes on.
    /// @returns how many there were; 0 when all texts are written
    std::size_t decode(double& bytes) {
        if (active_.empty() || std::ranges::any_of(active_, &Sequence::done)) {
            if (!begin()) return 0;
        }
        if (decoder_.under_way() == 0) queue();
        // One more step is queued before this one is read, so that the device never waits for the host. It
        // is wasted on a text that turns out to have ended.
        if (!must_see_each_step() && can_queue()) queue();

        std::size_t count = read(bytes);
        // When a text has ended, what is still under way is read for the texts that go on.
        while (std::ranges::any_of(active_, &Sequence::done) && decoder_.under_way() > 0) {
            count += read(bytes);
        }
        return count;
    }

    std::vector<Result> results() {
        std::vector<Result> all;
        for (Sequence& sequence : sequences_) all.push_back(std::move(sequence.result));
        return all;
    }

 private:
    static constexpr int traced_step = 3;  // the first new token comes from the prompt

    /// Must the host see a step's logits before the next one is queued?
    bool must_see_each_step() const { return watch_.best > 0 || watch_.trace != nullptr; }

    /// Lets the decoder begin with the texts that go on. @returns false when there is none
    bool begin() {
        active_.clear();
        std::vector<Decoder::Row> rows;
        for (Sequence& sequence : sequences_) {
            if (sequence.done) continue;
            active_.push_back(&sequence);
            rows.push_back({static_cast<std::int32_t>(sequence.request),
                            static_cast<std::int32_t>(sequence.length),
                            sequence.result.tokens.back(), requests_[sequence.request].rule,
                            static_cast<std::int64_t>(sequence.result.tokens.size())});
        }
        if (!active_.empty()) decoder_.begin(std::move(rows));
        return !active_.empty();
    }

    /// Has every text room for one more step than are under way?
    bool can_queue() const {
        return decoder_.under_way() < Decoder::most_steps &&
               std::ranges::all_of(active_, [&](const Sequence* sequence) {
                   const auto written = static_cast<std::int64_t>(sequence->result.tokens.size());
                   const std::int64_t steps = decoder_.under_way();
                   return written + steps < requests_[sequence->request].max_tokens &&
                          sequence->length + steps < model_.cache().capacity() &&
                          sequence->length + steps < model_.config().context;
               });
    }

    void queue() {
        std::optional<TraceScope> traced;
        if (watch_.trace != nullptr && ++decode_steps_ <= traced_step) traced.emplace(model_.ops());
        const Tensor logits = decoder_.queue();
        if (traced) *watch_.trace = traced->finish();
        tell_candidates(logits, active_);
    }

    /// Takes the tokens of the oldest step, for the texts that go on. @returns how many those are
    std::size_t read(double& bytes) {
        const std::span<const std::int32_t> tokens = decoder_.read();
        std::size_t count = 0;
        for (std::size_t i = 0; i < active_.size(); ++i) {
            Sequence& sequence = *active_[i];
            if (sequence.done) continue;
            require_token(tokens[i], static_cast<std::int64_t>(sequence.result.tokens.size()));
            ++sequence.length;
            ++count;
            accept(sequence, tokens[i]);
        }
        if (count > 0) bytes += bytes_of_step();
        return count;
    }

    /// Reports the most probable tokens; row i of the logits belongs to sequence i.
    void tell_candidates(Tensor logits, const std::vector<Sequence*>& sequences) {
        if (!watch_.on_candidates || watch_.best == 0) return;
        for (std::size_t i = 0; i < sequences.size(); ++i) {
            const std::size_t request = sequences[i]->request;
            watch_.on_candidates(request,
                                 sampler_.best(logits.slice(static_cast<std::int64_t>(i), 1),
                                               requests_[request].rule, watch_.best));
        }
    }

    void accept(Sequence& sequence, std::int32_t token) {
        const Request& request = requests_[sequence.request];
        sequence.result.tokens.push_back(token);
        if (watch_.on_token) watch_.on_token(sequence.request, token);

        const auto& ends = model_.config().end_tokens;
        if (std::ranges::find(ends, token) != ends.end()) {
            finish(sequence, Finish::end_token);
            return;
        }
        if (sequence.stream) {
            emit(sequence, sequence.stream->push(token));
            if (sequence.stream->stopped()) {
                finish(sequence, Finish::stop_string);
                return;
            }
        }
        if (static_cast<std::int64_t>(sequence.result.tokens.size()) >= request.max_tokens) {
            finish(sequence, Finish::max_tokens);
        } else if (sequence.length >= model_.config().context) {
            finish(sequence, Finish::context);
        }
    }

    void finish(Sequence& sequence, Finish reason) {
        sequence.done = true;
        sequence.result.finish = reason;
        if (!sequence.stream) return;
        emit(sequence, sequence.stream->finish());
        if (sequence.stream->stopped()) sequence.result.finish = Finish::stop_string;
    }

    void emit(Sequence& sequence, const std::string& text) {
        sequence.result.text += text;
        if (watch_.on_text && !text.empty()) watch_.on_text(sequence.request, text);
    }

    // Weights are read once for all sequences, keys and values for each.
    double bytes_of_step() const {
        const ModelConfig& config = model_.config();
        const LayerCache layer = model_.cache().layer(0);
        const double position_bytes = 2.0 * static_cast<double>(layer.keys.columns) *
                                      static_cast<double>(size_of(layer.keys.type)) *
                                      static_cast<double>(config.layers);
        double bytes =
            model_.weights().bytes_per_step(config, static_cast<std::int64_t>(active_.size()));
        for (const Sequence* sequence : active_) {
            const std::int64_t seen =
                config.window > 0 ? std::min(sequence->length, config.window) : sequence->length;
            bytes += position_bytes * static_cast<double>(seen);
        }
        return bytes;
    }

    Model& model_;
    std::span<const Request> requests_;
    const Watch& watch_;
    Sampler sampler_;
    Decoder decoder_;
    std::vector<Sequence> sequences_;
    std::vector<Sequence*> active_;  // the decoder's rows
    int decode_steps_ = 0;
};

}  // namespace

std::int64_t positions_needed(const ModelConfig& config, std::span<const Request> requests) {
    std::int64_t most = 1;
    for (const Request& request : requests) {
        const auto length = static_cast<std::int64_t>(request.prompt.size());
        if (length == 0) throw std::invalid_argument("the prompt is empty; give at least one word");
        if (length > config.context) {
            throw std::invalid_argument("the prompt has " + std::to_string(length) +
                                        " tokens; this model's context holds " +
                                        std::to_string(config.context) +
                                        "; use a shorter prompt or a model with a longer context");
        }
        if (request.max_tokens < 0) {
            throw std::invalid_argument("max-tokens is " + std::to_string(request.max_tokens) +
                                        "; it must be 0 or more");
        }
        most = std::max(most, length + std::min(request.max_tokens, config.context - length));
    }
    return most;
}

std::vector<Result> generate(Model& model, const Tokenizer* tokenizer,
                             std::span<const Request> requests, const Watch& watch,
                             Timing* timing) {
    positions_needed(model.config(), requests);
    for (const Request& request : requests) check(request.rule);

    Loop loop(model, tokenizer, requests, watch);
    Timing times;
    const auto start = Clock::now();
    times.prompt_tokens = loop.read_prompts();
    times.prompt_seconds = seconds_since(start);
    const auto first_tokens = Clock::now();
    while (const std::size_t count = loop.decode(times.decode_bytes)) {
        times.decode_tokens += static_cast<std::int64_t>(count);
    }
    times.decode_seconds = seconds_since(first_tokens);

    if (timing != nullptr) {
        timing->prompt_tokens += times.prompt_tokens;
        timing->prompt_seconds += times.prompt_seconds;
        timing->decode_tokens += times.decode_tokens;
        timing->decode_seconds += times.decode_seconds;
        timing->decode_bytes += times.decode_bytes;
    }
    return loop.results();
}

}  // namespace t2t::model

/// @file
/// The generation loop: prompts in, text out, token by token.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/lab/trace.hpp"
#include "model/engine/forward.hpp"
#include "model/engine/sampler.hpp"
#include "model/tokenizer/tokenizer.hpp"

namespace t2t::model {

/// One text to be written.
struct Request {
    std::vector<std::int32_t> prompt;  ///< at least one token
    std::int64_t max_tokens = 256;     ///< new tokens at most
    SamplingRule rule;                 ///< how its tokens are chosen
    std::vector<std::string> stops;    ///< strings that end the text; none is empty
};

/// Why a text ended.
enum class Finish {
    max_tokens,   ///< as many tokens as were asked for
    end_token,    ///< the model ended it
    stop_string,  ///< one of the request's stop strings came
    context,      ///< the model's context is full
};

/// What was written.
struct Result {
    std::vector<std::int32_t> tokens;  ///< the new ones, an end token included
    std::string text;  ///< what they say, up to a stop string; empty without tokenizer
    Finish finish = Finish::max_tokens;  ///< why it ended
};

/// How fast it went.
struct Timing {
    std::int64_t prompt_tokens = 0;  ///< of all prompts that were read
    double prompt_seconds = 0;       ///< up to the first new token of each request
    std::int64_t decode_tokens = 0;  ///< new tokens, without the first of each text
    double decode_seconds = 0;       ///< for the tokens after the first
    double decode_bytes = 0;         ///< weights, keys and values that those had to read
};

/// What to be told while it goes on. All of it is optional.
struct Watch {
    /// New text of request `request`; whole UTF-8 characters.
    std::function<void(std::size_t request, std::string_view text)> on_text;
    /// A new token, before its text.
    std::function<void(std::size_t request, std::int32_t token)> on_token;
    /// The `best` most probable tokens, before one of them is chosen.
    std::function<void(std::size_t request, const std::vector<Candidate>& candidates)>
        on_candidates;
    std::int64_t best = 0;  ///< how many candidates to report
    /// Filled with what one decode step ran: of the fourth new token, when things have settled,
    /// or of the last one where a text is shorter. Stays empty when no text has a second token.
    std::vector<TraceEntry>* trace = nullptr;
};

/// Positions that a model must have room for to serve `requests`: the longest prompt with its new
/// tokens, at most the context.
/// @throws std::invalid_argument a prompt that is empty or longer than the context; max_tokens below 0
std::int64_t positions_needed(const ModelConfig& config, std::span<const Request> requests);

/// Writes all texts, one token of each at a time.
/// @param model     with room for as many sequences as there are requests, and for
///                  positions_needed()
/// @param tokenizer for the text; null: tokens only, and no request may have stop strings
/// @param timing    what to add the times to; may be null
/// @throws std::invalid_argument as positions_needed() and check(); a token outside the vocabulary
/// @throws std::runtime_error    the logits are not numbers
std::vector<Result> generate(Model& model, const Tokenizer* tokenizer,
                             std::span<const Request> requests, const Watch& watch = {},
                             Timing* timing = nullptr);

}  // namespace t2t::model

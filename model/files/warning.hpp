/// @file
/// What is odd about a model's files and does not keep them from being used.
#pragma once

#include <functional>
#include <string>

namespace t2t::model {

/// Told one sentence, without a full stop, as soon as something odd is met: what it is, and what is done
/// about it. May be empty.
using Warn = std::function<void(const std::string& sentence)>;

}  // namespace t2t::model

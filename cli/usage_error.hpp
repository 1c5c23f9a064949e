/// @file
/// The error of a command line that asks for something that does not exist.
#pragma once

#include <stdexcept>

namespace t2t::cli {

/// The command line asks for something that does not exist: exit code 2. The message is one sentence
/// that names what does.
class UsageError : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

}  // namespace t2t::cli

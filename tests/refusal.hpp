/// @file
/// What operations say when they refuse their arguments.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "common/lab/ladder.hpp"

namespace t2t::tests {

/// What `action` complains of; empty when it does not.
inline std::string complaint(const std::function<void()>& action) {
    try {
        action();
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "";
}

/// Expects `rung` to refuse `op`, in a sentence that holds `part`.
template <typename Op>
void expect_refusal(const Rung<Op>& rung, const Op& op, std::string_view part) {
    const std::string said = complaint([&] { rung.run(op, nullptr); });
    EXPECT_NE(said.find(part), std::string::npos) << "expected: " << part << "\nsaid: " << said;
}

}  // namespace t2t::tests

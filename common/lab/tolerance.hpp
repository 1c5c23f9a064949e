/// @file
/// How far a result may lie from its reference, and why that far.
#pragma once

#include <string>

namespace t2t::lab {

/// An allowed error together with its derivation.
///
/// A result is right when it equals the expected value or |actual − expected| ≤ allowed(expected).
/// Tested that way round a NaN is never right, unless NaN is what is expected.
class Tolerance {
 public:
    /// The expected value, rounded once to the type of the output. For copies, for integers, and
    /// for a single +, −, ·, ÷ or √, which IEEE 754 rounds correctly.
    static Tolerance exact();

    /// The same absolute error everywhere, derived from the scale of the values.
    ///
    /// For a sum of k products of size `scale`, rounding errors of ±ε/2 each grow like a random
    /// walk:
    /// @code
    /// Tolerance::relative_to_scale(epsilon * std::sqrt(k) * scale, "ε·√k·scale, k products")
    /// @endcode
    /// @param bound   absolute error, ≥ 0 and finite
    /// @param reason  the derivation, printed when a comparison fails
    /// @throws std::invalid_argument when `bound` is negative, infinite or NaN
    static Tolerance relative_to_scale(double bound, std::string reason);

    /// An error in proportion to each expected value, for functions evaluated element by element.
    ///
    /// @param bound   |actual − expected| / |expected|, ≥ 0 and finite
    /// @param reason  the derivation, printed when a comparison fails
    /// @throws std::invalid_argument when `bound` is negative, infinite or NaN
    static Tolerance relative_to_value(double bound, std::string reason);

    /// The error allowed at an element whose expected value is `expected`.
    double allowed(double expected) const;
    /// Whether `actual` is right where `expected` is wanted. Infinities must be equal; a NaN is
    /// right only where NaN is expected.
    bool accepts(double expected, double actual) const;

    /// Whether no error is allowed.
    bool is_exact() const { return absolute_ == 0 && relative_ == 0; }
    /// Why this much error is allowed, in words.
    const std::string& reason() const { return reason_; }

 private:
    Tolerance(double absolute, double relative, std::string reason);

    double absolute_;
    double relative_;
    std::string reason_;
};

}  // namespace t2t::lab

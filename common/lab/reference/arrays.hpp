/// @file
/// What the kernels must compute, as plain loops in float64.
///
/// One shape for all: inputs are spans in the order of the kernel's parameters, sizes follow, and
/// the result is the output in float64, ready for lab::Expected. No reference shares code with a
/// kernel.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/lab/extent.hpp"

namespace t2t::lab::reference {

/// c[i] = a[i] + b[i].
/// @param a  [n]
/// @param b  [n]
/// @returns  [n]
/// @throws std::invalid_argument when the lengths differ
std::vector<double> add(std::span<const float> a, std::span<const float> b);

/// y[i] = x[i · stride]: every stride-th element, starting with the first.
/// @param x       [n]
/// @param stride  elements from one to the next, ≥ 1
/// @returns       [⌈n / stride⌉]
/// @throws std::invalid_argument when the stride is not positive
std::vector<double> copy(std::span<const float> x, std::int64_t stride = 1);

/// y[field, i] = x[i, field]: an array of structures becomes a structure of arrays.
/// @param x       [n, fields]
/// @param fields  values of one structure, ≥ 1
/// @returns       [fields, n]; field f is the part from f · n to (f + 1) · n
/// @throws std::invalid_argument when the length of x is not a multiple of `fields`
std::vector<double> aos_to_soa(std::span<const float> x, std::int64_t fields);

/// y[i, :] = table[ids[i], :]: an embedding lookup. An id outside the table gives a row of NaN.
/// @param table   [rows, columns]
/// @param ids     [n]
/// @param extent  rows and columns of the table
/// @returns       [n, columns]
/// @throws std::invalid_argument when the table is not rows · columns long
std::vector<double> gather_rows(std::span<const float> table, std::span<const std::int32_t> ids,
                                Extent extent);

/// y[column, row] = x[row, column].
/// @param x       [rows, columns]
/// @param extent  rows and columns of x
/// @returns       [columns, rows]
/// @throws std::invalid_argument when x is not rows · columns long
std::vector<double> transpose(std::span<const float> x, Extent extent);

}  // namespace t2t::lab::reference

#include "common/lab/reference/arrays.hpp"

#include <limits>
#include <string>

#include "common/lab/reference/require.hpp"

namespace t2t::lab::reference {

std::vector<double> add(std::span<const float> a, std::span<const float> b) {
    require(a.size() == b.size(), "add: a and b must have the same length");
    std::vector<double> c(a.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        c[i] = static_cast<double>(a[i]) + static_cast<double>(b[i]);
    }
    return c;
}

std::vector<double> copy(std::span<const float> x, std::int64_t stride) {
    require(stride >= 1, "copy: the stride must be 1 or more");
    std::vector<double> y;
    for (std::size_t i = 0; i < x.size(); i += static_cast<std::size_t>(stride)) {
        y.push_back(x[i]);
    }
    return y;
}

std::vector<double> aos_to_soa(std::span<const float> x, std::int64_t fields) {
    require(fields >= 1 && x.size() % static_cast<std::size_t>(fields) == 0,
            "aos_to_soa: x must hold whole structures");
    const Extent extent{static_cast<std::int64_t>(x.size()) / fields, fields};
    return transpose(x, extent);
}

std::vector<double> gather_rows(std::span<const float> table, std::span<const std::int32_t> ids,
                                Extent extent) {
    require(table.size() == extent.count(), "gather_rows: the table must be rows x columns long");
    std::vector<double> y;
    for (const std::int64_t id : ids) {
        const bool inside = id >= 0 && id < extent.rows;
        for (std::int64_t column = 0; column < extent.columns; ++column) {
            y.push_back(inside ? table[id * extent.columns + column]
                               : std::numeric_limits<double>::quiet_NaN());
        }
    }
    return y;
}

std::vector<double> transpose(std::span<const float> x, Extent extent) {
    require(x.size() == extent.count(), "transpose: x must be rows x columns long");
    std::vector<double> y(x.size());
    for (std::int64_t row = 0; row < extent.rows; ++row) {
        for (std::int64_t column = 0; column < extent.columns; ++column) {
            y[column * extent.rows + row] = x[row * extent.columns + column];
        }
    }
    return y;
}

}  // namespace t2t::lab::reference

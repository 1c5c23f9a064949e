/// @file
/// Passes over a cache in pages, for the tests of chapters 13, 14 and 15.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "common/device/arguments.hpp"
#include "common/device/buffer.hpp"
#include "common/lab/batch.hpp"
#include "common/lab/check_rung.hpp"
#include "common/lab/inputs.hpp"

namespace t2t::tests {

/// The tokens of a pass and the pages of their sequences, on the host.
struct Pass {
    std::vector<std::int32_t> owners;     ///< [tokens]
    std::vector<std::int32_t> positions;  ///< [tokens]
    std::int64_t sequences = 0;           ///< rows of the page table
    std::int64_t capacity = 0;            ///< positions that each sequence has room for
    std::int64_t page = 0;                ///< positions of a page
    std::vector<std::int32_t> pages{};    ///< [sequences, pages_per_sequence()]

    /// One page for each sequence: the contiguous cache, whose rows are those of the sequences.
    Pass(std::vector<std::int32_t> owners, std::vector<std::int32_t> positions,
         std::int64_t sequences, std::int64_t capacity)
        : Pass(std::move(owners), std::move(positions), sequences, capacity, capacity) {
        std::iota(pages.begin(), pages.end(), 0);
    }

    /// Pages of `page` positions, in no order.
    Pass(std::vector<std::int32_t> owners, std::vector<std::int32_t> positions,
         std::int64_t sequences, std::int64_t capacity, std::int64_t page)
        : owners(std::move(owners)),
          positions(std::move(positions)),
          sequences(sequences),
          capacity(capacity),
          page(page) {
        const std::int64_t count = page_count();
        for (std::int64_t i = 0; i < count; ++i) pages.push_back(static_cast<std::int32_t>(i));
        lab::Random random(lab::test_seed());
        for (std::int64_t i = 0; i + 1 < count; ++i) {
            std::swap(pages[i], pages[random.integer(i, count - 1)]);
        }
    }

    std::int64_t tokens() const { return static_cast<std::int64_t>(owners.size()); }
    std::int64_t pages_per_sequence() const {
        return page == 0 ? 0 : ceil_div<std::int64_t>(capacity, page);
    }
    std::int64_t page_count() const { return sequences * pages_per_sequence(); }

    /// `cache`, [sequences, capacity, width], as it lies in the pages: [page_count, page, width]. What
    /// belongs to no position is NaN.
    template <typename T>
    std::vector<T> in_pages(const std::vector<T>& cache, std::int64_t width) const {
        std::vector<T> result(static_cast<std::size_t>(page_count() * page * width), T(NAN));
        for (std::int64_t s = 0; s < sequences; ++s) {
            for (std::int64_t p = 0; p < capacity && page > 0; ++p) {
                const std::int64_t number = pages[s * pages_per_sequence() + p / page];
                const std::int64_t row = number * page + p % page;
                for (std::int64_t d = 0; d < width; ++d) {
                    result[row * width + d] = cache[(s * capacity + p) * width + d];
                }
            }
        }
        return result;
    }

    /// The pass with bounds as tight as they can be; pointers are still null.
    Batch bounds() const {
        Batch batch{.tokens = tokens(), .most_queries = 1, .sequences = sequences};
        batch.pages_per_sequence = pages_per_sequence();
        batch.longest = capacity;
        return batch;
    }

    /// The pass in device memory that lives as long as `check`.
    Batch on_device(lab::RungCheck& check) const {
        Batch batch = bounds();
        batch.owners = check.input("owners", owners);
        batch.positions = check.input("positions", positions);
        batch.pages = check.input("pages", pages);
        return batch;
    }
};

/// The arrays of a pass in device memory.
struct DevicePass {
    DeviceBuffer<std::int32_t> owners, positions, pages;
    Batch batch;

    explicit DevicePass(const Pass& pass)
        : owners(pass.owners), positions(pass.positions), pages(pass.pages), batch(pass.bounds()) {
        batch.owners = owners.data();
        batch.positions = positions.data();
        batch.pages = pages.data();
    }
};

}  // namespace t2t::tests

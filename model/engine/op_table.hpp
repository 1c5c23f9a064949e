/// @file
/// The op table: every operation of the generator, and the rung of its ladder that is in use.
///
/// The table names ladders; chapter and rungs come from the chapters' own list. A chapter that gains a
/// rung gains it here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chapters/chapters.hpp"

namespace t2t::model {

/// One operation of the generator.
struct OpEntry {
    std::string_view operation;  ///< the ladder's name, and the op's: `rms_norm`
    std::string_view role;  ///< what it does in the generator: `norm before each half of a layer`
    int chapter = 0;        ///< the chapter whose ladder it is
    std::vector<RungEntry> rungs;  ///< in climbing order
    std::size_t selected = 0;      ///< which of `rungs` serves it

    /// The rung that serves it.
    const RungEntry& rung() const { return rungs[selected]; }
};

/// All operations, each at one of its rungs.
class OpTable {
 public:
    /// Each operation at the highest rung that the device can run.
    /// @param compute_capability the device's: 90 for 9.0
    explicit OpTable(int compute_capability);

    /// In the order of the chapters.
    const std::vector<OpEntry>& entries() const { return entries_; }

    /// The operation whose ladder is called `operation`.
    /// @throws std::invalid_argument there is none; lists those there are
    const OpEntry& at(std::string_view operation) const;

    /// Lets `rung` serve `operation`.
    /// @param rung its name, or the start of it where only one begins so: `v1` for `v1_naive`
    /// @throws std::invalid_argument no such operation or rung (lists those there are), or a rung
    ///                               that this device cannot run
    void select(std::string_view operation, std::string_view rung);

    /// As select(), from the words of the command line: `rms_norm=v1`.
    /// @throws std::invalid_argument also when there is no `=`
    void select(std::string_view assignment);

 private:
    int compute_capability_;
    std::vector<OpEntry> entries_;
};

}  // namespace t2t::model

/// @file
/// The op table: every operation of the generator, and the rungs that may serve it.
///
/// The table names ladders; chapter and rungs come from the chapters' own list. A chapter that gains a
/// rung gains it here.
#pragma once

#include <string_view>
#include <vector>

#include "common/device/properties.hpp"
#include "common/lab/ladder_entry.hpp"
#include "common/lab/run.hpp"

namespace t2t::model {

/// One operation of the generator.
struct OpEntry {
    std::string_view operation;  ///< the ladder's name, and the op's: `rms_norm`
    std::string_view role;  ///< what it does in the generator: `norm before each half of a layer`
    int chapter = 0;        ///< the chapter whose ladder it is
    LadderEntry ladder;     ///< its rungs, in climbing order
};

/// All operations, and which rung was named for which.
class OpTable {
 public:
    /// No rung is named: each operation is served by the highest rung that takes it.
    explicit OpTable(DeviceProperties device);

    /// In the order of the chapters.
    const std::vector<OpEntry>& entries() const { return entries_; }

    /// The operation whose ladder is called `operation`.
    /// @throws std::invalid_argument there is none; lists those there are
    const OpEntry& at(std::string_view operation) const;

    /// The rung that serves `entry` as long as it takes what it is asked for: the one that was named, or
    /// the one that is best here; nullptr when this device runs none.
    const RungEntry* rung(const OpEntry& entry) const;

    /// Lets `rung` serve `operation`.
    /// @param rung its name, or the start of it where only one begins so: `v1` for `v1_naive`
    /// @throws std::invalid_argument no such operation or rung (lists those there are), or a rung
    ///                               that this device cannot run
    void select(std::string_view operation, std::string_view rung);

    /// As select(), from the words of the command line: `rms_norm=v1`.
    /// @throws std::invalid_argument also when there is no `=`
    void select(std::string_view assignment);

    /// What run() goes by.
    const Selection& selection() const { return selection_; }

 private:
    Selection selection_;
    std::vector<OpEntry> entries_;
};

}  // namespace t2t::model

/// @file
/// Rules for the shape of a chapter: its files, its lesson and its rungs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/dev_check/tree.hpp"

namespace t2t::dev_check {

/// One chapter folder.
struct ChapterFolder {
    std::string path;  ///< `chapters/03_shared_memory`
    std::string name;  ///< `shared_memory`

    /// `chapters/03_shared_memory/shared_memory.cuh`: the one header that others include.
    std::string header() const { return path + '/' + name + ".cuh"; }
};

/// The chapter folders of `tree`, in order. A folder that is not named `NN_name` is none.
std::vector<ChapterFolder> chapters_of(const Tree& tree);

/// The number of the rung whose file `path` is: 2 for `chapters/NN_name/v2_tile.cu`; 0 when it is no
/// rung's file.
int rung_number(std::string_view path);

/// Is `path` a rung's file?
inline bool is_rung(std::string_view path) {
    return rung_number(path) != 0;
}

/// Every folder of chapters/ is named NN_name and has lesson, header, rungs, bench.cu, profile.sh.
Findings chapter_files(const Tree& tree);
/// A lesson has its parts, in their order.
Findings lesson_parts(const Tree& tree);

/// A rung's file starts with its number and title, idea, change, expectation and measurement. The first
/// rung of a ladder has changed nothing.
Findings rung_headers(const Tree& tree);
/// A rung's file has one kernel family, or copies, or runs other operations.
Findings rung_kernels(const Tree& tree);
/// A rung's file has one public function, its launcher, named like the file; and perhaps what tells its
/// workspace, `v2_split_workspace`.
Findings rung_launchers(const Tree& tree);

}  // namespace t2t::dev_check

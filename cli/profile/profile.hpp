/// @file
/// A profile of one rung: five sentences, one small table, and where to look next.
///
/// Three sources fill it: ncu (see ncu.hpp), CUDA's own calls where ncu is not allowed, and the CPU
/// device's observer where there is no GPU. One printer prints it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "cli/profile/metrics.hpp"
#include "cli/profile/sass.hpp"

namespace t2t::profile {

/// One sentence for a learner: the number, what it means and, when it is bad, the usual remedy.
struct Sentence {
    std::string text;         ///< begins with a capital and ends with a full stop
    bool remarkable = false;  ///< bad, or needed to understand the rest: the last to be left out
};

/// How many sentences a profile has at most.
inline constexpr std::size_t most_sentences = 5;

/// The texts of at most most_sentences, in their order. Those that are not remarkable go first, the
/// last of them first of all.
std::vector<std::string> chosen(std::vector<Sentence> sentences);

/// `4,096 blocks of 256 threads`; only the products of the three dimensions count.
struct Launch {
    std::int64_t blocks = 0;   ///< of the grid
    std::int64_t threads = 0;  ///< a block
    std::int64_t times = 1;    ///< how often it was launched
};

/// One kernel of a rung: all its launches in one run of the rung, or the one that ncu watched.
struct Kernel {
    std::string name;                      ///< `padded_kernel`
    std::string symbol = {};               ///< as the linker knows it; empty on the CPU device
    Launch launch;                         ///< how many threads it had
    Metrics metrics = {};                  ///< what was measured
    std::optional<MachineCode> code = {};  ///< nothing where it could not be read
};

/// A place to look next.
struct Pointer {
    std::string what;   ///< `the lesson`
    std::string where;  ///< a file, or a command to type
};

/// What `t2t profile` found out.
struct Profile {
    std::string chapter;                 ///< its folder
    std::string rung;                    ///< its name
    std::string shape;                   ///< as the benchmark labels it
    std::string device;                  ///< its name
    std::string date;                    ///< UTC, ISO 8601
    std::string source;                  ///< where the numbers come from, in half a sentence
    std::vector<std::string> notes;      ///< why there is no better source, and what would open it
    std::vector<std::string> sentences;  ///< see chosen()
    Metrics figures;                     ///< the table: of the kernel that sentences are about
    std::optional<MachineCode> code;     ///< of that kernel; its rows come last in the table
    std::vector<Kernel> kernels;         ///< all of them, in the order of their launch
    std::vector<Pointer> next;           ///< where to look next
};

/// The profile for people, in 100 columns.
void print(std::ostream& out, const Profile& profile);

/// The profile for programs; `command` is what one would type to get it again.
nlohmann::ordered_json to_json(const Profile& profile, const std::string& command);

}  // namespace t2t::profile

#include "common/cpu_device/observer/program/debug_information.hpp"

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "common/cpu_device/observer/program/inlined_frames.hpp"
#include "common/cpu_device/observer/program/program_symbols.hpp"

namespace t2t::observer {
namespace {

constexpr std::string_view this_file = "common/cpu_device/observer/program/debug_information.cpp";

DebugInformation ask() {
    // __FILE__ would not do: the build makes it relative to the root.
    const auto here = reinterpret_cast<std::uint64_t>(&debug_information);
    const std::vector<std::uint64_t> address{here - program_symbols().load_bias};
    std::string file;
    try {
        file = inlined_frames(address)[0].back().file;
    } catch (const std::runtime_error& error) {
        return {"", std::string("source lines are found by addr2line, of the package binutils: ") +
                        error.what()};
    }
    if (!file.ends_with(this_file)) {
        return {
            "",
            "this program has no debug information, so nothing can be told by source line; build "
            "it anew with 'cmake --build --preset cpu-check --clean-first', and do not strip it"};
    }
    return {file.substr(0, file.size() - this_file.size()), ""};
}

}  // namespace

const DebugInformation& debug_information() {
    static const auto* const found = new DebugInformation(ask());
    return *found;
}

}  // namespace t2t::observer

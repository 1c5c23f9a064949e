#include "common/cpu_device/observer/program/inlined_frames.hpp"

#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "common/process/child_process.hpp"

namespace t2t::observer {
namespace {

/// Reads `/path/file.cu:62 (discriminator 3)` into a frame; unknown parts are question marks.
void read_place(const std::string& text, Frame& frame) {
    const std::size_t colon = text.rfind(':');
    frame.line = std::atoi(text.c_str() + colon + 1);
    const std::string file = text.substr(0, colon);
    if (file != "??") frame.file = std::filesystem::path(file).lexically_normal().string();
}

}  // namespace

std::vector<std::vector<Frame>> inlined_frames(std::span<const std::uint64_t> file_addresses) {
    std::ostringstream questions;
    questions << std::hex;
    for (const std::uint64_t address : file_addresses) questions << address << '\n';
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::istringstream answers(process::output_of(
        {"addr2line", "--exe=" + program, "--addresses", "--inlines", "--functions"},
        questions.str()));

    // Each answer is a line with the address, then two lines for each frame: function and place.
    std::vector<std::vector<Frame>> frames;
    for (std::string line, place; std::getline(answers, line);) {
        if (line.starts_with("0x")) {
            frames.emplace_back();
        } else if (!frames.empty() && std::getline(answers, place)) {
            Frame& frame = frames.back().emplace_back();
            if (line != "??") frame.function = line;
            read_place(place, frame);
        }
    }
    if (frames.size() != file_addresses.size()) {
        throw std::runtime_error(
            "addr2line does not answer as binutils' does; put that one into PATH");
    }
    return frames;
}

}  // namespace t2t::observer

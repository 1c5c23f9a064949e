#include "cli/run/start_program.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "cli/run/setting_names.hpp"

namespace t2t::own {
namespace {

void set(const char* name, const std::string& value) {
    setenv(name, value.c_str(), 1);
}

/// The command as one would type it again.
std::string typed(const CommandLine& line) {
    std::string text = "./t2t check";
    for (const auto& file : line.files) text += ' ' + file.string();
    if (!line.arguments.empty()) text += " --";
    for (const std::string& argument : line.arguments) text += ' ' + argument;
    return text;
}

void set_up(const CommandLine& line) {
    setenv("T2T_HOST_ACCESS", "fault",
           0);  // as on a machine with a GPU, unless the user says otherwise
    if (line.timeout > 0) set(setting_names::time_limit, std::to_string(line.timeout));
    if (!line.check) return;
    set(setting_names::check, typed(line));
    set(setting_names::file, line.files.front().string());
    if (line.annotate) set(setting_names::annotate, "1");
    if (!line.json.empty()) set(setting_names::json, line.json);
    if (!line.draw.empty()) set(setting_names::draw, line.draw);
    set(setting_names::picture, line.picture);
}

}  // namespace

void become(const std::filesystem::path& program, const CommandLine& line) {
    set_up(line);
    // Programs print their own name, and some look for files beside themselves.
    std::string name = std::filesystem::path(line.files.front()).replace_extension().string();
    if (name.find('/') == name.npos) name = "./" + name;
    std::vector<std::string> words{name};
    words.insert(words.end(), line.arguments.begin(), line.arguments.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(program.c_str(), arguments.data());
    throw std::runtime_error("cannot start " + program.string() + ": " +
                             std::generic_category().message(errno));
}

}  // namespace t2t::own

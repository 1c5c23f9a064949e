#include "common/cpu_device/runtime/settings.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "common/cpu_device/runtime/memory.hpp"
#include "common/cpu_device/runtime/schedule.hpp"
#include "common/cpu_device/runtime/workers.hpp"

namespace t2t::cpu_device {

void refuse_setting(const char* sentence) {
    std::fprintf(stderr, "t2t: %s\n", sentence);
    std::exit(2);
}

unsigned setting(const char* name, unsigned absent, unsigned low, unsigned high) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return absent;
    const char* end = text + std::strlen(text);
    unsigned value = 0;
    const auto read = std::from_chars(text, end, value);
    if (read.ec != std::errc() || read.ptr != end || value < low || value > high) {
        refuse_setting((std::string(name) + " is '" + text + "'; it must be a whole number from " +
                        std::to_string(low) + " to " + std::to_string(high))
                           .c_str());
    }
    return value;
}

unsigned setting_word(const char* name, std::initializer_list<const char*> words) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return 0;
    std::string choice;
    unsigned index = 0;
    for (const char* word : words) {
        if (std::strcmp(text, word) == 0) return index;
        choice += (index++ == 0 ? "" : " or ") + std::string(word);
    }
    refuse_setting((std::string(name) + " is '" + text + "'; it must be " + choice).c_str());
}

void check_settings() {
    schedule();
    worker_count();
    hang_limit();
    host_access_faults();
}

}  // namespace t2t::cpu_device

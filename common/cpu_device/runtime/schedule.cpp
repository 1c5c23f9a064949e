#include "common/cpu_device/runtime/schedule.hpp"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/cpu_device/runtime/settings.hpp"

namespace t2t::cpu_device {

Schedule parse_schedule(const char* text) {
    const std::string_view value = text;
    if (value == "forward") return {Order::forward, 0};
    if (value == "reverse") return {Order::reverse, 0};
    constexpr std::string_view random = "random:";
    if (value.starts_with(random) && value.size() > random.size()) {
        const std::string seed(value.substr(random.size()));
        if (seed.find_first_not_of("0123456789") == std::string::npos && seed.size() < 20) {
            return {Order::random, std::stoull(seed)};
        }
    }
    throw std::invalid_argument(
        "T2T_SCHEDULE is '" + std::string(value) +
        "'; it must be forward, reverse or random:SEED, for example random:7");
}

const Schedule& schedule() {
    static const Schedule chosen = [] {
        const char* text = std::getenv("T2T_SCHEDULE");
        if (text == nullptr || *text == '\0') return Schedule{};
        try {
            return parse_schedule(text);
        } catch (const std::invalid_argument& error) {
            refuse_setting(error.what());
        }
    }();
    return chosen;
}

}  // namespace t2t::cpu_device

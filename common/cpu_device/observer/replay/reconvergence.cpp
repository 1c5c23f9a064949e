#include "common/cpu_device/observer/replay/reconvergence.hpp"

namespace t2t::observer {

void Reconvergence::learn(unsigned thread, const LogEntry* next, const LogEntry* end, bool is_cut) {
    std::vector<std::uint32_t> frames = frames_[thread];
    for (const LogEntry* entry = next; entry != end; ++entry) {
        switch (kind_of(entry->code)) {
            case Kind::block:
                if (frames.back() != ControlFlow::end)
                    control_flow_.add(frames.back(), entry->code);
                frames.back() = entry->code;
                break;
            case Kind::call:
                frames.push_back(ControlFlow::end);
                break;
            case Kind::leave:
                control_flow_.add(frames.back(), ControlFlow::end);
                if (frames.size() > 1) frames.pop_back();
                break;
            default:
                break;
        }
    }
    // A barrier is an end, too: all lanes meet there. A log that is cut has an end somewhere; as long
    // as no thread has shown it, it ends here.
    if (!is_cut || control_flow_.distance(frames.back()) == 0)
        control_flow_.add(frames.back(), ControlFlow::end);
}

}  // namespace t2t::observer

#include "common/cpu_device/observer/order/stream_order.hpp"

#include <algorithm>
#include <utility>

#include "common/cpu_device/observer/log/marks.hpp"

namespace t2t::observer {
namespace {

// The operation of this operating-system thread. What a report at the program's very end reads must
// not have been destroyed, so the moment has no destructor.
struct Current {
    unsigned depth = 0;  // operations within one another
    std::uint32_t number = 0;
    const Moment* before = nullptr;  // what has happened before it
};
constinit thread_local Current mine;

void join(Moment& moment, const Moment& other) {
    for (const auto& [stream, operation] : other) {
        std::uint32_t& latest = moment[stream];
        latest = std::max(latest, operation);
    }
}

bool includes(const Moment& moment, unsigned stream, std::uint32_t operation) {
    const auto found = moment.find(stream);
    return found != moment.end() && operation <= found->second;
}

}  // namespace

StreamOrder& stream_order() {
    static StreamOrder* const all =
        new StreamOrder;  // outlives the program, whose last act is a report
    return *all;
}

// ---- streams and events ---------------------------------------------------------------------------

void StreamOrder::create_stream(const void* stream, bool takes_turns) {
    const std::lock_guard lock(mutex_);
    streams_[stream] = {streams_made_++, takes_turns};
    if (stream != nullptr) has_streams_.store(true, std::memory_order_relaxed);
}

void StreamOrder::destroy_stream(const void* stream) {
    const std::lock_guard lock(mutex_);
    const auto found = streams_.find(stream);
    if (found == streams_.end()) return;
    if (found->second.takes_turns) join(destroyed_, found->second.moment);
    streams_.erase(found);
}

// One that the runtime knows without having been told, such as cudaStreamPerThread, is made now.
StreamOrder::Stream& StreamOrder::stream_at(const void* stream) {
    const auto [found, is_new] = streams_.try_emplace(stream);
    if (is_new) {
        found->second.number = streams_made_++;
        has_streams_.store(true, std::memory_order_relaxed);
    }
    return found->second;
}

// What will have happened before the next operation of a stream: what came before in it, what the host
// has waited for, and, since they take turns, what the default stream has done, or all others for that.
Moment StreamOrder::moment_of_next(const void* stream) {
    const Stream& here = stream_at(stream);
    Moment moment = here.moment;
    join(moment, host_);
    if (stream == nullptr) {
        join(moment, destroyed_);
        for (const auto& [address, other] : streams_) {
            if (other.takes_turns) join(moment, other.moment);
        }
    } else if (here.takes_turns) {
        join(moment, stream_at(nullptr).moment);
    }
    return moment;
}

void StreamOrder::record_event(const void* event, const void* stream) {
    const std::lock_guard lock(mutex_);
    events_[event] = moment_of_next(stream);
}

void StreamOrder::destroy_event(const void* event) {
    const std::lock_guard lock(mutex_);
    events_.erase(event);
}

void StreamOrder::let_stream_wait(const void* stream, const void* event) {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(event);
    if (found != events_.end()) join(stream_at(stream).moment, found->second);
}

void StreamOrder::let_host_join(const Moment& moment) {
    join(host_, moment);
    const bool is_ahead = std::any_of(latest_.begin(), latest_.end(), [this](const auto& one) {
        return one.second > all_before_ && !includes(host_, one.first, one.second);
    });
    host_is_ahead_.store(is_ahead, std::memory_order_relaxed);
}

void StreamOrder::let_host_wait_for_stream(const void* stream) {
    const std::lock_guard lock(mutex_);
    let_host_join(moment_of_next(stream));
}

void StreamOrder::let_host_wait_for_event(const void* event) {
    const std::lock_guard lock(mutex_);
    const auto found = events_.find(event);
    if (found != events_.end()) let_host_join(found->second);
}

// What is known from before says nothing any more.
void StreamOrder::let_host_wait_for_all() {
    const std::lock_guard lock(mutex_);
    all_before_ = static_cast<std::uint32_t>(operations_.size());
    for (auto& [address, stream] : streams_) stream.moment.clear();
    for (auto& [address, event] : events_) event.clear();
    destroyed_.clear();
    host_.clear();
    latest_.clear();
    host_is_ahead_.store(false, std::memory_order_relaxed);
}

// ---- operations -----------------------------------------------------------------------------------

void StreamOrder::begin(const void* stream, const char* what) {
    if (mine.depth++ != 0) return;
    const std::lock_guard lock(mutex_);
    Moment before = moment_of_next(stream);
    Stream& here = stream_at(stream);
    operations_.push_back({here.number, what, {}});
    mine.number = static_cast<std::uint32_t>(operations_.size());
    here.moment = before;
    here.moment[here.number] = latest_[here.number] = mine.number;
    mine.before = new Moment(std::move(before));
    host_is_ahead_.store(true, std::memory_order_relaxed);
}

void StreamOrder::end() {
    if (--mine.depth != 0) return;
    delete std::exchange(mine.before, nullptr);
}

bool StreamOrder::is_in_operation() const {
    return mine.depth != 0;
}

std::uint32_t StreamOrder::current() const {
    return mine.number;
}

bool StreamOrder::has_happened(std::uint32_t operation, const Moment& by) const {
    if (operation <= all_before_) return true;
    return includes(by, operations_[operation - 1].stream, operation);
}

bool StreamOrder::is_before_current(std::uint32_t operation) const {
    const std::lock_guard lock(mutex_);
    return operation == mine.number || has_happened(operation, *mine.before);
}

bool StreamOrder::host_has_waited_for(std::uint32_t operation) const {
    const std::lock_guard lock(mutex_);
    return has_happened(operation, host_);
}

StreamOperation StreamOrder::operation(std::uint32_t number) const {
    const std::lock_guard lock(mutex_);
    return operations_[number - 1];
}

void StreamOrder::note_issuer() {
    const std::lock_guard lock(mutex_);
    CallChain& issued_by = operations_[mine.number - 1].issued_by;
    if (issued_by.empty()) issued_by = this_call_chain();  // a copy of rows comes here for each
}

// ---- launches -------------------------------------------------------------------------------------

void StreamOrder::begin_launch() {
    const std::lock_guard lock(mutex_);
    launch_ = mine.number;
    before_launch_ = *mine.before;
    launch_is_after_all_ = std::all_of(latest_.begin(), latest_.end(), [this](const auto& one) {
        return one.second == launch_ || has_happened(one.second, before_launch_);
    });
}

bool StreamOrder::is_before_launch(std::uint32_t operation) const {
    const std::lock_guard lock(mutex_);
    return operation == launch_ || has_happened(operation, before_launch_);
}

// ---- what the runtime reports (marks.hpp) ---------------------------------------------------------

StreamWork::StreamWork(const void* stream, const char* what) {
    stream_order().begin(stream, what);
}
StreamWork::~StreamWork() {
    stream_order().end();
}
void stream_created(const void* stream, bool takes_turns) {
    stream_order().create_stream(stream, takes_turns);
}
void stream_destroyed(const void* stream) {
    stream_order().destroy_stream(stream);
}
void event_recorded(const void* event, const void* stream) {
    stream_order().record_event(event, stream);
}
void event_destroyed(const void* event) {
    stream_order().destroy_event(event);
}
void stream_waits(const void* stream, const void* event) {
    stream_order().let_stream_wait(stream, event);
}
void host_waits_for_stream(const void* stream) {
    stream_order().let_host_wait_for_stream(stream);
}
void host_waits_for_event(const void* event) {
    stream_order().let_host_wait_for_event(event);
}
void host_waits_for_all() {
    stream_order().let_host_wait_for_all();
}

}  // namespace t2t::observer

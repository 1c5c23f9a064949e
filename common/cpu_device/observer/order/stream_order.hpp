/// @file
/// Order between the operations of streams: launches, copies, and what the host does itself.
///
/// The CPU device does each operation when it is issued. On a GPU it may happen at any time from then
/// until somebody waits for it. So each operation has a number, and each stream, each event and the
/// host have a moment: for every stream, the latest of its operations that is known to have happened.
/// One operation comes before another when the other's moment says so. (These are the vector clocks of
/// Fidge and Mattern, 1988.)
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>

#include "common/cpu_device/observer/order/call_chain.hpp"

namespace t2t::observer {

/// For every stream, by its number, the latest operation that has happened.
using Moment = std::map<unsigned, std::uint32_t>;

/// A launch, a copy or other work that was issued to a stream.
struct StreamOperation {
    unsigned stream = 0;    ///< its number
    const char* what = "";  ///< "a copy" and so on
    CallChain issued_by =
        {};  ///< of what is no launch: a launch's accesses have lines of their own
};

/// Follows streams, events and those who wait for them. Streams and events go by their addresses; the
/// default stream's is null.
class StreamOrder {
 public:
    StreamOrder() { create_stream(nullptr, true); }

    /// @name What a program does with streams
    ///@{
    /// @param takes_turns with the default stream, as all do that are not cudaStreamNonBlocking
    void create_stream(const void* stream, bool takes_turns);
    void destroy_stream(const void* stream);
    void record_event(const void* event, const void* stream);
    void destroy_event(const void* event);
    void let_stream_wait(const void* stream, const void* event);
    void let_host_wait_for_stream(const void* stream);
    void let_host_wait_for_event(const void* event);
    void let_host_wait_for_all();
    ///@}

    /// @name The operation that the calling thread does now; one within another is a part of it
    ///@{
    void begin(const void* stream, const char* what);
    void end();
    bool is_in_operation() const;
    std::uint32_t current() const;
    /// Whether `operation` is this one, or has happened before it.
    bool is_before_current(std::uint32_t operation) const;
    /// Keeps who has issued it.
    void note_issuer();
    ///@}

    /// @name The launch that the device works at; the current operation of who launched it
    ///@{
    void begin_launch();
    std::uint32_t launch() const { return launch_; }
    /// Whether all earlier operations happen before it: always so with one stream.
    bool launch_is_after_all() const { return launch_is_after_all_; }
    bool is_before_launch(std::uint32_t operation) const;
    ///@}

    /// Whether there is an operation that the host has not waited for.
    bool host_is_ahead() const { return host_is_ahead_.load(std::memory_order_relaxed); }
    bool host_has_waited_for(std::uint32_t operation) const;
    /// Whether the program has made a stream.
    bool has_streams() const { return has_streams_.load(std::memory_order_relaxed); }

    StreamOperation operation(std::uint32_t number) const;

 private:
    struct Stream {
        unsigned number = 0;
        bool takes_turns = true;
        Moment moment = {};  ///< after its latest operation
    };

    Stream& stream_at(const void* stream);
    Moment moment_of_next(const void* stream);
    void let_host_join(const Moment& moment);
    bool has_happened(std::uint32_t operation, const Moment& by) const;

    mutable std::mutex mutex_;
    std::map<const void*, Stream> streams_;
    unsigned streams_made_ = 0;
    Moment destroyed_;  ///< of streams that took turns with the default one and are no more
    std::map<const void*, Moment> events_;
    Moment host_;
    std::deque<StreamOperation> operations_;  ///< by number, which begins at 1
    Moment latest_;                           ///< operation of each stream
    std::uint32_t all_before_ = 0;            ///< the host has waited for all up to this one
    std::uint32_t launch_ = 0;
    Moment before_launch_;
    bool launch_is_after_all_ = true;
    std::atomic<bool> host_is_ahead_{false};
    std::atomic<bool> has_streams_{false};
};

StreamOrder& stream_order();

}  // namespace t2t::observer

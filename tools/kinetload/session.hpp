// SPDX-License-Identifier: GPL-2.0
/// \file
/// What all connections have in common: when they may start a message, and what they share with
/// the others of their thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.hpp"
#include "kinetload/clock.hpp"
#include "kinetload/ledger.hpp"
#include "kinetload/options.hpp"
#include "kinetload/poller.hpp"
#include "kinetload/sizes.hpp"
#include "kinetload/timetable.hpp"
#include "kinetload/window.hpp"

namespace kinetd::load {

/// What the sessions of one thread share.
struct Context {
    const Options &options;
    const Timetable *timetable; ///< nullptr in a closed loop
    Window &window;
    Ledger &ledger;
    Poller &poller;
    std::vector<Session *> agenda{}; ///< those that want another turn
    std::vector<char> buffer = std::vector<char>(131072);
    std::size_t settled = 0; ///< sessions that are done
};

/// A connection, or a UDP socket. Only its thread calls it.
class Session {
public:
    Session(Context &context, unsigned index)
        : context_(context), index_(index), random_(index + 1) {}
    virtual ~Session() = default;
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;

    /// Begins to connect; before the run.
    virtual void open() = 0;
    /// Whether it is still at it.
    [[nodiscard]] virtual bool opening() const = 0;
    /// The run begins.
    virtual void begin() = 0;
    /// The socket has something, in epoll's words.
    virtual void ready(std::uint32_t events) = 0;
    /// The turn that it asked for with again().
    virtual void turn() = 0;
    /// Every now and then: what took too long is given up.
    virtual void tick(Nanoseconds at) = 0;

    /// Whether nothing can be done before something arrives.
    [[nodiscard]] virtual bool waits_for_answer() const = 0;
    [[nodiscard]] virtual bool waits_for_room() const = 0;
    [[nodiscard]] int fd() const { return socket_.get(); }

    /// Open loop: one more message is due.
    void owe() {
        ++owed_;
        if (exhausted_)
            write_off();
        else
            again();
    }

protected:
    struct Start {
        Nanoseconds due;
        bool counted;
    };

    /// The next message, where one may start now. Records how late it is.
    std::optional<Start> next(Nanoseconds at);
    /// Nothing starts any more; what is owed stays unsent.
    void exhaust();
    [[nodiscard]] bool exhausted() const { return exhausted_; }
    /// Puts the session on its thread's agenda.
    void again();
    void taken_off_agenda() { on_agenda_ = false; }
    /// It is done for good.
    void settle() { ++context_.settled; }

    void count_answer(Nanoseconds due, std::uint32_t size, Nanoseconds at);
    void count_loss(Nanoseconds at);
    /// Keeps the first trouble of the thread, with the connection's number.
    void note(const std::string &what);

    [[nodiscard]] const Options &options() const { return context_.options; }
    [[nodiscard]] const Protocol &protocol() const { return *context_.options.protocol; }
    [[nodiscard]] Counts &counts() { return context_.ledger.counts; }
    [[nodiscard]] bool too_long_since(Nanoseconds from, Nanoseconds at) const {
        return at > from + context_.options.timeout;
    }

    Context &context_;
    const unsigned index_;
    Random random_;
    Descriptor socket_;

private:
    void write_off();

    std::uint64_t number_ = 0; ///< open loop: of the next message
    std::uint64_t owed_ = 0;   ///< open loop: due and not started
    bool exhausted_ = false;
    bool on_agenda_ = false;
};

} // namespace kinetd::load

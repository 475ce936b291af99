// SPDX-License-Identifier: GPL-2.0
/// \file
/// A TCP connection: messages go out one behind the other, and what comes back is compared with
/// them byte by byte.
#pragma once

#include "kinetload/ring.hpp"
#include "kinetload/sequence.hpp"
#include "kinetload/session.hpp"

namespace kinetd::load {

class Stream final : public Session {
public:
    Stream(Context &context, unsigned index);

    void open() override;
    [[nodiscard]] bool opening() const override { return state_ == State::connecting; }
    void begin() override;
    void ready(std::uint32_t events) override;
    void turn() override;
    void tick(Nanoseconds at) override;
    [[nodiscard]] bool waits_for_answer() const override {
        return state_ == State::open && sent_ == queued_ && protocol().answers && !flight_.empty();
    }
    [[nodiscard]] bool waits_for_room() const override {
        return state_ == State::connecting || sent_ < queued_;
    }

private:
    /// finishing: all is sent, and the server has to say that it took it.
    enum class State { closed, connecting, open, finishing, over };

    struct Message {
        Nanoseconds due = 0;
        Nanoseconds began = 0;
        std::uint64_t end = 0; ///< in the stream, where it is complete
        std::uint32_t size = 0;
        bool counted = false;
        bool bad = false;
    };

    // Connecting and ending
    void connect(Nanoseconds at);
    void connected();
    void connect_failed(const std::string &why, Nanoseconds at);
    void close();
    void stop_sending(Nanoseconds at);
    void end_of_stream(Nanoseconds at);
    void lose(const std::string &why, Nanoseconds at);
    void settle_if_done();
    void next_connection();

    // Messages
    bool start_message(Nanoseconds at);
    void push();
    bool flush();
    void pull();
    void take(std::string_view bytes, Nanoseconds at);
    void take_for(Message &message, std::string_view bytes);
    void finish(const Message &message, Nanoseconds at);
    void finish_sent(Nanoseconds at);

    const Sequence &expected_;
    State state_ = State::closed;
    bool running_ = false;
    bool more_to_read_ = false;
    Nanoseconds since_ = 0; ///< when the state began, for those that must not last
    std::uint64_t place_;   ///< in the sequence, of the stream's first byte
    std::uint64_t queued_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
    Ring<Message> flight_;
};

} // namespace kinetd::load

// SPDX-License-Identifier: GPL-2.0
/// \file
/// A UDP socket: every datagram has a number, and is answered, lost, or late, each on its own.
#pragma once

#include <vector>

#include "kinetload/datagram.hpp"
#include "kinetload/session.hpp"

namespace kinetd::load {

class Flow final : public Session {
public:
    Flow(Context &context, unsigned index, std::uint64_t key);

    void open() override;
    [[nodiscard]] bool opening() const override { return false; }
    void begin() override;
    void ready(std::uint32_t events) override;
    void turn() override;
    void tick(Nanoseconds at) override;
    [[nodiscard]] bool waits_for_answer() const override { return waiting_ > 0 && !pending_; }
    [[nodiscard]] bool waits_for_room() const override { return pending_; }

private:
    enum class Fate : std::uint8_t { none, waiting, answered, lost };

    /// A datagram that was sent, by its number; the slot is another's when it comes round.
    struct Slot {
        std::uint64_t number = 0;
        Nanoseconds due = 0;
        Nanoseconds began = 0;
        std::uint32_t size = 0;
        bool counted = false;
        Fate fate = Fate::none;
    };

    void push();
    bool start_message(Nanoseconds at);
    bool send(Nanoseconds at);
    void pull(bool leftovers);
    void take(std::string_view bytes, Nanoseconds at);
    void take_answer(Slot &slot, std::string_view bytes, Nanoseconds at);
    void expire(Nanoseconds at);
    void give_up(Slot &slot, Nanoseconds at);
    void lose(const std::string &why);
    void settle_if_done();
    void grow();

    [[nodiscard]] Slot &slot(std::uint64_t number) { return slots_[number & (slots_.size() - 1)]; }

    Datagram datagram_;
    std::vector<Slot> slots_;
    std::uint64_t next_ = 0;    ///< number of the next datagram
    std::uint64_t oldest_ = 0;  ///< of all that wait, or next_
    std::uint64_t highest_ = 0; ///< answered, and one more
    std::uint64_t waiting_ = 0;
    bool pending_ = false; ///< the newest found no room in the socket
    bool more_to_read_ = false;
    bool over_ = false;
    bool running_ = false;
};

} // namespace kinetd::load

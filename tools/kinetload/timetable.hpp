// SPDX-License-Identifier: GPL-2.0
/// \file
/// The schedule of an open loop: when each message of each connection is due. It is fixed before
/// the first is sent, so that nothing that a server does can move it.
#pragma once

#include <cstdint>

#include "kinetload/clock.hpp"

namespace kinetd::load {

/// All messages in turn, at even distances, dealt to the connections one after the other.
class Timetable {
public:
    Timetable(double rate, unsigned connections)
        : distance_(static_cast<double>(second) / rate), connections_(connections) {}

    /// Before anything else is asked.
    void start(Nanoseconds at) { start_ = at; }

    /// When message number `number` of a connection is due.
    [[nodiscard]] Nanoseconds due(unsigned connection, std::uint64_t number) const {
        const auto place = static_cast<double>(number) * connections_ + connection;
        return start_ + static_cast<Nanoseconds>(place * distance_);
    }

private:
    Nanoseconds start_ = 0;
    double distance_;
    unsigned connections_;
};

/// Goes through what is due on neighbouring connections, in the order of time.
class Cursor {
public:
    Cursor(const Timetable &table, unsigned first, unsigned count)
        : table_(&table), first_(first), count_(count) {}

    /// When the next message is due.
    [[nodiscard]] Nanoseconds due() const { return table_->due(first_ + at_, number_); }
    /// Which of the connections it belongs to, from 0.
    [[nodiscard]] unsigned connection() const { return at_; }
    void advance() {
        if (++at_ == count_) {
            at_ = 0;
            ++number_;
        }
    }

private:
    const Timetable *table_;
    unsigned first_;
    unsigned count_;
    unsigned at_ = 0;
    std::uint64_t number_ = 0;
};

} // namespace kinetd::load

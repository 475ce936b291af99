// SPDX-License-Identifier: GPL-2.0
/// \file
/// The accounts of one thread. It alone writes; the counters may be read by others meanwhile, the
/// rest when it has ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "kinetload/clock.hpp"
#include "kinetload/histogram.hpp"

namespace kinetd::load {

/// A number with one writer.
class Counter {
public:
    Counter() = default;
    Counter(const Counter &other) : value_(other) {}
    Counter &operator=(const Counter &other) {
        value_.store(other, std::memory_order_relaxed);
        return *this;
    }
    // NOLINTNEXTLINE(google-explicit-constructor, hicpp-explicit-conversions)
    operator std::uint64_t() const { return value_.load(std::memory_order_relaxed); }
    Counter &operator+=(std::uint64_t more) {
        value_.store(*this + more, std::memory_order_relaxed);
        return *this;
    }
    Counter &operator++() { return *this += 1; }

private:
    std::atomic<std::uint64_t> value_ = 0;
};

struct Counts {
    // Of the messages that count.
    Counter sent{};
    Counter answered{}; ///< for discard: taken by the socket
    Counter lost{};     ///< not answered in time, or the connection ended before
    Counter bytes{};    ///< of those answered
    Counter late{};     ///< sent a millisecond or more after they were due
    Counter unsent{};   ///< due, and never sent
    // Of all, the warm-up's too.
    Counter mismatched{}; ///< messages with a byte that is not what was sent
    Counter unexpected{}; ///< bytes or datagrams that nobody asked for
    Counter duplicates{};
    Counter reordered{};
    Counter overdue{}; ///< answered after they were given up
    Counter connects{};
    Counter connect_failures{};
    Counter connections_lost{};

    void add(const Counts &other);
};

struct Ledger {
    Counts counts{};
    Histogram latency{};   ///< from when a message was due to its last byte
    Histogram lateness{};  ///< open loop: from when it was due to when it was sent
    Histogram connect{};   ///< of connections that came about
    Nanoseconds last = 0;  ///< when the last message that counts was done or given up
    std::string trouble{}; ///< the first thing that went wrong, in words

    void add(const Ledger &other);
    void note(const std::string &text) {
        if (trouble.empty())
            trouble = text;
    }
};

} // namespace kinetd::load

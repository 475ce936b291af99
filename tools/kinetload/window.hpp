// SPDX-License-Identifier: GPL-2.0
/// \file
/// Which messages may start, and which of them count: those after the warm-up, until enough were
/// sent, the time is over, or somebody says stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <utility>

#include "kinetload/clock.hpp"
#include "kinetload/options.hpp"

namespace kinetd::load {

enum class Ticket { none, warmup, counted };

/// Shared by all threads.
class Window {
public:
    /// How long after the end a message that was due before it may still be sent.
    static constexpr Nanoseconds grace = 10 * millisecond;

    /// `opened` is called once, by the thread that starts the first message that counts, where no
    /// time was set for that.
    Window(const Amount &warmup, const Amount &measured, std::function<void()> opened = {})
        : warmup_(warmup), most_(measured.messages.value_or(never)),
          length_(measured.time.value_or(never)), opened_(std::move(opened)) {}

    /// Before the first message.
    void start(Nanoseconds at) {
        start_ = at;
        if (warmup_.time)
            begin_.store(at + *warmup_.time, std::memory_order_relaxed);
    }

    /// Asks for a message that is due at this moment. What got `none` will never get another.
    Ticket take(Nanoseconds due);

    /// From now on there is nothing but `none`.
    void stop(Nanoseconds at) {
        auto none = never;
        stopped_.compare_exchange_strong(none, at, std::memory_order_relaxed);
    }

    /// Whether no message may start any more, whenever it is due.
    [[nodiscard]] bool over(Nanoseconds at) const {
        const auto last = end();
        return stopped() != never || (last != never && at >= last + grace) || used_up();
    }

    /// Whether a message that was due then, and was never sent, would have counted.
    [[nodiscard]] bool would_count(Nanoseconds due) const {
        return due >= begin() && due < end() && due < stopped() && !used_up();
    }

    /// When the measuring began, or will; `never` where it takes messages until that is known.
    [[nodiscard]] Nanoseconds begin() const { return begin_.load(std::memory_order_relaxed); }
    /// When its time is over; `never` where only a count ends it.
    [[nodiscard]] Nanoseconds end() const {
        const auto from = begin();
        return from == never || length_ == never ? never : from + length_;
    }
    [[nodiscard]] Nanoseconds stopped() const { return stopped_.load(std::memory_order_relaxed); }
    [[nodiscard]] Nanoseconds started() const { return start_; }

private:
    bool warms_up(Nanoseconds due);
    [[nodiscard]] bool used_up() const { return taken_.load(std::memory_order_relaxed) >= most_; }

    Amount warmup_;
    std::uint64_t most_;
    Nanoseconds length_;
    std::function<void()> opened_;
    Nanoseconds start_ = 0;
    std::atomic<Nanoseconds> begin_ = never;
    std::atomic<Nanoseconds> stopped_ = never;
    std::atomic<std::uint64_t> warmed_ = 0;
    std::atomic<std::uint64_t> taken_ = 0;
};

} // namespace kinetd::load

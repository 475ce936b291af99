// SPDX-License-Identifier: GPL-2.0
/// \file
/// Deadlines and waiting for conditions. Nothing in the suites sleeps for its own sake.
#pragma once

#include <chrono>
#include <thread>

namespace kinetd::suite {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;
using std::chrono::seconds;

/// How much slower than a stock kernel this one runs: 1, or more on a debug kernel.
int slowness();

/// A limit written for a stock kernel, stretched for this one.
inline Milliseconds patience(Milliseconds limit) {
    return limit * slowness();
}

class Deadline {
public:
    explicit Deadline(Milliseconds limit) : end_(Clock::now() + limit) {}

    [[nodiscard]] bool passed() const { return Clock::now() >= end_; }
    /// Milliseconds left, rounded up, never negative: fit for poll().
    [[nodiscard]] int left() const {
        const auto rest = std::chrono::ceil<Milliseconds>(end_ - Clock::now()).count();
        return rest > 0 ? static_cast<int>(rest) : 0;
    }

private:
    Clock::time_point end_;
};

/// Waits until `met` holds, at most `limit`; says whether it did.
template <class Condition>
bool wait_for(Condition &&met, Milliseconds limit) {
    const Deadline deadline(limit);
    for (;;) {
        if (met())
            return true;
        if (deadline.passed())
            return met();
        std::this_thread::sleep_for(Milliseconds(2));
    }
}

class Stopwatch {
public:
    [[nodiscard]] Milliseconds elapsed() const {
        return std::chrono::duration_cast<Milliseconds>(Clock::now() - start_);
    }

private:
    Clock::time_point start_ = Clock::now();
};

} // namespace kinetd::suite

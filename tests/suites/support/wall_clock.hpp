// SPDX-License-Identifier: GPL-2.0
/// \file
/// The guest's clock, set to another time for as long as a test wants it.
#pragma once

#include <ctime>

#include "support/clock.hpp"
#include "support/result.hpp"

namespace kinetd::suite {

/// Seconds since 1970 as the kernel counts them, once a tick: a new second is late by up to that.
std::time_t wall_time();

class WallClock {
public:
    WallClock();
    /// Puts back the time that it is by now.
    ~WallClock();
    WallClock(const WallClock &) = delete;
    WallClock &operator=(const WallClock &) = delete;

    static Status set(std::time_t seconds);

private:
    timespec before_{};
    Clock::time_point then_;
};

} // namespace kinetd::suite

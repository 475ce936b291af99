// SPDX-License-Identifier: GPL-2.0
#include "support/wall_clock.hpp"

namespace kinetd::suite {

std::time_t wall_time() {
    timespec now{};
    (void)::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return now.tv_sec;
}

WallClock::WallClock() : then_(Clock::now()) {
    (void)::clock_gettime(CLOCK_REALTIME, &before_);
}

WallClock::~WallClock() {
    const auto passed = std::chrono::ceil<seconds>(Clock::now() - then_);
    before_.tv_sec += passed.count();
    (void)::clock_settime(CLOCK_REALTIME, &before_);
}

Status WallClock::set(std::time_t at) {
    const timespec time{.tv_sec = at, .tv_nsec = 0};
    if (::clock_settime(CLOCK_REALTIME, &time) != 0)
        return last_error("clock_settime");
    return Done{};
}

} // namespace kinetd::suite

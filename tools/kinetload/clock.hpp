// SPDX-License-Identifier: GPL-2.0
/// \file
/// Time in nanoseconds since some moment of the past.
#pragma once

#include <cstdint>
#include <ctime>

namespace kinetd::load {

using Nanoseconds = std::uint64_t;

inline constexpr Nanoseconds millisecond = 1'000'000;
inline constexpr Nanoseconds second = 1'000'000'000;
/// Later than anything.
inline constexpr Nanoseconds never = ~Nanoseconds{0};

inline Nanoseconds now() {
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<Nanoseconds>(time.tv_sec) * second + static_cast<Nanoseconds>(time.tv_nsec);
}

inline timespec to_timespec(Nanoseconds time) {
    return {static_cast<time_t>(time / second), static_cast<long>(time % second)};
}

} // namespace kinetd::load

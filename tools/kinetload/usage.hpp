// SPDX-License-Identifier: GPL-2.0
/// \file
/// CPU time: this process's, and the whole machine's.
#pragma once

#include <optional>

#include "kinetload/clock.hpp"

namespace kinetd::load {

/// As it stands at one moment.
struct Usage {
    Nanoseconds at = 0;
    Nanoseconds client = 0; ///< user and system, all threads
    Nanoseconds idle = 0;   ///< of all CPUs together; the kernel tells it in hundredths of a second
    bool machine_known = false;
    unsigned cpus = 1;

    static Usage read();
};

/// What was spent between two moments.
struct Spent {
    double client_seconds = 0;
    std::optional<double> machine_seconds{}; ///< everything that was not idle
};

Spent spent(const Usage &from, const Usage &to);

} // namespace kinetd::load

// SPDX-License-Identifier: GPL-2.0
/// \file
/// A line on the terminal that says how it is going.
#pragma once

#include <cstdint>
#include <string>

#include "kinetload/clock.hpp"
#include "kinetload/ledger.hpp"

namespace kinetd::load {

class Progress {
public:
    /// `shown`: else it prints nothing at all.
    explicit Progress(bool shown) : shown_(shown) {}
    ~Progress() { clear(); }
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    /// Standard error is a terminal.
    static bool possible();

    /// What to print at `at`, of counts so far; empty where the last line is recent.
    std::string line(const Counts &counts, Nanoseconds begin, Nanoseconds at);

    void show(const Counts &counts, Nanoseconds begin, Nanoseconds at);
    void clear();

private:
    bool shown_;
    bool drawn_ = false;
    Nanoseconds last_ = 0;
    std::uint64_t answered_ = 0;
};

} // namespace kinetd::load

// SPDX-License-Identifier: GPL-2.0
/// \file
/// Memory that nobody refers to any more, and whose fault that is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kinetd::suite {

/// Whether this kernel has kmemleak.
bool has_leak_detector();

struct Leak {
    std::uint64_t born; ///< jiffies when it was allocated
    std::string report; ///< what kmemleak says, the trace of the allocation included
};

std::vector<Leak> parse_leaks(std::string_view report);

/// The kernel's clock in jiffies, from the text of /proc/timer_list; 0 where it does not say.
std::uint64_t parse_jiffies(std::string_view timer_list);

/// Looks for leaks and finds the test that each was made in.
///
/// The detector wants two scans, seconds each, and does not believe in the leak of an object
/// younger than five seconds. So tests are collected, and scanned for together: nothing of a test
/// may outlive it, hence the time of its allocation tells whose a leak is.
class LeakHunt {
public:
    struct Finding {
        std::string test;
        std::string report;
    };

    void begin(const std::string &test);
    void begin(const std::string &test, std::uint64_t jiffies);

    /// Whether so much has been collected that a scan pays.
    [[nodiscard]] bool is_due() const;

    /// Scans, and starts collecting anew.
    std::vector<Finding> scan();

    /// The test that was running then; empty for the time before the first one.
    [[nodiscard]] std::string test_at(std::uint64_t jiffies) const;

private:
    struct Start {
        std::string test;
        std::uint64_t jiffies;
    };
    std::vector<Start> starts_;
};

} // namespace kinetd::suite

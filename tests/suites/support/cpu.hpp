// SPDX-License-Identifier: GPL-2.0
/// \file
/// Which CPU a thread runs on, and before whom.
#pragma once

#include <sched.h>

#include <gtest/gtest.h>

namespace kinetd::suite {

/// Keeps the calling thread on one CPU for as long as it lives.
class OnCpu {
public:
    explicit OnCpu(int cpu) {
        (void)::sched_getaffinity(0, sizeof before_, &before_);
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        EXPECT_EQ(::sched_setaffinity(0, sizeof set, &set), 0);
    }
    ~OnCpu() { (void)::sched_setaffinity(0, sizeof before_, &before_); }
    OnCpu(const OnCpu &) = delete;
    OnCpu &operator=(const OnCpu &) = delete;

private:
    cpu_set_t before_{};
};

} // namespace kinetd::suite

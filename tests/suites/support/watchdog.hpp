// SPDX-License-Identifier: GPL-2.0
/// \file
/// Ends a run whose test hangs, after printing where everybody waits.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "support/clock.hpp"

namespace kinetd::suite {

class Watchdog : public testing::EmptyTestEventListener {
public:
    Watchdog();
    ~Watchdog() override;

    void OnTestStart(const testing::TestInfo &test) override;
    void OnTestEnd(const testing::TestInfo &test) override;

private:
    void watch();
    [[noreturn]] static void bite();

    std::mutex mutex_;
    std::condition_variable changed_;
    Clock::time_point end_ = Clock::time_point::max();
    bool leaving_ = false;
    std::thread thread_;
};

} // namespace kinetd::suite

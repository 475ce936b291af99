// SPDX-License-Identifier: GPL-2.0
/// \file
/// After every test: has the kernel come through it unharmed, and do the modules leave without a
/// trace? What it finds is a failure of the test that has just run.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/kernel_log.hpp"
#include "support/leaks.hpp"

namespace kinetd::suite {

/// The complaints that log lines give rise to, but for those that hold one of the allowed texts.
std::vector<std::string> complaints(const std::vector<std::string> &log,
                                    const std::vector<std::string> &allowed);

class Oracle : public testing::EmptyTestEventListener {
public:
    void OnTestStart(const testing::TestInfo &test) override;
    void OnTestEnd(const testing::TestInfo &test) override;
    void OnTestProgramEnd(const testing::UnitTest &run) override;

    /// Lines that hold `text` are no trouble until the running test ends: faults put in by the
    /// test are announced by the kernel in words that it otherwise uses for real ones.
    static void allow(const std::string &text);

    /// The log lines since the test began, and they stay to be judged at its end.
    static std::vector<std::string> log_so_far();

private:
    void collect();
    void check_idle();
    void check_threads();
    void check_unload();
    void check_kernel();
    void check_leaks();
    static void check_lockdep();
    static void complain(const std::string &what);

    static Oracle *current_;
    std::string test_; ///< the running one
    LeakHunt leaks_;
    std::unique_ptr<KernelLog> log_;
    std::vector<std::string> lines_;
    std::vector<std::string> allowed_;
    std::uint64_t taint_before_ = 0;
};

} // namespace kinetd::suite

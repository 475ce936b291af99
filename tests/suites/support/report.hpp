// SPDX-License-Identifier: GPL-2.0
/// \file
/// What the run prints: one line a test, what went wrong, and a summary as the last line.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace kinetd::suite {

class Report : public testing::EmptyTestEventListener {
public:
    void OnTestStart(const testing::TestInfo &test) override;
    void OnTestPartResult(const testing::TestPartResult &part) override;
    void OnTestEnd(const testing::TestInfo &test) override;
    void OnTestProgramEnd(const testing::UnitTest &run) override;

    /// Something that comes to light only after its test was reported: the test has failed after
    /// all.
    static void fail_late(const std::string &test, const std::string &what);

    /// Whether any test has failed, also late.
    static bool any_failed();

    /// Prints the failure of a test that will never end, and the summary, for a run that is about
    /// to be given up.
    static void give_up(const char *reason);

private:
    static void print_summary();
};

} // namespace kinetd::suite

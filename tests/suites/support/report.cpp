// SPDX-License-Identifier: GPL-2.0
#include "support/report.hpp"

#include <cstdio>
#include <set>
#include <string>

#include "support/clock.hpp"

namespace kinetd::suite {

namespace {

std::set<std::string> passed;
std::set<std::string> failed;
std::set<std::string> skipped;
std::string running;
std::string reason;
Stopwatch whole;

} // namespace

void Report::OnTestStart(const testing::TestInfo &test) {
    running = std::string(test.test_suite_name()) + "." + test.name();
    reason.clear();
    whole = Stopwatch();
}

void Report::OnTestPartResult(const testing::TestPartResult &part) {
    if (part.skipped())
        reason = part.message();
    else if (part.failed())
        std::printf("  %s:%d: %s\n", part.file_name() != nullptr ? part.file_name() : "?",
                    part.line_number(), part.message());
    std::fflush(stdout);
}

void Report::OnTestEnd(const testing::TestInfo &test) {
    const auto &result = *test.result();
    const auto took = static_cast<long>(result.elapsed_time());
    if (result.Failed()) {
        failed.insert(running);
        std::printf("FAIL %s (%ld ms)\n", running.c_str(), took);
    } else if (result.Skipped()) {
        skipped.insert(running);
        const auto start = reason.find_first_not_of(" \n");
        std::printf("skip %s: %s\n", running.c_str(),
                    start == std::string::npos ? "" : reason.c_str() + start);
    } else {
        passed.insert(running);
        const auto check = static_cast<long>(whole.elapsed().count()) - took;
        std::printf("ok %s (%ld ms, then %ld ms of checks)\n", running.c_str(), took, check);
    }
    std::fflush(stdout);
}

void Report::OnTestProgramEnd(const testing::UnitTest & /*run*/) {
    print_summary();
}

void Report::fail_late(const std::string &test, const std::string &what) {
    std::printf("  %s\nFAIL %s (found after it had ended)\n", what.c_str(), test.c_str());
    std::fflush(stdout);
    passed.erase(test);
    failed.insert(test);
}

bool Report::any_failed() {
    return !failed.empty();
}

void Report::print_summary() {
    std::printf("%zu passed, %zu failed", passed.size(), failed.size());
    if (!skipped.empty())
        std::printf(", %zu skipped", skipped.size());
    std::printf("\n");
    std::fflush(stdout);
}

void Report::give_up(const char *why) {
    std::printf("FAIL %s (%ld ms): %s\n", running.c_str(),
                static_cast<long>(whole.elapsed().count()), why);
    failed.insert(running);
    print_summary();
}

} // namespace kinetd::suite

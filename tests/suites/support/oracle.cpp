// SPDX-License-Identifier: GPL-2.0
#include "support/oracle.hpp"

#include <algorithm>

#include "support/clock.hpp"
#include "support/file.hpp"
#include "support/health.hpp"
#include "support/module.hpp"
#include "support/report.hpp"
#include "support/service.hpp"

namespace kinetd::suite {

namespace {

std::string full_name(const testing::TestInfo &test) {
    return std::string(test.test_suite_name()) + "." + test.name();
}

/// Waits for `count` to give 0 and returns what it gave last.
template <class Count>
std::uint64_t settle(Count count) {
    std::uint64_t last = 0;
    (void)wait_for([&] { return (last = count()) == 0; }, patience(seconds(5)));
    return last;
}

} // namespace

Oracle *Oracle::current_ = nullptr;

std::vector<std::string> complaints(const std::vector<std::string> &log,
                                    const std::vector<std::string> &allowed) {
    std::vector<std::string> found;
    for (const auto &line : log) {
        const bool is_allowed = std::any_of(allowed.begin(), allowed.end(), [&](const auto &text) {
            return line.find(text) != std::string::npos;
        });
        if (!is_allowed && speaks_of_trouble(line))
            found.push_back(line);
    }
    return found;
}

void Oracle::complain(const std::string &what) {
    ADD_FAILURE() << "oracle: " << what;
}

void Oracle::allow(const std::string &text) {
    if (current_ != nullptr)
        current_->allowed_.push_back(text);
}

std::vector<std::string> Oracle::log_so_far() {
    if (current_ == nullptr)
        return {};
    current_->collect();
    return current_->lines_;
}

void Oracle::collect() {
    for (auto &line : log_->take())
        lines_.push_back(std::move(line));
}

void Oracle::OnTestStart(const testing::TestInfo &test) {
    current_ = this;
    log_ = std::make_unique<KernelLog>();
    lines_.clear();
    allowed_.clear();
    taint_before_ = taint();
    test_ = full_name(test);
    log_line("kinetd_suites: " + test_);
    if (has_leak_detector())
        leaks_.begin(test_);
}

void Oracle::OnTestEnd(const testing::TestInfo & /*test*/) {
    // A listener must not throw, and a file that has gone is a finding like any other.
    try {
        if (is_loaded(core_name))
            check_idle();
    } catch (const std::exception &problem) {
        complain(problem.what());
    }
    try {
        check_unload();
        check_kernel();
        if (leaks_.is_due()) {
            check_leaks();
            check_lockdep();
        }
    } catch (const std::exception &problem) {
        complain(problem.what());
    }
    current_ = nullptr;
}

void Oracle::OnTestProgramEnd(const testing::UnitTest & /*run*/) {
    test_.clear();
    try {
        check_leaks();
        check_lockdep();
    } catch (const std::exception &problem) {
        Report::fail_late("Oracle", problem.what());
    }
}

// What switches it off it says in the log, which each test is judged by; asking takes a second.
void Oracle::check_lockdep() {
    if (!lockdep_is_on())
        Report::fail_late("Oracle", "lockdep has switched itself off");
}

void Oracle::check_leaks() {
    for (const auto &finding : leaks_.scan()) {
        if (finding.test == test_)
            complain("kmemleak: " + finding.report);
        else
            Report::fail_late(finding.test, "oracle: kmemleak: " + finding.report);
    }
}

void Oracle::check_idle() {
    for (const auto &name : list(sysfs_root + "/services")) {
        // A service whose namespace has just ended may go at any moment: then it has none.
        const auto path = sysfs_root + "/services/" + name + "/stats/connections_active";
        const auto left = settle([&] {
            const auto active = read_number(path);
            return active ? *active : 0;
        });
        if (left != 0)
            complain("service " + name + " still counts " + std::to_string(left) +
                     " active connections");
    }
    for (const auto &[cache, count] : slab_objects()) {
        // Each look has the debug kernel go through all that it keeps from being used again.
        const auto left =
            count == 0 ? 0 : settle([&cache = cache] { return slab_objects()[cache]; });
        if (left != 0)
            complain("cache " + cache + " still holds " + std::to_string(left) + " objects");
    }
    check_threads();
}

void Oracle::check_threads() {
    const auto wanted = configured_threads();
    std::vector<Thread> threads;
    const auto all_wait_for_work = [&] {
        threads = worker_threads();
        return threads.size() == wanted &&
               std::none_of(threads.begin(), threads.end(),
                            [](const Thread &thread) { return thread.state == 'D'; });
    };
    if (wait_for(all_wait_for_work, patience(seconds(5))))
        return;
    if (threads.size() != wanted)
        complain("there are " + std::to_string(threads.size()) +
                 " worker threads, and the pools' settings make " + std::to_string(wanted));
    for (const auto &thread : threads)
        if (thread.state == 'D')
            complain("waiting uninterruptibly: " + thread.name);
}

void Oracle::check_unload() {
    const Stopwatch watch;
    const auto removed = remove_everything();
    if (!removed)
        complain("unloading: " + removed.text());
    if (watch.elapsed() > patience(seconds(10)))
        complain("unloading took " + std::to_string(watch.elapsed().count()) + " ms");
    if (removed && exists(sysfs_root))
        complain(sysfs_root + " is still there without its module");
    if (removed && !wait_for([] { return worker_threads().empty(); }, patience(seconds(1))))
        complain("worker threads outlive their module");
    if (removed && !parse_slabinfo(read_file("/proc/slabinfo").value()).empty())
        complain("slab caches outlive their module");
}

void Oracle::check_kernel() {
    if (taint() != taint_before_)
        complain("the kernel's taint went from " + std::to_string(taint_before_) + " to " +
                 std::to_string(taint()));
    collect();
    for (const auto &line : complaints(lines_, allowed_))
        complain("log: " + line);
}

} // namespace kinetd::suite

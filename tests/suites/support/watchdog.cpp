// SPDX-License-Identifier: GPL-2.0
#include "support/watchdog.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/descriptor.hpp"
#include "support/file.hpp"
#include "support/health.hpp"
#include "support/kernel_log.hpp"
#include "support/report.hpp"

namespace kinetd::suite {

namespace {

constexpr int exit_code = 98;

Milliseconds limit_of_a_test() {
    const bool full = std::getenv("KINETD_FULL") != nullptr;
    return patience(seconds(full ? 1200 : 120));
}

void print_thread(const std::string &folder) {
    const auto name = read_line(folder + "/comm");
    const auto stack = read_file(folder + "/stack");
    if (name && stack)
        std::printf("  %s %s\n%s", folder.c_str(), name->c_str(), stack->c_str());
}

void print_stacks() {
    std::printf("  the suite's own threads:\n");
    for (const auto &tid : list("/proc/self/task"))
        print_thread("/proc/self/task/" + tid);
    std::printf("  the workers and whoever waits uninterruptibly:\n");
    for (const auto &pid : list("/proc")) {
        const auto stat = read_line("/proc/" + pid + "/stat");
        const auto name = read_line("/proc/" + pid + "/comm");
        if (stat && name && (name->rfind("kinetd", 0) == 0 || state_of(*stat) == 'D'))
            print_thread("/proc/" + pid);
    }
}

/// A process that cannot die would keep the guest alive: restart the machine for it.
void leave_an_undertaker() {
    const pid_t suite = ::getpid();
    if (::fork() != 0)
        return;
    const Descriptor handle(static_cast<int>(::syscall(SYS_pidfd_open, suite, 0)));
    pollfd entry{handle.get(), POLLIN, 0};
    if (handle && ::poll(&entry, 1, 20'000) == 0)
        (void)write_file("/proc/sysrq-trigger", "b");
    ::_exit(0);
}

} // namespace

Watchdog::Watchdog() : thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
    {
        const std::lock_guard lock(mutex_);
        leaving_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void Watchdog::OnTestStart(const testing::TestInfo & /*test*/) {
    {
        const std::lock_guard lock(mutex_);
        end_ = Clock::now() + limit_of_a_test();
    }
    changed_.notify_one();
}

void Watchdog::OnTestEnd(const testing::TestInfo & /*test*/) {
    const std::lock_guard lock(mutex_);
    end_ = Clock::time_point::max();
}

void Watchdog::watch() {
    std::unique_lock lock(mutex_);
    while (!leaving_) {
        const auto end = end_;
        if (end == Clock::time_point::max())
            changed_.wait(lock);
        else
            changed_.wait_until(lock, end);
        if (Clock::now() >= end_)
            bite();
    }
}

void Watchdog::bite() {
    KernelLog log;
    print_stacks();
    (void)write_file("/proc/sysrq-trigger", "w");
    for (const auto &line : log.take())
        std::printf("  %s\n", line.c_str());
    Report::give_up("it hangs");
    std::fflush(stdout);
    leave_an_undertaker();
    ::_exit(exit_code);
}

} // namespace kinetd::suite

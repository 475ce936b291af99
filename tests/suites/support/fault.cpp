// SPDX-License-Identifier: GPL-2.0
#include "support/fault.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "support/environment.hpp"
#include "support/file.hpp"
#include "support/oracle.hpp"

namespace kinetd::suite {

namespace {

constexpr const char *own_counter = "/proc/thread-self/fail-nth";
const std::string debugfs = "/sys/kernel/debug/";
const std::vector<std::string> kinds = {"failslab", "fail_page_alloc"};

void set(const std::string &kind, const std::string &knob, const std::string &value) {
    (void)write_file(debugfs + kind + "/" + knob, value);
}

/// The addresses, as the kernel prints them, where a function begins and where the next one does.
std::pair<std::string, std::string> text_of(const std::string &function) {
    std::set<std::string> starts;
    std::string start;
    std::istringstream symbols(read_file("/proc/kallsyms").value());
    for (std::string address, type, name, rest; symbols >> address >> type >> name;
         std::getline(symbols, rest)) {
        if (name == function)
            start = address;
        starts.insert(address);
    }
    const auto next = starts.upper_bound(start);
    if (start.empty() || next == starts.end())
        throw std::runtime_error("no such function: " + function);
    return {start, *next};
}

} // namespace

bool can_inject() {
    return exists(own_counter) && exists(debugfs + "failslab/probability");
}

Injection::Injection() {
    for (const auto &kind : kinds) {
        set(kind, "probability", "0");
        set(kind, "interval", "1");
        set(kind, "times", "-1");
        set(kind, "verbose", "0");
        set(kind, "task-filter", "Y");
        set(kind, "ignore-gfp-wait", "N");
    }
    set("fail_page_alloc", "ignore-gfp-highmem", "N");
    set("fail_page_alloc", "min-order", "0");
    // Some allocators report with a trace that an allocation has failed, which is the intention.
    for (const char *text :
         {"Call Trace:", "allocation failure", "RIP: 0033:", "allocation failed"})
        Oracle::allow(text);
}

Injection::~Injection() {
    set_probability(0);
    for (const auto &kind : kinds) {
        set(kind, "task-filter", "N");
        for (const char *knob : {"require-start", "reject-start", "reject-end"})
            set(kind, knob, "0");
        set(kind, "require-end", "0xffffffffffffffff"); // as at boot: everywhere
    }
}

void Injection::only_below(const std::string &function) {
    const auto [start, end] = text_of(function);
    for (const auto &kind : kinds) {
        set(kind, "require-start", "0x" + start);
        set(kind, "require-end", "0x" + end);
    }
}

void Injection::not_below(const std::string &function) {
    const auto [start, end] = text_of(function);
    for (const auto &kind : kinds) {
        set(kind, "reject-start", "0x" + start);
        set(kind, "reject-end", "0x" + end);
    }
}

void Injection::set_probability(int percent) {
    for (const auto &kind : kinds)
        set(kind, "probability", std::to_string(percent));
}

void Injection::mark(int pid, bool yes) {
    (void)write_file("/proc/" + std::to_string(pid) + "/make-it-fail", yes ? "1" : "0");
}

Shortage::Shortage(std::vector<Thread> threads, int percent) : threads_(std::move(threads)) {
    for (const auto &thread : threads_)
        Injection::mark(thread.pid, true);
    Injection::set_probability(percent);
}

void Shortage::end() {
    Injection::set_probability(0);
    for (const auto &thread : threads_)
        Injection::mark(thread.pid, false);
    threads_.clear();
}

Attempt attempt(unsigned nth, const std::function<Status()> &deed) {
    const auto armed = write_file(own_counter, std::to_string(nth));
    if (!armed)
        return {armed, false};
    auto status = deed();
    const auto left = read_number(own_counter);
    const bool injected = left && *left == 0;
    (void)write_file(own_counter, "0");
    return {std::move(status), injected};
}

Sweep sweep(const std::function<Status()> &deed, const std::function<void(const Status &)> &undo,
            Milliseconds limit) {
    constexpr unsigned stride = 16; // what time is left for is spread over all of the deed
    Sweep result;
    const Deadline deadline(limit);
    for (unsigned first = 1; first <= stride; first++) {
        for (unsigned nth = first;; nth += stride) {
            if (deadline.passed())
                return result;
            const auto round = attempt(nth, deed);
            undo(round.status);
            if (!round.injected)
                break;
            result.points++;
            if (!round.status)
                result.failures++;
        }
    }
    result.complete = true;
    return result;
}

void expect_unwinding(const std::string &what, const std::function<Status()> &deed,
                      const std::function<void(const Status &)> &undo) {
    const auto result = sweep(
        deed,
        [&](const Status &status) {
            if (!status) {
                EXPECT_EQ(status.code(), ENOMEM) << what << ": " << status.text();
            }
            undo(status);
        },
        patience(is_full_run() ? seconds(200) : Milliseconds(1200)));
    std::printf("  %s: %u allocations failed, %u times with it%s\n", what.c_str(), result.points,
                result.failures, result.complete ? "" : ", not all were tried");
    EXPECT_GT(result.points, 0U) << what;
    const auto last = deed();
    EXPECT_TRUE(last.ok()) << what << ": " << last.text();
    undo(last);
}

} // namespace kinetd::suite

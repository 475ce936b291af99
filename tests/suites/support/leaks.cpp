// SPDX-License-Identifier: GPL-2.0
#include "support/leaks.hpp"

#include <charconv>
#include <thread>

#include "support/clock.hpp"
#include "support/file.hpp"

namespace kinetd::suite {

namespace {

constexpr const char *leak_file = "/sys/kernel/debug/kmemleak";
// A scan takes most of a minute, and what it finds is told of the test that it was born in.
constexpr std::size_t tests_to_a_scan = 500;

/// The number that follows `label` in `text`, or 0.
std::uint64_t number_after(std::string_view text, std::string_view label) {
    const auto at = text.find(label);
    std::uint64_t number = 0;
    if (at != std::string_view::npos) {
        text.remove_prefix(at + label.size());
        (void)std::from_chars(text.data(), text.data() + text.size(), number);
    }
    return number;
}

/// Scans twice, with what the detector takes for youth in between.
std::string scan_twice() {
    constexpr auto youth = Milliseconds(5500);
    const Stopwatch watch;
    (void)write_file(leak_file, "scan");
    if (watch.elapsed() < youth)
        std::this_thread::sleep_for(youth - watch.elapsed());
    (void)write_file(leak_file, "scan");
    auto report = read_file(leak_file).value();
    (void)write_file(leak_file, "clear");
    return report;
}

} // namespace

bool has_leak_detector() {
    return exists(leak_file);
}

std::vector<Leak> parse_leaks(std::string_view report) {
    std::vector<Leak> leaks;
    for (const auto &line : split(report, '\n')) {
        if (line.rfind("unreferenced object", 0) == 0) {
            leaks.push_back({0, line});
        } else if (!leaks.empty()) {
            auto &leak = leaks.back();
            if (leak.born == 0)
                leak.born = number_after(line, ", jiffies ");
            leak.report += "\n" + line;
        }
    }
    return leaks;
}

std::uint64_t parse_jiffies(std::string_view timer_list) {
    return number_after(timer_list, "\njiffies: ");
}

void LeakHunt::begin(const std::string &test) {
    begin(test, parse_jiffies(read_file("/proc/timer_list").value()));
}

void LeakHunt::begin(const std::string &test, std::uint64_t jiffies) {
    starts_.push_back({test, jiffies});
}

bool LeakHunt::is_due() const {
    return starts_.size() >= tests_to_a_scan;
}

std::string LeakHunt::test_at(std::uint64_t jiffies) const {
    std::string test;
    for (const auto &start : starts_)
        if (start.jiffies <= jiffies)
            test = start.test;
    return test;
}

std::vector<LeakHunt::Finding> LeakHunt::scan() {
    std::vector<Finding> findings;
    if (!starts_.empty())
        for (const auto &leak : parse_leaks(scan_twice()))
            if (auto test = test_at(leak.born); !test.empty())
                findings.push_back({std::move(test), leak.report});
    starts_.clear();
    return findings;
}

} // namespace kinetd::suite

// SPDX-License-Identifier: GPL-2.0
#include "support/health.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

#include "support/file.hpp"
#include "support/service.hpp"

namespace kinetd::suite {

namespace {

bool is_number(const std::string &text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); });
}

/// Threads that were there before the modules: a look at each of them for each question would be
/// half of what the debug kernel's checks take.
std::set<std::string> &strangers() {
    static std::set<std::string> pids;
    return pids;
}

} // namespace

std::uint64_t meaningful_taint(std::uint64_t bits) {
    constexpr std::uint64_t out_of_tree = 1U << 12;
    constexpr std::uint64_t unsigned_module = 1U << 13;
    return bits & ~(out_of_tree | unsigned_module);
}

std::uint64_t taint() {
    return meaningful_taint(read_number("/proc/sys/kernel/tainted").value());
}

bool lockdep_says_on(std::string_view lockdep_stats) {
    const auto at = lockdep_stats.find("debug_locks:");
    if (at == std::string_view::npos)
        return true;
    const auto digit = lockdep_stats.find_first_of("01", at);
    return digit != std::string_view::npos && lockdep_stats[digit] == '1';
}

bool lockdep_is_on() {
    const auto stats = read_file("/proc/lockdep_stats");
    return !stats || lockdep_says_on(*stats);
}

std::map<std::string, std::uint64_t> parse_slabinfo(std::string_view text) {
    std::map<std::string, std::uint64_t> counts;
    for (const auto &line : split(text, '\n')) {
        std::istringstream fields(line);
        std::string name;
        std::uint64_t active = 0;
        if (fields >> name >> active && name.rfind("kinetd", 0) == 0)
            counts[name] = active;
    }
    return counts;
}

std::map<std::string, std::uint64_t> slab_objects() {
    auto counts = parse_slabinfo(read_file("/proc/slabinfo").value());
    if (std::all_of(counts.begin(), counts.end(), [](const auto &one) { return one.second == 0; }))
        return counts;
    // Slabs that a CPU holds count as full until they are given back.
    for (const auto &name : list("/sys/kernel/slab"))
        if (name.rfind("kinetd", 0) == 0)
            (void)write_file("/sys/kernel/slab/" + name + "/shrink", "1");
    return parse_slabinfo(read_file("/proc/slabinfo").value());
}

Result<std::uint64_t> slab_object_size(const std::string &cache) {
    return read_number("/sys/kernel/slab/" + cache + "/slab_size");
}

char state_of(std::string_view stat) {
    const auto end_of_name = stat.rfind(") ");
    return end_of_name == std::string_view::npos ? '\0' : stat[end_of_name + 2];
}

std::string_view name_in(std::string_view stat) {
    const auto start = stat.find(" (");
    const auto end = stat.rfind(") ");
    return start == std::string_view::npos || end == std::string_view::npos
               ? std::string_view()
               : stat.substr(start + 2, end - start - 2);
}

void ignore_present_threads() {
    // Else a number could come back as a thread of ours.
    (void)write_file("/proc/sys/kernel/pid_max", "4194304");
    for (auto &pid : list("/proc"))
        if (is_number(pid))
            strangers().insert(std::move(pid));
}

std::vector<Thread> threads_named(std::string_view prefix) {
    std::vector<Thread> threads;
    for (const auto &pid : list("/proc")) {
        if (!is_number(pid) || strangers().contains(pid))
            continue;
        const auto stat = read_line("/proc/" + pid + "/stat");
        if (const auto name = stat ? name_in(*stat) : ""; name.substr(0, prefix.size()) == prefix)
            threads.push_back({std::stoi(pid), std::string(name), state_of(*stat)});
    }
    return threads;
}

std::vector<Thread> worker_threads() {
    return threads_named("kinetd/");
}

std::uint64_t context_switches(int pid) {
    static constexpr std::string_view label = "\nvoluntary_ctxt_switches:";
    const auto status = read_file("/proc/" + std::to_string(pid) + "/status");
    const auto at = status ? status->find(label) : std::string::npos;
    return at == std::string::npos ? 0 : std::stoull(status->substr(at + label.size()));
}

std::uint64_t worker_sleeps() {
    std::uint64_t sum = 0;
    for (const auto &worker : worker_threads())
        sum += context_switches(worker.pid);
    return sum;
}

std::uint64_t cpu_ticks(int pid) {
    constexpr std::size_t user = 11; // fields behind the name: utime and, next to it, stime
    const auto stat = read_line("/proc/" + std::to_string(pid) + "/stat");
    const auto end_of_name = stat ? stat->rfind(") ") : std::string::npos;
    if (end_of_name == std::string::npos)
        return 0;
    const auto fields = split(std::string_view(*stat).substr(end_of_name + 2), ' ');
    return fields.size() > user + 1 ? std::stoull(fields[user]) + std::stoull(fields[user + 1]) : 0;
}

std::uint64_t configured_threads() {
    std::uint64_t sum = 0;
    for (const auto &pool : list(sysfs_root + "/pools"))
        sum += Pool(pool).number("threads");
    return sum;
}

} // namespace kinetd::suite

// SPDX-License-Identifier: GPL-2.0
// What the benchmark's clients share: the measured phase, and the bytes that they send.
#pragma once

#include "socket.hpp"

#include <cstdio>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace bench {

// A no-operation that tests/bench/profile recognises: it counts between the first and the second.
inline void profile_mark() {
    asm volatile(".byte 0x0f, 0x1f, 0x80, 0x4b, 0x4e, 0x54, 0x44" ::: "memory");
}

inline std::uint64_t now() {
    timespec time{};
    check(::clock_gettime(CLOCK_MONOTONIC_RAW, &time), "clock_gettime");
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
}

// When, and how many nanoseconds all CPUs together had spent in tasks by then: what the second
// lacks to the first was idle.  A task's time is added when it leaves its CPU; so that this one's
// is, which a server in a softirq would never have leave it, it does.
struct Usage {
    std::uint64_t at = 0;
    std::uint64_t busy = 0;
};

inline Usage usage() {
    constexpr timespec moment{.tv_sec = 0, .tv_nsec = 1};
    check(::nanosleep(&moment, nullptr), "nanosleep");
    std::ifstream file("/proc/schedstat");
    Usage result;
    for (std::string word; file >> word;) {
        if (!word.starts_with("cpu"))
            continue;
        std::uint64_t value = 0;
        for (int field = 1; field <= 7 && file >> value; ++field)
            ;
        result.busy += value;
    }
    result.at = now();
    return result;
}

// In a guest whose clock counts instructions, elapsed() is what server, client and kernel together
// have executed.
class Phase {
public:
    void begin() {
        usage_begin_ = usage();
        begin_ = now();
        profile_mark();
    }
    void end() {
        profile_mark();
        end_ = now();
        usage_end_ = usage();
    }
    [[nodiscard]] std::uint64_t elapsed() const { return end_ - begin_; }
    [[nodiscard]] std::int64_t idle() const {
        return static_cast<std::int64_t>((usage_end_.at - usage_begin_.at) -
                                         (usage_end_.busy - usage_begin_.busy));
    }

private:
    std::uint64_t begin_ = 0, end_ = 0;
    Usage usage_begin_, usage_end_;
};

// Messages start at this many places of the pattern: none is as the one before it.
constexpr std::size_t shift = 64;

inline std::vector<char> pattern(std::size_t bytes) {
    std::mt19937 random(1); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same bytes in every run
    std::vector<char> result(bytes + shift);
    for (auto &byte : result)
        byte = static_cast<char>(random());
    return result;
}

// So many bytes, the same after each period.
inline std::vector<char> repeated(std::size_t period, std::size_t bytes) {
    auto result = pattern(bytes);
    for (std::size_t i = period; i < result.size(); ++i)
        result[i] = result[i - period];
    return result;
}

// The line of a closed loop's result, without its end.
inline void report(const Phase &phase, unsigned connections, std::size_t bytes, double messages) {
    std::printf(
        "connections=%u bytes=%zu messages=%.1f total_ns=%ju idle_ns=%jd per_message_ns=%.1f",
        connections, bytes, messages, static_cast<std::uintmax_t>(phase.elapsed()),
        static_cast<std::intmax_t>(phase.idle()), static_cast<double>(phase.elapsed()) / messages);
}

} // namespace bench

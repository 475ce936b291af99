// SPDX-License-Identifier: GPL-2.0
#include "kinetload/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace kinetd::load {

namespace {

constexpr Nanoseconds interval = second / 2;

} // namespace

bool Progress::possible() {
    return ::isatty(STDERR_FILENO) == 1;
}

std::string Progress::line(const Counts &counts, Nanoseconds begin, Nanoseconds at) {
    if (last_ != 0 && at < last_ + interval)
        return "";
    const std::uint64_t answered = counts.answered;
    const double passed = last_ == 0 ? 0 : static_cast<double>(at - last_) / 1e9;
    const double rate = passed == 0 ? 0 : static_cast<double>(answered - answered_) / passed;
    last_ = at;
    answered_ = answered;
    if (at < begin)
        return "warming up";
    return fmt::format("{:.1f} s  {} messages  {:.0f}/s  {} lost  {} mismatched",
                       static_cast<double>(at - begin) / 1e9, answered, rate,
                       static_cast<std::uint64_t>(counts.lost),
                       static_cast<std::uint64_t>(counts.mismatched));
}

void Progress::show(const Counts &counts, Nanoseconds begin, Nanoseconds at) {
    if (!shown_)
        return;
    const auto text = line(counts, begin, at);
    if (text.empty())
        return;
    drawn_ = true;
    fmt::print(stderr, "\r{}\033[K", text);
    (void)std::fflush(stderr);
}

void Progress::clear() {
    if (!drawn_)
        return;
    fmt::print(stderr, "\r\033[K");
    (void)std::fflush(stderr);
    drawn_ = false;
}

} // namespace kinetd::load

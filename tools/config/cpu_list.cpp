// SPDX-License-Identifier: GPL-2.0
#include "config/cpu_list.hpp"

#include <fmt/format.h>

#include <charconv>

namespace kinetd::config {

namespace {

std::optional<unsigned> parse_cpu(std::string_view text) {
    unsigned number = 0;
    const auto *end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (text.empty() || problem != std::errc() || rest != end || number > largest_cpu)
        return std::nullopt;
    return number;
}

/// Adds `3` or `0-3`; false where it is neither.
bool add_range(std::string_view text, Cpus &cpus) {
    const auto dash = text.find('-');
    const auto first = parse_cpu(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : parse_cpu(text.substr(dash + 1));
    if (!first || !last || *first > *last)
        return false;
    for (unsigned cpu = *first; cpu <= *last; cpu++)
        cpus.insert(cpus.end(), cpu);
    return true;
}

} // namespace

std::optional<Cpus> parse_cpus(std::string_view text) {
    Cpus cpus;
    for (;;) {
        const auto comma = text.find(',');
        if (!add_range(text.substr(0, comma), cpus))
            return std::nullopt;
        if (comma == std::string_view::npos)
            return cpus;
        text.remove_prefix(comma + 1);
    }
}

std::string text_of(const Cpus &cpus) {
    std::string text;
    for (auto cpu = cpus.begin(); cpu != cpus.end();) {
        const unsigned first = *cpu;
        unsigned last = first;
        while (++cpu != cpus.end() && *cpu == last + 1)
            last++;
        if (!text.empty())
            text += ',';
        text += first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
    }
    return text;
}

} // namespace kinetd::config

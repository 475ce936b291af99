// SPDX-License-Identifier: GPL-2.0
#include "kinetload/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

namespace kinetd::load {

namespace {

struct Unit {
    std::string_view name;
    double factor;
};

/// A number of at most 1e18 and what follows it.
struct Number {
    double value;
    std::string_view unit;
};

std::optional<Number> split(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number.value,
                                              std::chars_format::fixed);
    if (error != std::errc{} || !std::isfinite(number.value) || number.value < 0 ||
        std::signbit(number.value))
        return std::nullopt;
    number.unit = text.substr(static_cast<std::size_t>(end - text.data()));
    return number;
}

template <std::size_t N>
std::optional<double> scaled(std::string_view text, const std::array<Unit, N> &units) {
    const auto number = split(text);
    if (!number)
        return std::nullopt;
    for (const auto &unit : units) {
        const double value = number->value * unit.factor;
        if (unit.name == number->unit && value <= 1e18)
            return value;
    }
    return std::nullopt;
}

constexpr std::array<Unit, 4> decimal{{{"", 1}, {"k", 1e3}, {"M", 1e6}, {"G", 1e9}}};
constexpr std::array<Unit, 6> binary{
    {{"", 1}, {"k", 1024}, {"KiB", 1024}, {"M", 1048576}, {"MiB", 1048576}, {"B", 1}}};
constexpr std::array<Unit, 5> times{{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}}};

/// Only a whole value: 1.5k is one, 1.5 is none.
std::optional<std::uint64_t> whole(std::optional<double> value) {
    if (!value || *value != std::floor(*value))
        return std::nullopt;
    return static_cast<std::uint64_t>(*value);
}

constexpr unsigned highest_cpu = 8191;

std::optional<unsigned> cpu_number(std::string_view text) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > highest_cpu)
        return std::nullopt;
    return value;
}

bool add_range(std::string_view range, std::vector<unsigned> &cpus) {
    const auto dash = range.find('-');
    const auto first = cpu_number(range.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : cpu_number(range.substr(dash + 1));
    if (!first || !last || *last < *first)
        return false;
    for (unsigned cpu = *first; cpu <= *last; ++cpu)
        cpus.push_back(cpu);
    return true;
}

} // namespace

Result<std::uint64_t> parse_count(std::string_view text) {
    const auto value = whole(scaled(text, decimal));
    if (!value || *value == 0)
        return Error{"takes a whole number from 1 to 10^18, as in 1000, 20k or 1M"};
    return *value;
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
    const auto value = whole(scaled(text, binary));
    if (!value)
        return Error{"takes a number of bytes, as in 64, 16k or 1M"};
    return *value;
}

Result<double> parse_rate(std::string_view text) {
    if (text.size() > 2 && text.substr(text.size() - 2) == "/s")
        text.remove_suffix(2);
    const auto value = scaled(text, decimal);
    if (!value || *value < 1e-3 || *value > 1e9)
        return Error{"takes messages a second, from 0.001 to 1G, as in 500, 20k or 1.5M"};
    return *value;
}

Result<Nanoseconds> parse_time(std::string_view text) {
    constexpr double longest = 366.0 * 86400 * 1e9;
    const auto value = scaled(text, times);
    if (!value || *value > longest)
        return Error{"takes a time of up to 366 days with its unit (us, ms, s, m), as in 500ms or "
                     "10s"};
    return static_cast<Nanoseconds>(*value);
}

Result<std::vector<unsigned>> parse_cpus(std::string_view text) {
    std::vector<unsigned> cpus;
    while (true) {
        const auto comma = text.find(',');
        if (!add_range(text.substr(0, comma), cpus))
            return Error{"takes a list of CPUs, as in 0, 2-3 or 0-3,8"};
        if (comma == std::string_view::npos)
            return cpus;
        text.remove_prefix(comma + 1);
    }
}

} // namespace kinetd::load

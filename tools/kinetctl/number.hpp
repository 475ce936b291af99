// SPDX-License-Identifier: GPL-2.0
/// \file
/// Numbers of a command line: decimal, within bounds, with nothing behind them.
#pragma once

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace kinetd::ctl {

template <class T>
std::optional<T> parse_number(std::string_view word) {
    T value{};
    const auto *end = word.data() + word.size();
    const auto [rest, problem] = std::from_chars(word.data(), end, value);
    if (problem != std::errc() || rest != end)
        return std::nullopt;
    if constexpr (std::is_floating_point_v<T>)
        if (!std::isfinite(value))
            return std::nullopt;
    return value;
}

/// For CLI::Option::transform(): takes, say, a "number of seconds" within bounds.
template <class T>
CLI::Validator number(const char *what, T least = 0, T most = std::numeric_limits<T>::max()) {
    const auto range = fmt::format("{} to {}", least, most);
    const auto check = [=](std::string &word) -> std::string {
        const auto value = parse_number<T>(word);
        if (!value || *value < least || *value > most)
            return fmt::format("'{}' is refused: it takes a {} from {}", word, what, range);
        // As CLI11 reads it: 010 would be octal.
        word = fmt::format("{}", *value);
        return "";
    };
    return {check, range};
}

} // namespace kinetd::ctl

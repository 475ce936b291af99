// SPDX-License-Identifier: GPL-2.0
#include "support/moment.hpp"

#include <array>
#include <cstdint>

#include "support/wall_clock.hpp"

namespace kinetd::suite {

std::string daytime_line(std::time_t at) {
    std::tm fields{};
    std::array<char, 64> text{};
    ::gmtime_r(&at, &fields);
    // Without a locale set, these are the names of the C locale.
    const auto size = std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y\r\n", &fields);
    return {text.data(), size};
}

std::string time_word(std::time_t at) {
    constexpr std::uint64_t from_1900_to_1970 = 2'208'988'800;
    const auto seconds = static_cast<std::uint64_t>(at) + from_1900_to_1970;
    std::string word;
    for (const int shift : {24, 16, 8, 0})
        word += static_cast<char>(seconds >> shift & 0xff);
    return word;
}

bool was_said(const std::string &answer, std::string (*say)(std::time_t), std::time_t from) {
    for (auto at = from, now = wall_time(); at <= now; at++)
        if (answer == say(at))
            return true;
    return false;
}

} // namespace kinetd::suite

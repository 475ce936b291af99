// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kinetd::ctl {

namespace {

bool is_right(const std::string &head) {
    return !head.empty() && head[0] == '>';
}

std::string title(const std::string &head) {
    return is_right(head) ? head.substr(1) : head;
}

} // namespace

std::string Table::text() const {
    std::vector<std::size_t> widths;
    for (std::size_t column = 0; column < heads_.size(); column++) {
        auto width = title(heads_[column]).size();
        for (const auto &row : rows_)
            width = std::max(width, row[column].size());
        widths.push_back(width);
    }
    std::string text;
    const auto add_row = [&](const auto &cell_of) {
        std::string line;
        for (std::size_t column = 0; column < heads_.size(); column++)
            line += is_right(heads_[column])
                        ? fmt::format("{:>{}}  ", cell_of(column), widths[column])
                        : fmt::format("{:<{}}  ", cell_of(column), widths[column]);
        text += line.substr(0, line.find_last_not_of(' ') + 1) + '\n';
    };
    add_row([&](std::size_t column) { return title(heads_[column]); });
    for (const auto &row : rows_)
        add_row([&](std::size_t column) { return row[column]; });
    return text;
}

std::string short_number(double number) {
    static constexpr std::array units{"", "k", "M", "G", "T", "P", "E"};
    std::size_t unit = 0;
    // 999.5 would be printed as 1000.
    while (number >= 999.5 && unit + 1 < units.size()) {
        number /= 1000;
        unit++;
    }
    if (unit == 0 && number == std::floor(number))
        return fmt::format("{:.0f}", number);
    const int digits = number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2;
    return fmt::format("{:.{}f}{}", number, digits, units[unit]);
}

std::string place_text(const std::string &address, const std::string &port) {
    const bool is_v6 = address.find(':') != std::string::npos;
    return is_v6 ? fmt::format("[{}]:{}", address, port) : fmt::format("{}:{}", address, port);
}

std::string place_of(const tree::Object &object) {
    return place_text(object.get("address"), object.get("port"));
}

std::uint64_t lost_by(const tree::Object &service) {
    return service.stat("connections_refused") + service.stat("datagrams_dropped") +
           service.stat("errors");
}

} // namespace kinetd::ctl

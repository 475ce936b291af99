// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "kinetctl/table.hpp"

namespace kinetd::ctl {

namespace {

constexpr double shortest_interval = 0.1;
constexpr double longest_interval = 60;

/// Columns of the services' table. What is wider than 80 goes to names, places and bars.
struct Widths {
    std::size_t name = 14;
    std::size_t place = 21;
    std::size_t bar = 5;
};

constexpr std::size_t narrow = 80;
constexpr std::size_t name_most = 31;
constexpr std::size_t place_most = 47;
constexpr std::size_t bar_most = 30;

Widths widths_for(std::size_t width) {
    Widths widths;
    auto spare = width > narrow ? width - narrow : 0;
    const auto widen = [&spare](std::size_t &column, std::size_t most, std::size_t share) {
        const auto more = std::min(share, most - column);
        column += more;
        spare -= more;
    };
    widen(widths.name, name_most, spare / 3);
    widen(widths.place, place_most, spare / 2);
    widen(widths.bar, bar_most, spare);
    return widths;
}

/// The beginning of a name; the end of a place, which has the port.
std::string fit(const std::string &text, std::size_t width) {
    return text.size() <= width ? text : text.substr(0, width - 1) + "~";
}
std::string fit_end(const std::string &text, std::size_t width) {
    return text.size() <= width ? text : "~" + text.substr(text.size() - width + 1);
}

std::string bar_of(double share, std::size_t width) {
    const auto full = static_cast<std::size_t>(
        std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(width)));
    return std::string(full, '|') + std::string(width - full, ' ');
}

double key_of(const ServiceRate &service, Sort sort) {
    switch (sort) {
    case Sort::active:
        return static_cast<double>(service.active);
    case Sort::arrivals:
        return service.arrivals;
    case Sort::received:
        return service.received;
    case Sort::sent:
        return service.sent;
    case Sort::lost:
        return service.lost;
    case Sort::name:
        break;
    }
    return 0;
}

/// Largest first, by name where they are equal.
void sort_services(std::vector<ServiceRate> &services, const View &view) {
    std::stable_sort(services.begin(), services.end(),
                     [&](const ServiceRate &a, const ServiceRate &b) {
                         return std::pair(-key_of(a, view.sort), a.name) <
                                std::pair(-key_of(b, view.sort), b.name);
                     });
    if (view.reverse)
        std::reverse(services.begin(), services.end());
}

Line title_line(const Sample &sample, const View &view) {
    auto left = sample.loaded
                    ? fmt::format("kinetd {}  protocols {}  services {}  workers {}",
                                  sample.snapshot.version, sample.snapshot.protocols.size(),
                                  sample.snapshot.services.size(), sample.workers.size())
                    : std::string("kinetd is not loaded");
    const auto right =
        view.paused ? std::string("paused") : fmt::format("every {:.1f} s", view.interval);
    const auto used = left.size() + right.size();
    const auto gap = used < view.width ? view.width - used : 1;
    return {{left + std::string(gap, ' ') + right, Style::title}};
}

std::string numbers_text(const ServiceRate &service) {
    const auto active =
        service.is_udp ? std::string("-") : short_number(static_cast<double>(service.active));
    return fmt::format("{:>6} {:>6} {:>6} {:>6}", active, short_number(service.arrivals),
                       short_number(service.received), short_number(service.sent));
}

Line service_line(const ServiceRate &service, const Widths &widths, double most) {
    const auto place = service.up ? service.place : "down";
    const auto style = service.up ? Style::plain : Style::dim;
    const auto share = most > 0 ? (service.received + service.sent) / most : 0;
    return {
        {fmt::format("{:<{}} {:<{}} {} ", fit(service.name, widths.name), widths.name,
                     fit_end(place, widths.place), widths.place, numbers_text(service)),
         style},
        {fmt::format("{:>6}", short_number(service.lost)), service.lost > 0 ? Style::bad : style},
        {"  "},
        {bar_of(share, widths.bar), Style::bar}};
}

Line head_line(const Widths &widths) {
    return {{fmt::format("{:<{}} {:<{}} {:>6} {:>6} {:>6} {:>6} {:>6}  {:<{}}", "SERVICE",
                         widths.name, "LISTENS ON", widths.place, "ACTIVE", "NEW/s", "IN/s",
                         "OUT/s", "LOST/s", "SHARE", widths.bar),
             Style::head}};
}

Line total_line(const std::vector<ServiceRate> &services) {
    const auto total = total_of(services);
    return {
        {fmt::format("{} active  {} new/s  {}B/s in  {}B/s out  ",
                     short_number(static_cast<double>(total.active)), short_number(total.arrivals),
                     short_number(total.received), short_number(total.sent))},
        {fmt::format("{} lost/s", short_number(total.lost)),
         total.lost > 0 ? Style::bad : Style::plain}};
}

Line worker_line(const WorkerRate &worker, const View &view, const Widths &widths) {
    const auto fixed = widths.name + 18;
    const auto bar = view.width > fixed + 3 ? view.width - fixed - 3 : 1;
    return {{fmt::format("{:<{}} {:>8} {:>6.1f}  [", fit(worker.name, widths.name), widths.name,
                         worker.pid, worker.cpu * 100)},
            {bar_of(worker.cpu, bar), Style::bar},
            {"]"}};
}

Line more_line(std::size_t count, const char *what) {
    return {{fmt::format("... {} more {}", count, what), Style::dim}};
}

/// As many lines as there is room for; the last one says how many are left out.
void add_lines(Frame &frame, std::vector<Line> lines, std::size_t room, const char *what) {
    if (lines.size() > room) {
        const auto kept = room > 0 ? room - 1 : 0;
        const auto left = lines.size() - kept;
        lines.resize(kept);
        if (room > 0)
            lines.push_back(more_line(left, what));
    }
    frame.insert(frame.end(), lines.begin(), lines.end());
}

void add_body(Frame &frame, const Rates &rates, const View &view) {
    const auto widths = widths_for(view.width);
    auto services = rates.services;
    sort_services(services, view);
    double most = 0;
    for (const auto &service : services)
        most = std::max(most, service.received + service.sent);
    std::vector<Line> service_lines;
    for (const auto &service : services)
        service_lines.push_back(service_line(service, widths, most));
    std::vector<Line> worker_lines;
    for (const auto &worker : rates.workers)
        worker_lines.push_back(worker_line(worker, view, widths));

    // Above and below stand eight lines. Workers yield to services but for a third.
    const auto room = view.height > 8 ? view.height - 8 : 0;
    const auto left = room > service_lines.size() ? room - service_lines.size() : 0;
    const auto for_workers = std::min(worker_lines.size(), std::max(left, room / 3));
    frame.push_back(head_line(widths));
    add_lines(frame, service_lines, room - for_workers, "services");
    frame.push_back({});
    frame.push_back(
        {{fmt::format("{:<{}} {:>8} {:>6}", "WORKER", widths.name, "PID", "CPU %"), Style::head}});
    add_lines(frame, worker_lines, for_workers, "workers");
}

Line keys_line(const View &view) {
    const auto &name = sort_names()[static_cast<std::size_t>(view.sort)];
    return {{fmt::format("q quit  sort: n a w i o l, by {}{}  r reverse  p pause  + - interval",
                         name, view.reverse ? " reversed" : ""),
             Style::dim}};
}

/// Cuts a line to the terminal's width.
void cut(Line &line, std::size_t width) {
    for (auto &span : line) {
        span.text.resize(std::min(span.text.size(), width));
        width -= span.text.size();
    }
}

} // namespace

const std::vector<std::string> &sort_names() {
    static const std::vector<std::string> names{"name", "active", "new", "in", "out", "lost"};
    return names;
}

bool press(View &view, int key) {
    static constexpr std::string_view sorts = "nawiol";
    if (const auto sort =
            key > 0 && key < 128 ? sorts.find(static_cast<char>(key)) : std::string_view::npos;
        sort != std::string_view::npos)
        view.sort = static_cast<Sort>(sort);
    switch (key) {
    case 'q':
        return false;
    case 'r':
        view.reverse = !view.reverse;
        break;
    case 'p':
        view.paused = !view.paused;
        break;
    case '+':
        view.interval = std::min(view.interval * 2, longest_interval);
        break;
    case '-':
        view.interval = std::max(view.interval / 2, shortest_interval);
        break;
    default:
        break;
    }
    return true;
}

Frame frame_of(const Sample &before, const Sample &after, const View &view) {
    Frame frame{title_line(after, view)};
    if (after.loaded) {
        const auto rates = rates_between(before, after);
        frame.push_back(total_line(rates.services));
        frame.push_back({});
        add_body(frame, rates, view);
    } else {
        frame.push_back({});
        frame.push_back({{"Waiting for it: kinetctl load tcp_echo, in another terminal"}});
    }
    // The keys have the last line, whatever else fits.
    if (view.height > 0) {
        frame.resize(view.height - 1);
        frame.push_back(keys_line(view));
    }
    for (auto &line : frame)
        cut(line, view.width);
    return frame;
}

std::string text_of(const Frame &frame) {
    std::string text;
    for (const auto &line : frame) {
        std::string whole;
        for (const auto &span : line)
            whole += span.text;
        text += whole.substr(0, whole.find_last_not_of(' ') + 1) + '\n';
    }
    return text;
}

} // namespace kinetd::ctl

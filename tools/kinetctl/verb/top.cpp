// SPDX-License-Identifier: GPL-2.0
#include <algorithm>
#include <chrono>
#include <memory>

#include "kinetctl/number.hpp"
#include "kinetctl/screen.hpp"
#include "kinetctl/verb.hpp"

namespace kinetd::ctl {

namespace {

constexpr const char *examples = R"(
Examples:
  kinetctl top
  kinetctl top --interval 0.5 --sort out

Keys: n name, a active, w new, i in, o out, l lost sort; r reverses; p pauses;
+ and - change the interval; q quits. ACTIVE are connections now; NEW/s connections, of
datagram services datagrams; IN/s and OUT/s bytes; LOST/s refused, dropped and failed.
CPU % is of one processor. Modules may come and go meanwhile. Needs no root.)";

using Clock = std::chrono::steady_clock;

/// So soon there are rates to be seen for the first time.
constexpr double first_interval = 0.25;

Clock::duration seconds(double value) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(value));
}

void watch(Screen &screen, const tree::Tree &tree, View view) {
    auto after = take_sample(tree);
    auto before = after;
    auto due = Clock::now() + seconds(std::min(first_interval, view.interval));
    for (;;) {
        screen.measure(view);
        screen.draw(frame_of(before, after, view));
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
        const auto key = screen.wait_key(left);
        const auto interval = view.interval;
        if (!press(view, key))
            return;
        if (view.interval != interval)
            due = std::min(due, Clock::now() + seconds(view.interval));
        if (Clock::now() < due)
            continue;
        due = Clock::now() + seconds(view.interval);
        if (view.paused)
            continue;
        before = std::move(after);
        after = take_sample(tree);
    }
}

int top(Session &session, const View &view) {
    const auto screen = Screen::open();
    if (!screen)
        return session.fail(exit_usage,
                            "top needs a terminal; elsewhere use kinetctl stats --watch");
    watch(*screen, session.tree(), view);
    return exit_done;
}

} // namespace

void add_top(CLI::App &program, Session &session) {
    auto *verb = program.add_subcommand("top", "Watch services and workers live");
    auto view = std::make_shared<View>();
    auto sort = std::make_shared<std::string>("in");
    verb->add_option("--interval", view->interval, "How often to look")
        ->transform(number("number of seconds", 0.1, 60.0))
        ->capture_default_str()
        ->type_name("SECONDS");
    verb->add_option("--sort", *sort, "In which order")
        ->check(CLI::IsMember(sort_names()))
        ->capture_default_str();
    verb->footer(examples);
    verb->callback([&session, view, sort] {
        const auto &names = sort_names();
        view->sort =
            static_cast<Sort>(std::find(names.begin(), names.end(), *sort) - names.begin());
        session.status = top(session, *view);
    });
}

} // namespace kinetd::ctl

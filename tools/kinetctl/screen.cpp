// SPDX-License-Identifier: GPL-2.0
#include "kinetctl/screen.hpp"

#include <curses.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace kinetd::ctl {

namespace {

enum Pair : short { pair_bad = 1, pair_bar = 2 };

attr_t attribute_of(Style style) {
    switch (style) {
    case Style::title:
        return A_BOLD;
    case Style::head:
        return A_REVERSE;
    case Style::dim:
        return A_DIM;
    case Style::bad:
        return A_BOLD | static_cast<attr_t>(COLOR_PAIR(pair_bad));
    case Style::bar:
        return static_cast<attr_t>(COLOR_PAIR(pair_bar));
    case Style::plain:
        break;
    }
    return A_NORMAL;
}

} // namespace

std::unique_ptr<Screen> Screen::open() {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0 ||
        std::getenv("TERM") == nullptr)
        return nullptr;
    std::unique_ptr<Screen> screen(new Screen);
    screen->terminal_ = ::newterm(nullptr, stdout, stdin);
    if (screen->terminal_ == nullptr)
        return nullptr;
    screen->set_up();
    return screen;
}

void Screen::set_up() {
    ::set_term(static_cast<SCREEN *>(terminal_));
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::curs_set(0);
    if (::has_colors()) {
        ::start_color();
        ::use_default_colors();
        ::init_pair(pair_bad, COLOR_RED, -1);
        ::init_pair(pair_bar, COLOR_GREEN, -1);
    }
}

Screen::~Screen() {
    if (terminal_ == nullptr)
        return;
    ::endwin();
    ::delscreen(static_cast<SCREEN *>(terminal_));
}

void Screen::measure(View &view) const {
    view.width = static_cast<std::size_t>(std::max(getmaxx(stdscr), 1));
    view.height = static_cast<std::size_t>(std::max(getmaxy(stdscr), 1));
}

void Screen::draw(const Frame &frame) {
    ::erase();
    for (std::size_t row = 0; row < frame.size(); row++) {
        ::move(static_cast<int>(row), 0);
        for (const auto &span : frame[row]) {
            (void)::attrset(static_cast<int>(attribute_of(span.style)));
            ::addnstr(span.text.c_str(), static_cast<int>(span.text.size()));
        }
    }
    ::refresh();
}

int Screen::wait_key(std::chrono::milliseconds limit) {
    ::timeout(static_cast<int>(std::max<std::int64_t>(limit.count(), 0)));
    const int key = ::getch();
    return key == ERR || key == KEY_RESIZE ? 0 : key;
}

} // namespace kinetd::ctl

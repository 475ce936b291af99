// SPDX-License-Identifier: GPL-2.0
/// \file
/// The terminal as a whole.
#pragma once

#include <chrono>
#include <memory>

#include "kinetctl/frame.hpp"

namespace kinetd::ctl {

/// Has the terminal until it goes; the terminal is then as it was, also where a signal ends the
/// program.
class Screen {
public:
    /// Nothing where there is no terminal, or none that ncurses knows.
    static std::unique_ptr<Screen> open();
    ~Screen();
    Screen(const Screen &) = delete;
    Screen &operator=(const Screen &) = delete;

    /// Tells the view the terminal's size.
    void measure(View &view) const;
    void draw(const Frame &frame);
    /// The next key; 0 where none came within the time, or the size has changed.
    [[nodiscard]] int wait_key(std::chrono::milliseconds limit);

private:
    Screen() = default;
    void set_up();

    void *terminal_ = nullptr;
};

} // namespace kinetd::ctl

// SPDX-License-Identifier: GPL-2.0
/// \file
/// The project's programs, as they are built beside the modules.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "support/command.hpp"

namespace kinetd::suite {

/// Why a debug kernel is spared what only looks at a program's words.
constexpr const char *same_words =
    "what the program says is the same on every kernel, and starting it takes seconds on this one";

/// Where a program lies; make tools puts it there.
std::string tool_path(const std::string &name);

/// A copy of it that any user may run.
std::string public_tool(const std::string &name);

/// Whether the text has the part; so that a failed comparison can be read.
testing::AssertionResult says(const std::string &text, const std::string &part);

/// A terminal of 80 by 24 in which a program runs until it, or the object, ends.
class Terminal {
public:
    explicit Terminal(const std::string &command);
    ~Terminal();
    Terminal(const Terminal &) = delete;
    Terminal &operator=(const Terminal &) = delete;

    /// The screen, line by line, without trailing spaces.
    [[nodiscard]] std::string screen() const;
    /// Waits until the screen has this text; the screen as it was last.
    [[nodiscard]] std::string wait_until(const std::string &text) const;
    void type(const std::string &keys) const;
    void resize(int width, int height) const;
    /// Waits until the program has ended; false where it has not.
    [[nodiscard]] bool ended() const;

private:
    [[nodiscard]] Outcome tmux(const std::string &arguments) const;
};

} // namespace kinetd::suite

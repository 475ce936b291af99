// SPDX-License-Identifier: GPL-2.0
/// \file
/// Programs that others wrote: run to their end, or as long as the object lives.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "support/clock.hpp"

namespace kinetd::suite {

/// Whether there is a program of this name.
bool has_program(const std::string &name);

/// How a command ended, and what it wrote.
struct Outcome {
    int status = -1; ///< exit status, 128 and the signal where one ended it
    std::string output{};
    std::string errors{};
};

/// Runs a shell command that reads `input`. One that goes on for longer than `limit` is ended.
Outcome execute(const std::string &command, const std::string &input = "",
                Milliseconds limit = patience(seconds(20)));

/// A program in the background, ended together with its children.
class Daemon {
public:
    explicit Daemon(const std::string &command);
    ~Daemon();
    Daemon(const Daemon &) = delete;
    Daemon &operator=(const Daemon &) = delete;

private:
    pid_t group_;
};

} // namespace kinetd::suite

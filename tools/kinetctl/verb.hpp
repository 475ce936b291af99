// SPDX-License-Identifier: GPL-2.0
/// \file
/// The verbs: each stands in verb/NAME.cpp, adds itself to the command line, and leaves its exit
/// status in the session.
#pragma once

#include <CLI/CLI.hpp>

#include <vector>

#include "kinetctl/session.hpp"

namespace kinetd::ctl {

using AddVerb = void (*)(CLI::App &program, Session &session);

void add_status(CLI::App &program, Session &session);
void add_show(CLI::App &program, Session &session);
void add_set(CLI::App &program, Session &session);
void add_add(CLI::App &program, Session &session);
void add_del(CLI::App &program, Session &session);
void add_load(CLI::App &program, Session &session);
void add_unload(CLI::App &program, Session &session);
void add_connections(CLI::App &program, Session &session);
void add_stats(CLI::App &program, Session &session);
void add_top(CLI::App &program, Session &session);
void add_metrics(CLI::App &program, Session &session);
void add_apply(CLI::App &program, Session &session);
void add_save(CLI::App &program, Session &session);

/// All of them, in the order in which --help lists them.
const std::vector<AddVerb> &verbs();

/// The program's whole command line; returns its exit status. Where not all of the output gets out
/// that is a failure, whatever the verb has done.
int run(int argc, const char *const *argv, Session &session);

} // namespace kinetd::ctl

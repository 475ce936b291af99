// SPDX-License-Identifier: GPL-2.0
/// \file
/// The program, but for main().
#pragma once

namespace kinetd::load {

/// Reads the command line, runs, reports; the exit status.
int run_program(int count, const char *const *values);

} // namespace kinetd::load

// SPDX-License-Identifier: GPL-2.0
/// \file
/// toml++, made safe for any input. It is included from here and nowhere else.
#pragma once

#include <string>

#include "config/problem.hpp"

namespace kinetd::config {

/// toml++ has come to a place that it takes for impossible: some input that is no TOML leads it
/// there, `[#` for one.
struct Baffled {};

[[noreturn]] inline void baffle() {
    throw Baffled();
}

} // namespace kinetd::config

// Else its checks end the program, or with NDEBUG become promises to the compiler.
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? void() : ::kinetd::config::baffle())
#include <toml++/toml.h>

namespace kinetd::config {

/// The problem names the line at which the text is no TOML.
Checked<toml::table> read_toml(const std::string &text);

} // namespace kinetd::config

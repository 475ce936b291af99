// SPDX-License-Identifier: GPL-2.0
/// \file
/// What daytime and time say at a given moment, made from what the C library knows.
#pragma once

#include <ctime>
#include <string>

namespace kinetd::suite {

/// As RFC 867 gives an example of, in UTC: "Wed Nov 25 15:20:04 2026" and the end of the line.
std::string daytime_line(std::time_t at);

/// As RFC 868 has it: seconds since 1900, in 32 bits, the highest first.
std::string time_word(std::time_t at);

/// Whether `answer` is what `say` makes of a moment between `from` and now.
bool was_said(const std::string &answer, std::string (*say)(std::time_t), std::time_t from);

} // namespace kinetd::suite

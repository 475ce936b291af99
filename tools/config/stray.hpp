// SPDX-License-Identifier: GPL-2.0
/// \file
/// Characters where TOML has no place for them.
#pragma once

#include <string_view>

namespace kinetd::config {

/// The line of the first byte that is not ASCII and stands neither in a comment nor in a string of
/// one line; 0 where there is none. TOML allows them in strings of several lines, too, but where
/// toml++ 3.3 asks whether such a one is a blank it runs into what it has promised the compiler not
/// to reach, and these strings are of no use here.
int find_stray(std::string_view text);

} // namespace kinetd::config

// SPDX-License-Identifier: GPL-2.0
/// \file
/// What kind of guest the suites run in, and how long they may take.
#pragma once

#include <cstdint>
#include <string>

namespace kinetd::suite {

/// Whether this kernel was built to find bugs: lockdep, KASAN or kmemleak.
bool is_debug_kernel();

/// Whether the long versions of the tests were asked for (KINETD_FULL=1).
bool is_full_run();

/// The one of three that fits: a stock kernel, a debug kernel, or a full run on either.
template <class T>
T sized(T stock, T debug, T full) {
    if (is_full_run())
        return full;
    return is_debug_kernel() ? debug : stock;
}

std::uint64_t memory_in_mebibytes();

bool has_ipv6();

/// Lets the process open as many files as the kernel allows.
void raise_file_limit();

} // namespace kinetd::suite

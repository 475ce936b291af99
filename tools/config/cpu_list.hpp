// SPDX-License-Identifier: GPL-2.0
/// \file
/// Lists of CPUs as the kernel writes them: 0-3,8
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kinetd::config {

using Cpus = std::set<unsigned>;

/// The largest number that any Debian kernel gives a CPU.
inline constexpr unsigned largest_cpu = 8191;

/// Nothing where `text` is no list, or names no CPU.
std::optional<Cpus> parse_cpus(std::string_view text);

/// The shortest list of them, in order.
std::string text_of(const Cpus &cpus);

} // namespace kinetd::config

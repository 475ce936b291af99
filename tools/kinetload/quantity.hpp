// SPDX-License-Identifier: GPL-2.0
/// \file
/// Quantities as people write them: 20k, 16KiB, 1.5s, 0-3,8. An error's text names neither the
/// option nor the value, which its caller knows; it says what would do.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kinetload/clock.hpp"
#include "kinetload/result.hpp"

namespace kinetd::load {

/// A whole number, 1 or more: 1000, 20k, 1M.
Result<std::uint64_t> parse_count(std::string_view text);

/// Bytes: 64, 16k or 16KiB, 1M or 1MiB; of powers of two.
Result<std::uint64_t> parse_bytes(std::string_view text);

/// Something a second: 500, 20k, 1.5M, also with /s.
Result<double> parse_rate(std::string_view text);

/// A time with its unit: 10s, 500ms, 250us, 2m.
Result<Nanoseconds> parse_time(std::string_view text);

/// A list of CPUs: 0-3,8. In the order given.
Result<std::vector<unsigned>> parse_cpus(std::string_view text);

} // namespace kinetd::load

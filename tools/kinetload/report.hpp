// SPDX-License-Identifier: GPL-2.0
/// \file
/// A result as text for people, as JSON, and as CSV.
#pragma once

#include <string>

#include "kinetload/summary.hpp"

namespace kinetd::load {

/// In the format that its options ask for; ends in a newline.
std::string report(const Summary &summary);

std::string text_report(const Summary &summary);
std::string json_report(const Summary &summary);
std::string csv_report(const Summary &summary);

/// A time with three digits and a fit unit: 12.3 us.
std::string short_time(double nanoseconds);

} // namespace kinetd::load

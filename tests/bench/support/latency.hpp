// SPDX-License-Identifier: GPL-2.0
// Round trips, where a client is asked for them: kinetload's histogram, and its percentiles as the
// end of a result's line.
#pragma once

#include "kinetload/histogram.hpp"

#include <cstdint>
#include <cstdio>

namespace bench {

inline void report(const kinetd::load::Histogram &histogram) {
    const auto at = [&](double percent) {
        return static_cast<std::uintmax_t>(histogram.percentile(percent));
    };
    std::printf(" p50=%ju p90=%ju p99=%ju p999=%ju max=%ju", at(50), at(90), at(99), at(99.9),
                static_cast<std::uintmax_t>(histogram.max()));
}

} // namespace bench

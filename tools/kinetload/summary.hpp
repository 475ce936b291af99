// SPDX-License-Identifier: GPL-2.0
/// \file
/// The result of a run.
#pragma once

#include "kinetload/ledger.hpp"
#include "kinetload/options.hpp"
#include "kinetload/usage.hpp"

namespace kinetd::load {

struct Summary {
    Options options{};
    Ledger ledger{};
    Nanoseconds elapsed = 0; ///< of the measuring
    Spent cpu{};
    bool interrupted = false;

    [[nodiscard]] double seconds() const { return static_cast<double>(elapsed) / 1e9; }
    [[nodiscard]] double messages_per_second() const {
        return elapsed == 0 ? 0 : static_cast<double>(ledger.counts.answered) / seconds();
    }
    [[nodiscard]] double mebibytes_per_second() const {
        return elapsed == 0 ? 0 : static_cast<double>(ledger.counts.bytes) / seconds() / 1048576;
    }
    /// Of CPU seconds, in nanoseconds.
    [[nodiscard]] double per_message(double cpu_seconds) const {
        const std::uint64_t answered = ledger.counts.answered;
        return answered == 0 ? 0 : cpu_seconds * 1e9 / static_cast<double>(answered);
    }
    /// Whether something was lost or came back wrong, or a connection failed.
    [[nodiscard]] bool trouble() const {
        const auto &counts = ledger.counts;
        return counts.lost + counts.mismatched + counts.unexpected + counts.duplicates +
                   counts.connect_failures + counts.connections_lost >
               0;
    }
};

} // namespace kinetd::load

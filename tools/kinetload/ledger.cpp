// SPDX-License-Identifier: GPL-2.0
#include "kinetload/ledger.hpp"

#include <algorithm>

namespace kinetd::load {

void Counts::add(const Counts &other) {
    sent += other.sent;
    answered += other.answered;
    lost += other.lost;
    bytes += other.bytes;
    late += other.late;
    unsent += other.unsent;
    mismatched += other.mismatched;
    unexpected += other.unexpected;
    duplicates += other.duplicates;
    reordered += other.reordered;
    overdue += other.overdue;
    connects += other.connects;
    connect_failures += other.connect_failures;
    connections_lost += other.connections_lost;
}

void Ledger::add(const Ledger &other) {
    counts.add(other.counts);
    latency.add(other.latency);
    lateness.add(other.lateness);
    connect.add(other.connect);
    last = std::max(last, other.last);
    note(other.trouble);
}

} // namespace kinetd::load

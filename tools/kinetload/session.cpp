// SPDX-License-Identifier: GPL-2.0
#include "kinetload/session.hpp"

#include <fmt/format.h>

namespace kinetd::load {

std::optional<Session::Start> Session::next(Nanoseconds at) {
    if (exhausted_)
        return std::nullopt;
    Nanoseconds due = at;
    if (context_.timetable != nullptr) {
        if (owed_ == 0)
            return std::nullopt;
        due = context_.timetable->due(index_, number_);
    }
    const auto ticket = context_.window.take(due);
    if (ticket == Ticket::none) {
        exhaust();
        return std::nullopt;
    }
    const bool counted = ticket == Ticket::counted;
    if (context_.timetable != nullptr) {
        --owed_;
        ++number_;
        const auto lateness = at > due ? at - due : 0;
        if (counted) {
            context_.ledger.lateness.record(lateness);
            counts().late += lateness >= millisecond ? 1 : 0;
        }
    }
    if (counted)
        ++counts().sent;
    return Start{due, counted};
}

void Session::exhaust() {
    if (exhausted_)
        return;
    exhausted_ = true;
    write_off();
}

/// What is owed will not be sent.
void Session::write_off() {
    for (; owed_ > 0; --owed_, ++number_)
        if (context_.window.would_count(context_.timetable->due(index_, number_)))
            ++counts().unsent;
}

void Session::again() {
    if (on_agenda_)
        return;
    on_agenda_ = true;
    context_.agenda.push_back(this);
}

void Session::count_answer(Nanoseconds due, std::uint32_t size, Nanoseconds at) {
    auto &ledger = context_.ledger;
    ++ledger.counts.answered;
    ledger.counts.bytes += size;
    ledger.latency.record(at > due ? at - due : 0);
    ledger.last = at;
}

void Session::count_loss(Nanoseconds at) {
    ++counts().lost;
    context_.ledger.last = at;
}

void Session::note(const std::string &what) {
    context_.ledger.note(fmt::format("connection {}: {}", index_ + 1, what));
}

} // namespace kinetd::load

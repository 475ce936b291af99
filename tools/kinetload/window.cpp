// SPDX-License-Identifier: GPL-2.0
#include "kinetload/window.hpp"

namespace kinetd::load {

bool Window::warms_up(Nanoseconds due) {
    if (warmup_.time)
        return due < begin();
    if (warmed_.load(std::memory_order_relaxed) >= *warmup_.messages)
        return false;
    return warmed_.fetch_add(1, std::memory_order_relaxed) < *warmup_.messages;
}

Ticket Window::take(Nanoseconds due) {
    if (stopped() != never)
        return Ticket::none;
    if (warms_up(due))
        return Ticket::warmup;
    if (begin() == never) {
        auto none = never;
        if (begin_.compare_exchange_strong(none, due, std::memory_order_relaxed) && opened_)
            opened_();
    }
    if (due >= end())
        return Ticket::none;
    if (most_ != never && taken_.fetch_add(1, std::memory_order_relaxed) >= most_)
        return Ticket::none;
    return Ticket::counted;
}

} // namespace kinetd::load

// SPDX-License-Identifier: GPL-2.0
/// \file
/// Waiting for sockets: edge-triggered epoll, or for a thread that has but one, the call that
/// receives from it.
#pragma once

#include <array>
#include <cstdint>

#include <sys/epoll.h>

#include "base/descriptor.hpp"
#include "kinetload/clock.hpp"
#include "kinetload/result.hpp"

namespace kinetd::load {

class Session;

class Poller {
public:
    /// `single`: there will be one session, and it may wait in its own calls.
    static Result<Poller> make(bool single);

    [[nodiscard]] bool single() const { return !epoll_; }

    /// An errno, or 0. A closed descriptor takes itself out.
    int add(int fd, Session &session, std::uint32_t events);
    int change(int fd, Session &session, std::uint32_t events);

    /// Hands events to their sessions; returns at the latest at `until`, or at a signal.
    void wait(Nanoseconds until);

private:
    Poller() = default;
    int wait_for_events(Nanoseconds until);
    void wait_for_one(Nanoseconds until);
    static timespec left(Nanoseconds until);

    Descriptor epoll_;
    std::array<epoll_event, 128> events_{};
    Session *only_ = nullptr;
};

} // namespace kinetd::load

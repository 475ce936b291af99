// SPDX-License-Identifier: GPL-2.0
#include "kinetload/poller.hpp"

#include <poll.h>

#include <cerrno>

#include "kinetload/session.hpp"

namespace kinetd::load {

Result<Poller> Poller::make(bool single) {
    Poller poller;
    if (single)
        return poller;
    poller.epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!poller.epoll_)
        return last_error("cannot create an epoll descriptor", errno);
    return poller;
}

int Poller::add(int fd, Session &session, std::uint32_t events) {
    if (single()) {
        only_ = &session;
        return 0;
    }
    epoll_event event{};
    event.events = events | EPOLLET;
    event.data.ptr = &session;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : errno;
}

int Poller::change(int fd, Session &session, std::uint32_t events) {
    if (single())
        return 0;
    epoll_event event{};
    event.events = events | EPOLLET;
    event.data.ptr = &session;
    return ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : errno;
}

timespec Poller::left(Nanoseconds until) {
    if (until == 0)
        return {};
    const auto at = now();
    return to_timespec(until > at ? until - at : 0);
}

int Poller::wait_for_events(Nanoseconds until) {
    const auto most = static_cast<int>(events_.size());
    if (until == never || until == 0)
        return ::epoll_wait(epoll_.get(), events_.data(), most, until == never ? -1 : 0);
    const timespec time = left(until);
    return ::epoll_pwait2(epoll_.get(), events_.data(), most, &time, nullptr);
}

void Poller::wait(Nanoseconds until) {
    if (single())
        return wait_for_one(until);
    const int count = wait_for_events(until);
    for (int i = 0; i < count; ++i) {
        const auto &event = events_[static_cast<std::size_t>(i)];
        static_cast<Session *>(event.data.ptr)->ready(event.events);
    }
}

void Poller::wait_for_one(Nanoseconds until) {
    if (only_ == nullptr)
        return;
    if (until == never && only_->waits_for_answer())
        return only_->ready(EPOLLIN);
    // Room to send is waited for only where it is needed: there is nearly always some.
    const bool room = only_->waits_for_room();
    pollfd entry{only_->fd(), static_cast<short>(room ? POLLIN | POLLOUT : POLLIN), 0};
    const timespec time = left(until);
    if (::ppoll(&entry, 1, until == never ? nullptr : &time, nullptr) > 0)
        only_->ready(static_cast<std::uint32_t>(entry.revents));
}

} // namespace kinetd::load

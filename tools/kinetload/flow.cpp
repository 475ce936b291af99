// SPDX-License-Identifier: GPL-2.0
#include "kinetload/flow.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "kinetload/trouble.hpp"

namespace kinetd::load {

namespace {

/// So that one socket leaves turns to the others.
constexpr int rounds = 64;
/// How far back a second answer is told from a late one.
constexpr std::size_t remembered = 1024;

} // namespace

Flow::Flow(Context &context, unsigned index, std::uint64_t key)
    : Session(context, index), datagram_(key), slots_(remembered) {}

void Flow::open() {
    const auto &server = options().server;
    socket_ = Descriptor(::socket(server.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0));
    std::string problem;
    if (!socket_)
        problem = explain("cannot open a socket", errno);
    else if (::connect(socket_.get(), server.data(), server.size()) != 0)
        problem = explain("cannot connect to " + server.text(), errno);
    else if (const int code = context_.poller.add(socket_.get(), *this, EPOLLIN); code != 0)
        problem = explain("cannot wait for a socket", code);
    if (problem.empty()) {
        ++counts().connects;
        return;
    }
    note(problem);
    ++counts().connect_failures;
    over_ = true;
    settle();
}

void Flow::begin() {
    running_ = true;
    push();
}

void Flow::ready(std::uint32_t events) {
    if (over_ || !running_)
        return;
    if ((events & EPOLLOUT) != 0 && pending_) {
        pending_ = false;
        (void)context_.poller.change(socket_.get(), *this, EPOLLIN);
        if (!send(now()))
            return;
    }
    pull(false);
}

void Flow::turn() {
    taken_off_agenda();
    if (over_)
        return;
    if (more_to_read_)
        pull(false);
    else
        push();
}

void Flow::tick(Nanoseconds at) {
    if (over_)
        return;
    if (context_.window.over(at))
        exhaust();
    expire(at);
    push();
}

// --- Sending --------------------------------------------------------------------

bool Flow::start_message(Nanoseconds at) {
    const unsigned depth = options().depth;
    if (pending_ || (protocol().answers && depth != 0 && waiting_ >= depth))
        return false;
    const auto start = next(at);
    if (!start)
        return false;
    if (next_ - oldest_ >= slots_.size() / 2)
        grow();
    slot(next_) = {next_,          start->due,   at, options().sizes.draw(random_),
                   start->counted, Fate::waiting};
    ++next_;
    ++waiting_;
    return true;
}

void Flow::push() {
    if (over_ || !running_)
        return;
    for (int round = 0; round < rounds; ++round) {
        const auto at = now();
        if (!start_message(at))
            return settle_if_done();
        if (!send(at))
            return;
        if (protocol().answers && waiting_ == options().depth)
            return;
    }
    again();
}

/// Sends the newest; false where the socket has no room, or is gone.
bool Flow::send(Nanoseconds at) {
    auto &newest = slot(next_ - 1);
    datagram_.write(newest.number, context_.buffer.data(), newest.size);
    while (::send(socket_.get(), context_.buffer.data(), newest.size, MSG_DONTWAIT) < 0) {
        if (errno == EINTR)
            continue;
        if (errno == EAGAIN) {
            pending_ = true;
            (void)context_.poller.change(socket_.get(), *this, EPOLLIN | EPOLLOUT);
        } else if (errno == ENOBUFS) {
            give_up(newest, at); // the device's queue is full: it never left
            return true;
        } else {
            lose(explain("cannot send", errno));
        }
        return false;
    }
    if (protocol().answers)
        return true;
    if (newest.counted)
        count_answer(newest.due, newest.size, now());
    newest.fate = Fate::answered;
    --waiting_;
    oldest_ = next_;
    return true;
}

// --- Receiving ------------------------------------------------------------------

/// Where nothing waits, nothing is asked for: a stray datagram is met with the next answer, and
/// at the end.
void Flow::pull(bool leftovers) {
    auto &buffer = context_.buffer;
    const bool single = context_.poller.single() && !leftovers;
    more_to_read_ = false;
    for (int round = 0; round < rounds; ++round) {
        if (protocol().answers && waiting_ == 0 && !leftovers)
            break;
        const int flags = single && round == 0 && waits_for_answer() ? 0 : MSG_DONTWAIT;
        const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), flags);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return leftovers ? void() : lose(explain("ended", errno));
        if (got < 0)
            break;
        take({buffer.data(), static_cast<std::size_t>(got)}, now());
        more_to_read_ = round + 1 == rounds;
    }
    if (leftovers)
        return;
    push();
    if (more_to_read_ && !over_)
        again();
}

void Flow::take(std::string_view bytes, Nanoseconds at) {
    const auto number = datagram_.number(bytes);
    if (!protocol().answers) {
        ++counts().unexpected;
        return note("a datagram came back from a server that sends none");
    }
    if (number >= next_) {
        ++counts().mismatched;
        return note(fmt::format("a datagram of {} B came back that was never sent", bytes.size()));
    }
    auto &sent = slot(number);
    if (sent.number != number || sent.fate == Fate::lost)
        ++counts().overdue;
    else if (sent.fate == Fate::answered)
        ++counts().duplicates;
    else
        take_answer(sent, bytes, at);
}

void Flow::take_answer(Slot &slot, std::string_view bytes, Nanoseconds at) {
    if (slot.number + 1 < highest_)
        ++counts().reordered;
    highest_ = std::max(highest_, slot.number + 1);
    if (options().verify && (bytes.size() != slot.size || !datagram_.intact(slot.number, bytes))) {
        ++counts().mismatched;
        note(fmt::format("datagram {} of {} B came back altered, with {} B", slot.number, slot.size,
                         bytes.size()));
    }
    if (slot.counted)
        count_answer(slot.due, slot.size, at);
    slot.fate = Fate::answered;
    --waiting_;
    while (oldest_ < next_ && this->slot(oldest_).fate != Fate::waiting)
        ++oldest_;
}

// --- Giving up, and the end -----------------------------------------------------

void Flow::give_up(Slot &slot, Nanoseconds at) {
    if (slot.counted)
        count_loss(at);
    slot.fate = Fate::lost;
    --waiting_;
}

void Flow::expire(Nanoseconds at) {
    for (; oldest_ < next_; ++oldest_) {
        auto &slot = this->slot(oldest_);
        if (slot.fate != Fate::waiting)
            continue;
        if (!too_long_since(slot.began, at))
            return;
        pending_ = pending_ && oldest_ + 1 < next_;
        give_up(slot, at);
        note("a datagram was not answered within --timeout");
    }
}

/// The server's host says that nobody listens.
void Flow::lose(const std::string &why) {
    note(why);
    ++counts().connections_lost;
    const auto at = now();
    for (; oldest_ < next_; ++oldest_)
        if (slot(oldest_).fate == Fate::waiting)
            give_up(slot(oldest_), at);
    exhaust();
    socket_.close();
    over_ = true;
    settle();
}

void Flow::settle_if_done() {
    if (over_ || !exhausted() || waiting_ > 0)
        return;
    pull(true);
    socket_.close();
    over_ = true;
    settle();
}

void Flow::grow() {
    std::vector<Slot> more(slots_.size() * 2);
    for (const auto &one : slots_)
        if (one.fate != Fate::none)
            more[one.number & (more.size() - 1)] = one;
    slots_ = std::move(more);
}

} // namespace kinetd::load

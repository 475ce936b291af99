// SPDX-License-Identifier: GPL-2.0
#include "kinetload/stream.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "kinetload/trouble.hpp"

namespace kinetd::load {

namespace {

/// So that one connection that never has to wait leaves turns to the others.
constexpr int rounds = 16;
/// Messages are joined up to this for one call.
constexpr std::uint64_t joined = 65536;
/// Before a connection that could not be made is tried again.
constexpr Nanoseconds pause = 10 * millisecond;
/// Between the places in the sequence where connections start; no two share one.
constexpr std::uint64_t stride = 104729;

void set(int fd, int level, int name, int value) {
    (void)::setsockopt(fd, level, name, &value, sizeof value);
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

} // namespace

Stream::Stream(Context &context, unsigned index)
    : Session(context, index),
      expected_(context.options.protocol->sends ? Sequence::random() : Sequence::chargen()),
      place_(context.options.protocol->sends ? (index + 1) * stride : 0) {}

// --- Connecting and ending ------------------------------------------------------

void Stream::open() {
    if (!options().churn)
        connect(now());
}

void Stream::connect(Nanoseconds at) {
    const auto &server = options().server;
    state_ = State::connecting;
    since_ = at;
    socket_ = Descriptor(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_)
        return connect_failed(explain("cannot open a socket", errno), at);
    set(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    if (::connect(socket_.get(), server.data(), server.size()) != 0 && errno != EINPROGRESS)
        return connect_failed(explain("cannot connect to " + server.text(), errno), at);
    const int problem = context_.poller.add(socket_.get(), *this, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    if (problem != 0)
        connect_failed(explain("cannot wait for a socket", problem), at);
}

void Stream::connected() {
    const auto at = now();
    const int problem = pending_error(socket_.get());
    if (problem != 0)
        return connect_failed(explain("cannot connect to " + options().server.text(), problem), at);
    if (context_.poller.single())
        (void)::fcntl(socket_.get(), F_SETFL, 0);
    context_.ledger.connect.record(at > since_ ? at - since_ : 0);
    ++counts().connects;
    state_ = State::open;
    if (running_)
        push();
}

void Stream::connect_failed(const std::string &why, Nanoseconds at) {
    note(why);
    ++counts().connect_failures;
    while (!flight_.empty()) {
        if (flight_.front().counted)
            count_loss(at);
        flight_.pop();
    }
    close();
    since_ = at;
    if (options().churn)
        return;
    state_ = State::over;
    settle();
}

void Stream::close() {
    if (options().reset && socket_) {
        const linger now{1, 0};
        (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    socket_.close();
    state_ = State::closed;
    queued_ = sent_ = received_ = 0;
    place_ += protocol().sends ? 1 : 0;
}

/// Discard's only answer is the end of its stream.
void Stream::stop_sending(Nanoseconds at) {
    (void)::shutdown(socket_.get(), SHUT_WR);
    state_ = State::finishing;
    since_ = at;
}

void Stream::end_of_stream(Nanoseconds at) {
    if (state_ != State::finishing)
        return lose("the server closed it", at);
    if (options().churn) {
        const auto message = flight_.front();
        flight_.pop();
        return finish(message, at);
    }
    close();
    state_ = State::over;
    settle();
}

void Stream::lose(const std::string &why, Nanoseconds at) {
    note(fmt::format("{} after {} B sent and {} B received", why, sent_, received_));
    ++counts().connections_lost;
    while (!flight_.empty()) {
        if (flight_.front().counted)
            count_loss(at);
        flight_.pop();
    }
    close();
    if (options().churn)
        return again();
    exhaust();
    state_ = State::over;
    settle();
}

void Stream::settle_if_done() {
    if (!exhausted() || !flight_.empty())
        return;
    if (state_ == State::open && !protocol().answers)
        return stop_sending(now());
    if (state_ == State::finishing || state_ == State::over)
        return;
    close();
    state_ = State::over;
    settle();
}

void Stream::next_connection() {
    const auto at = now();
    if (start_message(at))
        connect(at);
    else
        settle_if_done();
}

// --- Events ---------------------------------------------------------------------

void Stream::begin() {
    running_ = true;
    if (state_ == State::over)
        return;
    if (options().churn)
        return next_connection();
    push();
    if (protocol().sends || state_ != State::open)
        return;
    more_to_read_ = true; // since it was connected, and nobody looked
    again();
}

void Stream::ready(std::uint32_t events) {
    if (state_ == State::closed || state_ == State::over)
        return; // an event of the connection before
    if (state_ == State::connecting) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0)
            return;
        connected();
    }
    if (!running_ && (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) == 0)
        return;
    if (state_ != State::open && state_ != State::finishing)
        return;
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
        pull();
    else if (sent_ < queued_)
        push();
}

void Stream::turn() {
    taken_off_agenda();
    if (state_ == State::closed && options().churn)
        return next_connection();
    if (state_ == State::finishing || (state_ == State::open && more_to_read_))
        pull();
    else if (state_ == State::open)
        push();
}

void Stream::tick(Nanoseconds at) {
    if (state_ == State::over)
        return;
    if (running_ && context_.window.over(at))
        exhaust();
    if (state_ == State::connecting && too_long_since(since_, at))
        connect_failed(
            "cannot connect to " + options().server.text() + ": no answer within --timeout", at);
    else if (state_ == State::finishing && too_long_since(since_, at))
        lose("the server does not end it within --timeout", at);
    else if (state_ == State::open && !flight_.empty() && too_long_since(flight_.front().began, at))
        lose("no answer within --timeout", at);
    else if (state_ == State::closed && running_ && at > since_ + pause)
        again();
    settle_if_done();
}

// --- Messages -------------------------------------------------------------------

bool Stream::start_message(Nanoseconds at) {
    const unsigned depth = options().depth;
    if (depth != 0 && flight_.size() >= depth)
        return false;
    if (options().churn && state_ != State::closed)
        return false;
    const auto start = next(at);
    if (!start)
        return false;
    const auto size = options().sizes.draw(random_);
    const auto before = flight_.empty() ? (protocol().answers ? received_ : queued_)
                                        : flight_[flight_.size() - 1].end;
    flight_.push({start->due, at, before + size, size, start->counted, false});
    queued_ += protocol().sends ? size : 0;
    return true;
}

/// Starts and sends what may start, until nothing more is taken.
void Stream::push() {
    for (int round = 0; round < rounds; ++round) {
        const auto at = now();
        while (queued_ - sent_ < joined && start_message(at)) {
        }
        if (sent_ == queued_)
            return settle_if_done();
        if (!flush())
            return;
        if (!protocol().answers)
            finish_sent(now());
        else if (options().depth == 1)
            return;
    }
    again();
}

/// False where the socket is full, or gone.
bool Stream::flush() {
    while (sent_ < queued_) {
        const auto bytes =
            Sequence::random().at(place_ + sent_, static_cast<std::size_t>(queued_ - sent_));
        const auto put =
            ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (put < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                lose(explain("cannot send", errno), now());
            else if (!protocol().answers)
                finish_sent(now());
            return false;
        }
        sent_ += static_cast<std::uint64_t>(put);
    }
    return true;
}

void Stream::pull() {
    auto &buffer = context_.buffer;
    const bool single = context_.poller.single();
    const int flags = single && waits_for_answer() ? 0 : MSG_DONTWAIT;
    more_to_read_ = false;
    for (int round = 0; round < rounds; ++round) {
        const auto got = ::recv(socket_.get(), buffer.data(), buffer.size(), flags);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return lose(explain("ended", errno), now());
        if (got < 0)
            break;
        const auto at = now();
        if (got == 0)
            return end_of_stream(at);
        take({buffer.data(), static_cast<std::size_t>(got)}, at);
        if (state_ != State::open && state_ != State::finishing)
            return;
        more_to_read_ = static_cast<std::size_t>(got) == buffer.size();
        if (!more_to_read_ || single)
            break;
    }
    if (state_ == State::open)
        push();
    if (more_to_read_ && !single && state_ != State::over)
        again();
}

/// Shares what has come out among the messages on their way.
void Stream::take(std::string_view bytes, Nanoseconds at) {
    while (!bytes.empty()) {
        // Chargen goes on by itself; what it sends begins the next message.
        if (flight_.empty() && !protocol().sends && !options().churn)
            (void)start_message(at);
        if (flight_.empty() || !protocol().answers) {
            if (protocol().sends)
                counts().unexpected += bytes.size();
            received_ += bytes.size();
            return;
        }
        auto &message = flight_.front();
        const auto part = bytes.substr(0, static_cast<std::size_t>(message.end - received_));
        take_for(message, part);
        bytes.remove_prefix(part.size());
        if (received_ < message.end)
            continue;
        const auto whole = message;
        flight_.pop();
        finish(whole, at);
        if (state_ != State::open)
            return;
    }
}

void Stream::take_for(Message &message, std::string_view bytes) {
    if (options().verify && !message.bad) {
        const auto where = expected_.difference(place_ + received_, bytes);
        message.bad = where != std::string_view::npos;
        if (message.bad)
            note(fmt::format(
                "byte {} came back as {:#04x}, not {:#04x}", received_ + where,
                static_cast<unsigned char>(bytes[where]),
                static_cast<unsigned char>(expected_.at(place_ + received_ + where, 1).front())));
    }
    received_ += bytes.size();
}

void Stream::finish(const Message &message, Nanoseconds at) {
    if (message.counted)
        count_answer(message.due, message.size, at);
    if (message.bad)
        ++counts().mismatched;
    if (!options().churn)
        return;
    close();
    again();
}

/// Where nothing is answered, a message is done when the socket has taken its last byte; with a
/// connection for each, when the server has seen the end of it.
void Stream::finish_sent(Nanoseconds at) {
    if (options().churn) {
        if (sent_ == queued_ && state_ == State::open)
            stop_sending(at);
        return;
    }
    while (!flight_.empty() && flight_.front().end <= sent_) {
        finish(flight_.front(), at);
        flight_.pop();
    }
}

} // namespace kinetd::load

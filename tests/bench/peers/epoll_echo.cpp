// SPDX-License-Identifier: GPL-2.0
// The user-space peer: a TCP echo server (RFC 862) on one thread with epoll, written to cost as
// little as it can.
//
// Edge-triggered, because a level-triggered item is polled once more by the epoll_wait that follows
// it.  A read that is shorter than the buffer has drained the socket, so no read is spent on
// EAGAIN; what could follow a short read without a new edge (a FIN, an error, urgent data) is told
// by the event's own flags.  A connection has no state here unless its peer does not read: then the
// rest of what was read waits, and nothing more is read until it is gone.
//
//   --sched batch        SCHED_BATCH: does not preempt who wakes it, and so finds more waiting
#include "socket.hpp"

#include <sched.h>
#include <sys/epoll.h>

#include <array>
#include <csignal>
#include <unordered_map>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;

constexpr std::size_t buffer_size = std::size_t{256} * 1024;
constexpr int events_at_once = 128;
constexpr int reads_at_once =
    16; // of a whole buffer each; then the other connections have their turn
constexpr std::uint64_t blocked_mark = std::uint64_t{1} << 32;
constexpr std::uint32_t reading = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t more_than_data = EPOLLPRI | EPOLLRDHUP | EPOLLHUP | EPOLLERR;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
    bool sched_batch = false;
};

class Server {
public:
    explicit Server(const Options &options);
    [[noreturn]] void run();

private:
    enum class Outcome { drained, more, blocked, finished };

    void accept_waiting();
    void shed_one();
    void serve(int fd, std::uint32_t events);
    Outcome echo(int fd, bool to_the_end);
    void resume(int fd);
    void close(int fd);
    void watch(int operation, int fd, std::uint32_t events, std::uint64_t mark = 0);

    Descriptor listener_;
    Descriptor spare_; // given up for a moment where descriptors run out, to turn a connection away
    Descriptor poll_;
    std::unordered_map<int, std::vector<char>> unsent_; // of blocked connections only
    alignas(4096) std::array<char, buffer_size> buffer_;
};

Server::Server(const Options &options) {
    const auto at = bench::endpoint(options.address, options.port);
    listener_ = Descriptor(
        check(::socket(at.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    bench::set_option(listener_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    // Accepted sockets inherit these two.
    bench::set_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    bench::set_option(listener_.get(), SOL_SOCKET, SO_OOBINLINE, 1);
    check(::bind(listener_.get(), at.address(), at.length), "bind");
    check(::listen(listener_.get(), SOMAXCONN), "listen");
    if (options.sched_batch) {
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
    spare_ = Descriptor(check(::dup(listener_.get()), "dup"));
    poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN);
}

void Server::watch(int operation, int fd, std::uint32_t events, std::uint64_t mark) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<std::uint64_t>(fd) | mark;
    check(::epoll_ctl(poll_.get(), operation, fd, &event), "epoll_ctl");
}

void Server::run() {
    std::array<epoll_event, events_at_once> events;
    for (;;) {
        const int count = ::epoll_wait(poll_.get(), events.data(), events_at_once, -1);
        if (count < 0 && errno != EINTR)
            bench::fail("epoll_wait");
        for (int i = 0; i < count; ++i) {
            const int fd = static_cast<int>(events[i].data.u64 & (blocked_mark - 1));
            if ((events[i].data.u64 & blocked_mark) != 0)
                resume(fd);
            else if (fd == listener_.get())
                accept_waiting();
            else
                serve(fd, events[i].events);
        }
    }
}

void Server::accept_waiting() {
    for (;;) {
        const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            watch(EPOLL_CTL_ADD, fd, reading);
        } else if (errno == EMFILE || errno == ENFILE) {
            shed_one();
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return; // none is waiting; or no memory, and the level-triggered listener asks again
        }
    }
}

// With no descriptor left a waiting connection would keep the level-triggered listener ready for
// ever.
void Server::shed_one() {
    spare_.reset();
    Descriptor unwanted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    unwanted.reset();
    spare_ = Descriptor(::dup(listener_.get()));
}

void Server::serve(int fd, std::uint32_t events) {
    switch (echo(fd, (events & more_than_data) != 0)) {
    case Outcome::drained:
        return;
    case Outcome::more:
        return watch(EPOLL_CTL_MOD, fd, reading); // tests for readiness again: another edge
    case Outcome::blocked:
        return watch(EPOLL_CTL_MOD, fd, EPOLLOUT | EPOLLET, blocked_mark);
    case Outcome::finished:
        return close(fd);
    }
}

Server::Outcome Server::echo(int fd, bool to_the_end) {
    for (int reads = 0; reads < reads_at_once; ++reads) {
        const ssize_t got = ::recv(fd, buffer_.data(), buffer_.size(), 0);
        if (got <= 0)
            return got < 0 && errno == EAGAIN ? Outcome::drained : Outcome::finished;
        const ssize_t put = ::send(fd, buffer_.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
        if (put != got) {
            if (put < 0 && errno != EAGAIN)
                return Outcome::finished;
            unsent_[fd].assign(buffer_.data() + (put > 0 ? put : 0), buffer_.data() + got);
            return Outcome::blocked;
        }
        if (got < static_cast<ssize_t>(buffer_.size()) && !to_the_end)
            return Outcome::drained;
    }
    return Outcome::more;
}

void Server::resume(int fd) {
    auto &waiting = unsent_.at(fd);
    const ssize_t put = ::send(fd, waiting.data(), waiting.size(), MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN)
        return close(fd);
    if (put > 0)
        waiting.erase(waiting.begin(), waiting.begin() + put);
    if (!waiting.empty())
        return;
    unsent_.erase(fd);
    watch(EPOLL_CTL_MOD, fd, reading);
}

// Closing takes the descriptor out of the epoll set: nothing else refers to its file.
void Server::close(int fd) {
    unsent_.erase(fd);
    ::close(fd);
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (!bench::take_server_option(options, name, arguments))
            throw bench::Help(name,
                              "usage: epoll_echo [--address A] [--port P] [--sched other|batch]");
    }
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("epoll_echo", argc, argv, parse);
}

// SPDX-License-Identifier: GPL-2.0
// The user-space peer for discarding: a TCP sink (RFC 863) that reads and drops, and closes when
// its peer has.  What costs it least is a matter of trying; tests/bench/compare takes the best.
//
//   --mode trunc         recv with MSG_TRUNC: the kernel drops it without copying
//   --mode copy          recv into a buffer
//   --mode splice        through a pipe to /dev/null
//   --bytes N            at most so much a call
//   --wait block|epoll   a thread a connection, of --threads; or one with an edge-triggered epoll
//   --lowat N            SO_RCVLOWAT: is not woken for less
//   --sched batch        SCHED_BATCH: does not preempt who wakes it, and so finds more waiting
#include "socket.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>

#include <array>
#include <thread>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;

enum class Mode { trunc, copy, splice };

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7009;
    Mode mode = Mode::trunc;
    std::size_t bytes = std::size_t{1} << 20U;
    bool epoll = false;
    unsigned threads = 16;
    int lowat = 0;
    bool sched_batch = false;
};

// Where the bytes of one thread go.
class Drain {
public:
    explicit Drain(const Options &options);
    ssize_t take(int fd); // as recv returns

private:
    Mode mode_;
    std::size_t bytes_;
    std::vector<char> buffer_;
    Descriptor pipe_out_, pipe_in_, null_;
};

Drain::Drain(const Options &options) : mode_(options.mode), bytes_(options.bytes) {
    if (mode_ == Mode::copy)
        buffer_.resize(bytes_);
    if (mode_ != Mode::splice)
        return;
    std::array<int, 2> ends{};
    check(::pipe2(ends.data(), O_CLOEXEC), "pipe2");
    pipe_out_ = Descriptor(ends[0]);
    pipe_in_ = Descriptor(ends[1]);
    check(::fcntl(ends[1], F_SETPIPE_SZ, static_cast<int>(bytes_)), "F_SETPIPE_SZ");
    null_ = Descriptor(check(::open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null"));
}

ssize_t Drain::take(int fd) {
    if (mode_ == Mode::trunc)
        return ::recv(fd, nullptr, bytes_, MSG_TRUNC);
    if (mode_ == Mode::copy)
        return ::recv(fd, buffer_.data(), bytes_, 0);
    const ssize_t got = ::splice(fd, nullptr, pipe_in_.get(), nullptr, bytes_, SPLICE_F_MOVE);
    for (ssize_t left = got; left > 0;) {
        const ssize_t gone = ::splice(pipe_out_.get(), nullptr, null_.get(), nullptr,
                                      static_cast<std::size_t>(left), SPLICE_F_MOVE);
        left -= check(static_cast<int>(gone), "splice");
    }
    return got;
}

class Server {
public:
    explicit Server(const Options &options);
    void run();

private:
    void run_blocking();
    [[noreturn]] void run_epoll();
    void accept();
    void serve(int fd, Drain &drain, bool ended);
    void watch(int fd, std::uint32_t events);

    Options options_;
    Descriptor listener_;
    Descriptor poll_;
};

Server::Server(const Options &options) : options_(options) {
    const auto at = bench::endpoint(options.address, options.port);
    listener_ = Descriptor(check(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int fd = listener_.get();
    bench::set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (options.lowat > 0) // accepted sockets inherit it
        bench::set_option(fd, SOL_SOCKET, SO_RCVLOWAT, options.lowat);
    check(::bind(fd, at.address(), at.length), "bind");
    check(::listen(fd, SOMAXCONN), "listen");
    if (options.sched_batch) { // threads inherit it
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
}

void Server::run() {
    if (options_.epoll)
        run_epoll();
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options_.threads; ++i)
        threads.emplace_back([this] { run_blocking(); });
}

void Server::run_blocking() {
    Drain drain(options_);
    for (;;) {
        const Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        while (connection.get() >= 0 && drain.take(connection.get()) > 0)
            ;
    }
}

void Server::watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Server::accept() {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        watch(fd, EPOLLIN | EPOLLRDHUP | EPOLLET);
}

// What is shorter than was asked for has drained the socket, and what comes later makes an edge;
// the end is told by the event.
void Server::serve(int fd, Drain &drain, bool ended) {
    for (;;) {
        const ssize_t got = drain.take(fd);
        if (got == 0 || (got < 0 && errno != EAGAIN)) {
            ::close(fd);
            return;
        }
        if (got < 0 ||
            (got < static_cast<ssize_t>(options_.bytes) && !ended && options_.mode != Mode::splice))
            return;
    }
}

void Server::run_epoll() {
    Drain drain(options_);
    poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    watch(listener_.get(), EPOLLIN);
    std::array<epoll_event, 64> events;
    for (;;) {
        const int ready =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const auto &event = events[static_cast<std::size_t>(i)];
            if (event.data.fd == listener_.get())
                accept();
            else
                serve(event.data.fd, drain,
                      (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0);
        }
    }
}

Mode mode(const std::string &name) {
    if (name == "trunc")
        return Mode::trunc;
    if (name == "copy")
        return Mode::copy;
    if (name == "splice")
        return Mode::splice;
    throw std::invalid_argument("a mode is trunc, copy or splice");
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (bench::take_server_option(options, name, arguments))
            continue;
        if (name == "--mode")
            options.mode = mode(arguments.text());
        else if (name == "--bytes")
            options.bytes = arguments.number<std::size_t>();
        else if (name == "--wait")
            options.epoll = arguments.choice("epoll", "block");
        else if (name == "--threads")
            options.threads = arguments.number<unsigned>();
        else if (name == "--lowat")
            options.lowat = arguments.number<int>();
        else
            throw bench::Help(
                name,
                "usage: tcp_sink [--address A] [--port P] [--mode trunc|copy|splice] [--bytes N]"
                " [--wait block|epoll] [--threads N] [--lowat N] [--sched other|batch]");
    }
    if (options.bytes == 0 || options.threads == 0)
        throw std::invalid_argument("bytes and threads are at least 1");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("tcp_sink", argc, argv, parse);
}

// SPDX-License-Identifier: GPL-2.0
// A stream to a sink: sends so many MiB over some connections, half-closes each, and is done when
// the sink has closed all of them, having taken everything.  Before the measured phase it does the
// same with less.  One thread; blocking with one connection, edge-triggered epoll with several.
//
// Reported are the nanoseconds for a MiB, all told, and those spent in the sink's own threads,
// found by the beginning of their names.  What softirqs do is in the time of the thread that they
// interrupt: delivering data mostly in the sender's, acknowledgments in the sink's.
#include "load.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace {

using bench::check;
using bench::Descriptor;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 9;
    unsigned connections = 1;
    std::size_t bytes = 65536;
    std::uint64_t mebibytes = 256;
    std::uint64_t warmup = 32;
    std::string sink = "tcp_sink";
};

// The time that all threads of that name have run, in nanoseconds.
std::uint64_t time_of(const std::string &name) {
    std::uint64_t result = 0;
    for (const auto &process : std::filesystem::directory_iterator("/proc")) {
        std::string comm;
        std::ifstream(process.path() / "comm") >> comm;
        if (!comm.starts_with(name))
            continue;
        for (const auto &thread : std::filesystem::directory_iterator(process.path() / "task")) {
            std::uint64_t time = 0;
            std::ifstream(thread.path() / "schedstat") >> time;
            result += time;
        }
    }
    return result;
}

struct Connection {
    Descriptor socket;
    std::uint64_t left = 0;
    bool open = true;
};

class Stream {
public:
    Stream(const Options &options, const std::vector<char> &pattern, std::uint64_t bytes);
    void run();

private:
    void connect(Connection &connection, const bench::Endpoint &server);
    bool send(Connection &connection);
    bool finished(Connection &connection);
    void pump(std::uint32_t events, Connection &connection);

    const Options &options_;
    const std::vector<char> &pattern_;
    std::vector<Connection> connections_;
    std::size_t open_;
    Descriptor poll_;
    int flags_ = MSG_NOSIGNAL;
};

Stream::Stream(const Options &options, const std::vector<char> &pattern, std::uint64_t bytes)
    : options_(options), pattern_(pattern), connections_(options.connections),
      open_(options.connections) {
    if (connections_.size() > 1) {
        poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
        flags_ |= MSG_DONTWAIT;
    }
    const auto server = bench::endpoint(options.address, options.port);
    for (auto &connection : connections_) {
        connection.left = bytes / connections_.size();
        connect(connection, server);
    }
}

void Stream::connect(Connection &connection, const bench::Endpoint &server) {
    connection.socket =
        Descriptor(check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int fd = connection.socket.get();
    check(::connect(fd, server.address(), server.length), "connect");
    if (poll_.get() < 0)
        return;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &connection;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// False where the send buffer is full.
bool Stream::send(Connection &connection) {
    while (connection.left > 0) {
        const ssize_t put =
            ::send(connection.socket.get(), pattern_.data(),
                   std::min<std::uint64_t>(options_.bytes, connection.left), flags_);
        if (put < 0) {
            if (errno == EAGAIN)
                return false;
            bench::fail("send");
        }
        connection.left -= static_cast<std::uint64_t>(put);
    }
    check(::shutdown(connection.socket.get(), SHUT_WR), "shutdown");
    return true;
}

bool Stream::finished(Connection &connection) {
    char byte = 0;
    const ssize_t got = ::recv(connection.socket.get(), &byte, 1, flags_);
    if (got > 0)
        throw std::runtime_error("the sink answered");
    if (got < 0 && errno != EAGAIN)
        bench::fail("recv");
    return got == 0;
}

void Stream::pump(std::uint32_t events, Connection &connection) {
    if (!connection.open || (connection.left > 0 && !send(connection)))
        return;
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0 || !finished(connection))
        return;
    connection.open = false;
    --open_;
}

void Stream::run() {
    if (connections_.size() == 1) {
        send(connections_.front());
        finished(connections_.front());
        return;
    }
    std::array<epoll_event, 64> events;
    while (open_ > 0) {
        const int ready =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
        if (ready < 0 && errno != EINTR)
            bench::fail("epoll_wait");
        for (int i = 0; i < ready; ++i)
            pump(events[static_cast<std::size_t>(i)].events,
                 *static_cast<Connection *>(events[static_cast<std::size_t>(i)].data.ptr));
    }
}

void run(const Options &options) {
    const auto pattern = bench::pattern(options.bytes);
    Stream(options, pattern, options.warmup * mebibyte).run();
    bench::Phase phase;
    const std::uint64_t before = time_of(options.sink);
    phase.begin();
    Stream(options, pattern, options.mebibytes * mebibyte).run();
    phase.end();
    const std::uint64_t sink = time_of(options.sink) - before;
    const auto each = static_cast<double>(options.mebibytes);
    std::printf("connections=%u bytes=%zu mebibytes=%ju total_ns=%ju idle_ns=%jd sink_ns=%ju"
                " per_mebibyte_ns=%.1f sink_per_mebibyte_ns=%.1f\n",
                options.connections, options.bytes, static_cast<std::uintmax_t>(options.mebibytes),
                static_cast<std::uintmax_t>(phase.elapsed()),
                static_cast<std::intmax_t>(phase.idle()), static_cast<std::uintmax_t>(sink),
                static_cast<double>(phase.elapsed()) / each, static_cast<double>(sink) / each);
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (name == "--address")
            options.address = arguments.text();
        else if (name == "--port")
            options.port = arguments.number<std::uint16_t>();
        else if (name == "--connections")
            options.connections = arguments.number<unsigned>();
        else if (name == "--bytes")
            options.bytes = arguments.number<std::size_t>();
        else if (name == "--mebibytes")
            options.mebibytes = arguments.number<std::uint64_t>();
        else if (name == "--warmup")
            options.warmup = arguments.number<std::uint64_t>();
        else if (name == "--sink")
            options.sink = arguments.text();
        else
            throw bench::Help(
                name, "usage: stream_load [--address A] [--port P] [--connections N] [--bytes N]"
                      " [--mebibytes N] [--warmup MEBIBYTES] [--sink NAME]");
    }
    if (options.connections == 0 || options.bytes == 0 || options.mebibytes == 0)
        throw std::invalid_argument("connections, bytes and mebibytes are at least 1");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_program("stream_load", [&] { run(parse(bench::Arguments(argc, argv))); });
}

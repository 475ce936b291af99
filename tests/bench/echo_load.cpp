// SPDX-License-Identifier: GPL-2.0
// A closed-loop load: every connection has one message on its way, and sends the next when the last
// has come back whole and unaltered.  One thread; blocking with one connection, edge-triggered
// epoll with several.  In a guest whose clock counts instructions, the time of the measured phase
// is what server, client and kernel together have executed.
#include "load.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;
using bench::now;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7;
    unsigned connections = 1;
    std::size_t bytes = 64;
    std::uint64_t messages = 10000;
    std::uint64_t warmup = 1000;
    bool verify = true;
    bool latency = false;
};

struct Connection {
    Descriptor socket;
    std::size_t sent = 0;
    std::size_t received = 0;
    std::size_t offset = 0;  // where in the pattern this message starts: never as the one before
    std::uint64_t began = 0; // when it was sent, where that is asked for
};

class Load {
public:
    explicit Load(const Options &options);
    void run();

private:
    void connect(Connection &connection, const bench::Endpoint &server);
    void start();
    void pump();
    void send_rest(Connection &connection);
    bool receive_some(Connection &connection);
    void finished(Connection &connection);
    void count();
    void report_latencies();

    Options options_;
    std::vector<char> pattern_;
    std::vector<char> incoming_;
    std::vector<Connection> connections_;
    Descriptor poll_;
    int flags_ = 0;
    std::vector<std::uint64_t> latencies_;
    std::uint64_t done_ = 0;
    std::uint64_t total_ = 0;
    bench::Phase phase_;
};

Load::Load(const Options &options)
    : options_(options), pattern_(bench::pattern(options.bytes)), incoming_(options.bytes),
      connections_(options.connections), total_(options.warmup + options.messages) {
    if (connections_.size() > 1)
        poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
    flags_ = connections_.size() > 1 ? MSG_NOSIGNAL | MSG_DONTWAIT : MSG_NOSIGNAL;
    const auto server = bench::endpoint(options.address, options.port);
    for (auto &connection : connections_)
        connect(connection, server);
}

void Load::connect(Connection &connection, const bench::Endpoint &server) {
    connection.socket =
        Descriptor(check(::socket(server.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int fd = connection.socket.get();
    check(::connect(fd, server.address(), server.length), "connect");
    bench::set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (poll_.get() < 0)
        return;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = &connection;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

void Load::send_rest(Connection &connection) {
    if (options_.latency)
        connection.began = now();
    while (connection.sent < options_.bytes) {
        const ssize_t put =
            ::send(connection.socket.get(), pattern_.data() + connection.offset + connection.sent,
                   options_.bytes - connection.sent, flags_);
        if (put < 0)
            bench::fail("send"); // one message is always less than a socket's buffer: EAGAIN is a
                                 // fault, too
        connection.sent += static_cast<std::size_t>(put);
    }
}

// Takes what has come; true where that completed the message.
bool Load::receive_some(Connection &connection) {
    const std::size_t wanted = options_.bytes - connection.received;
    const ssize_t got = ::recv(connection.socket.get(), incoming_.data(), wanted, flags_);
    if (got < 0) {
        if (errno == EAGAIN)
            return false;
        bench::fail("recv");
    }
    if (got == 0)
        throw std::runtime_error("the server closed a connection");
    const char *expected = pattern_.data() + connection.offset + connection.received;
    if (options_.verify &&
        std::memcmp(incoming_.data(), expected, static_cast<std::size_t>(got)) != 0)
        throw std::runtime_error("a message came back altered");
    connection.received += static_cast<std::size_t>(got);
    return connection.received == options_.bytes;
}

void Load::count() {
    ++done_;
    if (done_ == options_.warmup)
        phase_.begin();
    else if (done_ == total_)
        phase_.end();
}

void Load::finished(Connection &connection) {
    if (options_.latency && done_ >= options_.warmup)
        latencies_.push_back(now() - connection.began);
    count();
    connection.sent = connection.received = 0;
    connection.offset = (connection.offset + 1) % bench::shift;
}

// Each connection keeps going until the total is counted; the last messages on their way are not
// waited for.
void Load::pump() {
    std::array<epoll_event, 64> events;
    while (done_ < total_) {
        const int ready =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
        if (ready < 0 && errno != EINTR)
            bench::fail("epoll_wait");
        for (int i = 0; i < ready && done_ < total_; ++i) {
            auto &connection =
                *static_cast<Connection *>(events[static_cast<std::size_t>(i)].data.ptr);
            // A message that is not whole yet is continued by the edge that its next bytes raise.
            if (receive_some(connection)) {
                finished(connection);
                send_rest(connection);
            }
        }
    }
}

void Load::run() {
    if (connections_.size() > 1) {
        for (auto &connection : connections_)
            send_rest(connection);
        pump();
    } else {
        auto &connection = connections_.front();
        while (done_ < total_) {
            send_rest(connection);
            while (!receive_some(connection))
                ;
            finished(connection);
        }
    }
    bench::report(phase_, options_.connections, options_.bytes, options_.messages);
    std::puts("");
    if (options_.latency)
        report_latencies();
}

void Load::report_latencies() {
    std::sort(latencies_.begin(), latencies_.end());
    const auto at = [this](double share) {
        return static_cast<std::uintmax_t>(latencies_[static_cast<std::size_t>(
            share * static_cast<double>(latencies_.size() - 1))]);
    };
    std::printf("latency_ns p50=%ju p90=%ju p99=%ju p999=%ju max=%ju\n", at(0.5), at(0.9), at(0.99),
                at(0.999), at(1));
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
        else if (name == "--messages")
            options.messages = arguments.number<std::uint64_t>();
        else if (name == "--warmup")
            options.warmup = arguments.number<std::uint64_t>();
        else if (name == "--no-verify")
            options.verify = false;
        else if (name == "--latency")
            options.latency = true;
        else
            throw std::invalid_argument(
                "usage: echo_load [--address A] [--port P] [--connections N] [--bytes N]"
                " [--messages N] [--warmup N] [--no-verify] [--latency]");
    }
    if (options.connections == 0 || options.bytes == 0 || options.messages == 0 ||
        options.warmup == 0)
        throw std::invalid_argument("connections, bytes, messages and warmup are at least 1");
    return options;
}

} // namespace

int main(int argc, char **argv) try {
    Load(parse(bench::Arguments(argc, argv))).run();
} catch (const std::exception &error) {
    std::fprintf(stderr, "echo_load: %s\n", error.what());
    return 1;
}

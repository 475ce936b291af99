// SPDX-License-Identifier: GPL-2.0
// A closed-loop load: every connection has --depth messages on their way, and sends as many as have
// come back whole and unaltered.  One thread; blocking with one connection, edge-triggered epoll
// with several.  In a guest whose clock counts instructions, the time of the measured phase is what
// server, client and kernel together have executed.
//
//   --messages N, --warmup N   the measured phase begins and ends where so many messages' bytes
//                              have come back, so that large ones count as they flow
//   --latency    the round trip of each message, from the send that takes its first byte to the
//                recv that returns its last; costs two looks at the clock
//   --churn      a connection for each message: connect, echo, close; the round trip is that of all
//                but the close
//   --hold       one message each, then idle until stdin ends
#include "latency.hpp"
#include "load.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <vector>

namespace {

using bench::check;
using bench::Descriptor;
using bench::now;

constexpr std::size_t at_once = std::size_t{256} * 1024; // at most, of a send or a recv
constexpr std::size_t always_fits = 8192;                // into a socket's buffer

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7;
    unsigned connections = 1;
    std::size_t bytes = 64;
    unsigned depth = 1;
    std::uint64_t messages = 10000;
    std::uint64_t warmup = 1000;
    bool verify = true;
    bool latency = false;
    bool churn = false;
    bool hold = false;

    [[nodiscard]] std::size_t on_the_way() const { return bytes * depth; }
};

// What it sends is the pattern over and over, one byte longer than a message: none is as the one
// before it.
struct Connection {
    Descriptor socket;
    std::uint64_t sent = 0; // bytes
    std::uint64_t received = 0;
    std::vector<std::uint64_t> began; // when the messages on their way were sent, where asked for
};

class Load {
public:
    explicit Load(const Options &options);
    void run();

private:
    void connect(Connection &connection);
    void turn(Connection &connection);
    void send_more(Connection &connection);
    void note_begin(Connection &connection, std::uint64_t until, std::uint64_t time);
    bool receive_some(Connection &connection);
    void verify(const Connection &connection, std::size_t length);
    void note_end(const Connection &connection, std::uint64_t until);
    void count(std::size_t length);
    void pump();
    void hold();
    void report();

    Options options_;
    std::size_t period_;
    std::vector<char> pattern_;
    std::vector<char> incoming_;
    std::vector<Connection> connections_;
    bench::Endpoint server_;
    Descriptor poll_;
    int flags_ = MSG_NOSIGNAL;
    std::uint64_t done_ = 0; // bytes that came back
    std::uint64_t begin_at_, end_at_;
    std::uint64_t begun_at_ = 0;
    bool measuring_ = false, finished_ = false;
    bench::Phase phase_;
    kinetd::load::Histogram latencies_;
};

Load::Load(const Options &options)
    : options_(options), period_(options.bytes + 1),
      pattern_(bench::repeated(period_, period_ + at_once)),
      incoming_(std::min(options.on_the_way(), at_once)), connections_(options.connections),
      server_(bench::endpoint(options.address, options.port)),
      begin_at_(options.warmup * options.bytes),
      end_at_(begin_at_ + options.messages * options.bytes) {
    // A blocking send of more than the buffers hold would never return: nobody receives meanwhile.
    if (connections_.size() > 1 || options.on_the_way() > at_once / 4) {
        poll_ = Descriptor(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
        flags_ |= MSG_DONTWAIT;
    }
    for (auto &connection : connections_) {
        if (options.latency)
            connection.began.resize(options.depth);
        connect(connection);
    }
}

void Load::connect(Connection &connection) {
    if (options_.churn && options_.latency)
        connection.began.front() = now();
    connection.socket =
        Descriptor(check(::socket(server_.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    const int fd = connection.socket.get();
    check(::connect(fd, server_.address(), server_.length), "connect");
    if (!options_.churn) // who sends once has nothing before it that could delay it
        bench::set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (poll_.get() < 0)
        return;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    if (options_.on_the_way() > always_fits)
        event.events |= EPOLLOUT;
    event.data.ptr = &connection;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// The messages that begin before that byte and have not begun yet.
void Load::note_begin(Connection &connection, std::uint64_t until, std::uint64_t time) {
    const std::uint64_t first = (connection.sent + options_.bytes - 1) / options_.bytes;
    for (std::uint64_t i = first; i * options_.bytes < until; ++i)
        connection.began[i % options_.depth] = time;
}

// What does not fit is continued by the edge that room makes.
void Load::send_more(Connection &connection) {
    const std::uint64_t until =
        (connection.received / options_.bytes + options_.depth) * options_.bytes;
    while (connection.sent < until) {
        const bool note = options_.latency && !options_.churn;
        const std::uint64_t time = note ? now() : 0;
        const std::size_t length = std::min<std::uint64_t>(until - connection.sent, at_once);
        const ssize_t put = ::send(connection.socket.get(),
                                   pattern_.data() + connection.sent % period_, length, flags_);
        if (put < 0) {
            if (errno == EAGAIN && options_.on_the_way() > always_fits)
                return;
            bench::fail("send");
        }
        if (note)
            note_begin(connection, connection.sent + static_cast<std::uint64_t>(put), time);
        connection.sent += static_cast<std::uint64_t>(put);
    }
}

void Load::verify(const Connection &connection, std::size_t length) {
    const char *expected = pattern_.data() + connection.received % period_;
    if (options_.verify && std::memcmp(incoming_.data(), expected, length) != 0)
        throw std::runtime_error("a message came back altered");
}

void Load::note_end(const Connection &connection, std::uint64_t until) {
    const std::uint64_t time = now();
    for (std::uint64_t i = connection.received / options_.bytes; (i + 1) * options_.bytes <= until;
         ++i)
        latencies_.record(time - connection.began[i % options_.depth]);
}

void Load::count(std::size_t length) {
    done_ += length;
    if (!measuring_ && done_ >= begin_at_) {
        measuring_ = true;
        begun_at_ = done_;
        phase_.begin();
    } else if (done_ >= end_at_ && !finished_) {
        phase_.end();
        finished_ = true;
        end_at_ = done_;
    }
}

// Takes what has come; true where more may have: what is shorter than the buffer was all of it.
bool Load::receive_some(Connection &connection) {
    const std::size_t wanted =
        std::min<std::uint64_t>(connection.sent - connection.received, incoming_.size());
    if (wanted == 0)
        return false;
    const ssize_t got = ::recv(connection.socket.get(), incoming_.data(), wanted, flags_);
    if (got < 0) {
        if (errno == EAGAIN)
            return false;
        bench::fail("recv");
    }
    if (got == 0)
        throw std::runtime_error("the server closed a connection");
    const auto length = static_cast<std::size_t>(got);
    verify(connection, length);
    if (options_.latency && measuring_ && !finished_)
        note_end(connection, connection.received + length);
    connection.received += length;
    count(length);
    return length == incoming_.size();
}

void Load::turn(Connection &connection) {
    bool more = true;
    while (more && !finished_) {
        more = receive_some(connection);
        if (options_.churn && connection.received == connection.sent) {
            connection.socket.reset();
            connect(connection);
            more = false;
        }
        send_more(connection);
    }
}

// Each connection keeps going until the total is counted; what is on its way then is not waited
// for.
void Load::pump() {
    std::array<epoll_event, 64> events;
    while (!finished_) {
        const int ready =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
        if (ready < 0 && errno != EINTR)
            bench::fail("epoll_wait");
        for (int i = 0; i < ready && !finished_; ++i)
            turn(*static_cast<Connection *>(events[static_cast<std::size_t>(i)].data.ptr));
    }
}

void Load::hold() {
    flags_ = MSG_NOSIGNAL;
    for (auto &connection : connections_) {
        send_more(connection);
        while (connection.received < connection.sent)
            receive_some(connection);
    }
    bench::say_ready();
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

void Load::run() {
    if (options_.hold)
        return hold();
    for (auto &connection : connections_)
        send_more(connection);
    if (poll_.get() >= 0)
        pump();
    else
        while (!finished_)
            turn(connections_.front());
    report();
}

void Load::report() {
    const double messages =
        static_cast<double>(end_at_ - begun_at_) / static_cast<double>(options_.bytes);
    bench::report(phase_, options_.connections, options_.bytes, messages);
    if (options_.latency)
        bench::report(latencies_);
    std::puts("");
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
        else if (name == "--depth")
            options.depth = arguments.number<unsigned>();
        else if (name == "--messages")
            options.messages = arguments.number<std::uint64_t>();
        else if (name == "--warmup")
            options.warmup = arguments.number<std::uint64_t>();
        else if (name == "--no-verify")
            options.verify = false;
        else if (name == "--latency")
            options.latency = true;
        else if (name == "--churn")
            options.churn = true;
        else if (name == "--hold")
            options.hold = true;
        else
            throw bench::Help(
                name, "usage: echo_load [--address A] [--port P] [--connections N] [--bytes N]"
                      " [--depth N] [--messages N] [--warmup N] [--no-verify] [--latency]"
                      " [--churn | --hold]");
    }
    if (options.connections == 0 || options.bytes == 0 || options.depth == 0 ||
        options.messages == 0 || options.warmup == 0)
        throw std::invalid_argument(
            "connections, bytes, depth, messages and warmup are at least 1");
    if ((options.churn || options.hold) && options.depth > 1)
        throw std::invalid_argument("a connection that lasts one message has one on its way");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_program("echo_load",
                              [&] { Load(parse(bench::Arguments(argc, argv))).run(); });
}

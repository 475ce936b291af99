// SPDX-License-Identifier: GPL-2.0
// The user-space peer as it is written first: a TCP echo server (RFC 862) with a thread for each
// connection, which blocks in recv and in send.
//
//   --bytes N            the buffer of a connection
//   --sched batch        SCHED_BATCH: does not preempt who wakes it
#include "socket.hpp"

#include <sched.h>

#include <memory>
#include <thread>

namespace {

using bench::check;
using bench::Descriptor;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
    std::size_t bytes = std::size_t{64} * 1024;
    bool sched_batch = false;
};

class Server {
public:
    explicit Server(const Options &options);
    [[noreturn]] void run();

private:
    Options options_;
    Descriptor listener_;
};

Server::Server(const Options &options) : options_(options) {
    const auto at = bench::endpoint(options.address, options.port);
    listener_ = Descriptor(check(::socket(at.family(), SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
    bench::set_option(listener_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    bench::set_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, 1); // inherited
    check(::bind(listener_.get(), at.address(), at.length), "bind");
    check(::listen(listener_.get(), SOMAXCONN), "listen");
    if (options.sched_batch) { // threads inherit it
        const sched_param none{};
        check(::sched_setscheduler(0, SCHED_BATCH, &none), "sched_setscheduler");
    }
}

// A blocking send is whole, or the connection is at its end.
void serve(const Descriptor &connection, std::size_t bytes) {
    const auto buffer = std::make_unique_for_overwrite<char[]>(bytes); // NOLINT(*-avoid-c-arrays)
    for (;;) {
        const ssize_t got = ::recv(connection.get(), buffer.get(), bytes, 0);
        if (got <= 0 || ::send(connection.get(), buffer.get(), static_cast<std::size_t>(got),
                               MSG_NOSIGNAL) != got)
            return;
    }
}

// A connection that there is no thread for is closed.
void Server::run() {
    for (;;) {
        Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (connection.get() < 0)
            continue;
        try {
            std::thread([connection = std::move(connection), bytes = options_.bytes] {
                serve(connection, bytes);
            }).detach();
        } catch (const std::system_error &error) {
            std::fprintf(stderr, "thread_echo: %s\n", error.what());
        }
    }
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (bench::take_server_option(options, name, arguments))
            continue;
        if (name == "--bytes")
            options.bytes = arguments.number<std::size_t>();
        else
            throw bench::Help(name, "usage: thread_echo [--address A] [--port P] [--bytes N]"
                                    " [--sched other|batch]");
    }
    if (options.bytes == 0)
        throw std::invalid_argument("bytes is at least 1");
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("thread_echo", argc, argv, parse);
}

// SPDX-License-Identifier: GPL-2.0
// The floor for TCP: an echo of BPF's, in the kernel.  What arrives is handed back to the socket
// that it came from by a verdict program (BPF_SK_SKB_STREAM_VERDICT, bpf_sk_redirect_hash), and a
// kworker sends it.  User space accepts, and closes when the peer has: what is still to be sent
// then is lost, so it serves only peers that wait for their answers.  IPv4 only.
#include "bpf.hpp"

#include <sys/epoll.h>

#include <array>

namespace {

using bench::check;
using bench::Descriptor;

constexpr unsigned most_connections = 65536;

struct Options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 7007;
};

// Whom a connection is with, as the program sees it: both of 32 bits in network order.
struct Key {
    std::uint32_t port;
    std::uint32_t address;
};

class Server {
public:
    explicit Server(const Options &options);
    [[noreturn]] void run();

private:
    void accept();
    void hand_over(int fd, const sockaddr_in &peer);
    static void echo_early(int fd);
    void watch(int fd, std::uint32_t events);

    Descriptor listener_;
    Descriptor sockets_; // the map
    Descriptor verdict_;
    Descriptor poll_;
};

// return bpf_sk_redirect_hash(skb, &sockets, &key, 0);
bench::bpf::Program verdict(const Descriptor &sockets) {
    bench::bpf::Program program;
    program.load(BPF_W, 2, 1, offsetof(__sk_buff, remote_port));
    program.store(BPF_W, 10, -8, 2);
    program.load(BPF_W, 2, 1, offsetof(__sk_buff, remote_ip4));
    program.store(BPF_W, 10, -4, 2);
    program.map(2, sockets);
    program.move(3, 10);
    program.plus(3, -8);
    program.set(4, 0);
    program.call_helper(BPF_FUNC_sk_redirect_hash);
    program.leave();
    return program;
}

Server::Server(const Options &options)
    : sockets_(bench::bpf::create_map(BPF_MAP_TYPE_SOCKHASH, sizeof(Key), sizeof(int),
                                      most_connections)),
      verdict_(verdict(sockets_).load_as(BPF_PROG_TYPE_SK_SKB, BPF_SK_SKB_STREAM_VERDICT, 0)),
      poll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    const auto at = bench::endpoint(options.address, options.port);
    if (at.family() != AF_INET)
        throw std::invalid_argument("IPv4 only");
    listener_ = Descriptor(
        check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));
    bench::set_option(listener_.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    bench::set_option(listener_.get(), IPPROTO_TCP, TCP_NODELAY, 1); // inherited
    check(::bind(listener_.get(), at.address(), at.length), "bind");
    check(::listen(listener_.get(), SOMAXCONN), "listen");
    bpf_attr attribute{};
    attribute.target_fd = static_cast<std::uint32_t>(sockets_.get());
    attribute.attach_bpf_fd = static_cast<std::uint32_t>(verdict_.get());
    attribute.attach_type = BPF_SK_SKB_STREAM_VERDICT;
    bench::bpf::call(BPF_PROG_ATTACH, attribute, "BPF_PROG_ATTACH");
    watch(listener_.get(), EPOLLIN);
}

void Server::watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    check(::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

// No verdict is asked for what had arrived before the socket was in the map.
void Server::echo_early(int fd) {
    static std::array<char, std::size_t{64} * 1024> buffer;
    for (;;) {
        const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got <= 0 ||
            ::send(fd, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) != got)
            return;
    }
}

// What came while it was put there is taken once more: a peer that waits sends nothing meanwhile
// that the kernel could answer first.
void Server::hand_over(int fd, const sockaddr_in &peer) {
    const Key key{htonl(ntohs(peer.sin_port)), peer.sin_addr.s_addr};
    echo_early(fd);
    bench::bpf::update(sockets_, &key, &fd);
    echo_early(fd);
    watch(fd, EPOLLRDHUP | EPOLLET);
}

// A connection that has ended already does not go into the map.
void Server::accept() {
    sockaddr_in peer{};
    socklen_t length = sizeof(peer);
    Descriptor connection(
        ::accept4(listener_.get(), reinterpret_cast<sockaddr *>(&peer), &length, SOCK_CLOEXEC));
    if (connection.get() < 0)
        return;
    try {
        hand_over(connection.get(), peer);
        static_cast<void>(connection.release());
    } catch (const std::system_error &error) {
        if (error.code().value() != EOPNOTSUPP)
            std::fprintf(stderr, "sockmap_echo: %s\n", error.what());
    }
}

void Server::run() {
    std::array<epoll_event, 64> events;
    for (;;) {
        const int ready =
            ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener_.get())
                accept();
            else
                ::close(fd);
        }
    }
}

Options parse(bench::Arguments arguments) {
    Options options;
    while (!arguments.empty()) {
        const auto name = arguments.name();
        if (name == "--address")
            options.address = arguments.text();
        else if (name == "--port")
            options.port = arguments.number<std::uint16_t>();
        else
            throw bench::Help(name, "usage: sockmap_echo [--address A] [--port P]");
    }
    return options;
}

} // namespace

int main(int argc, char **argv) {
    return bench::run_server<Server>("sockmap_echo", argc, argv, parse);
}

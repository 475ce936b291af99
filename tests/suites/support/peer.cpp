// SPDX-License-Identifier: GPL-2.0
#include "support/peer.hpp"

#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <utility>

namespace kinetd::suite {

namespace {

constexpr std::size_t largest_datagram = 65536;
constexpr std::uint64_t the_listener = ~0ULL;

void watch(const Descriptor &epoll, const Descriptor &socket, std::uint64_t name) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = name;
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, socket.get(), &event) != 0)
        throw std::runtime_error(last_error("epoll_ctl").text());
}

} // namespace

Peer::Peer() : wake_(::eventfd(0, EFD_CLOEXEC)) {}

Peer::~Peer() {
    end();
}

void Peer::begin(Descriptor socket, std::function<void(const Descriptor &)> serve) {
    socket_ = std::move(socket);
    thread_ = std::thread([this, serve = std::move(serve)] { work(serve); });
}

void Peer::end() {
    if (!thread_.joinable())
        return;
    (void)::eventfd_write(wake_.get(), 1);
    thread_.join();
}

void Peer::work(const std::function<void(const Descriptor &)> &serve) {
    for (;;) {
        std::array<pollfd, 2> entries{{{socket_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        if (::poll(entries.data(), entries.size(), -1) < 0)
            continue;
        if (entries[1].revents != 0)
            return;
        serve(socket_);
    }
}

StreamPeer::StreamPeer(const Endpoint &at, Answer answer)
    : answer_(std::move(answer)), listener_(listen_on(at).value()) {
    Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
    watch(epoll, listener_, the_listener);
    begin(std::move(epoll), [this](const Descriptor &ready) { serve(ready); });
}

void StreamPeer::serve(const Descriptor &epoll) {
    epoll_event event{};
    if (::epoll_wait(epoll.get(), &event, 1, 0) != 1)
        return;
    if (event.data.u64 != the_listener) {
        answer(event.data.u64);
        return;
    }
    Descriptor connection(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!connection)
        return;
    (void)set_option(connection, IPPROTO_TCP, TCP_NODELAY, 1);
    watch(epoll, connection, connections_.size());
    connections_.push_back(std::move(connection));
}

void StreamPeer::answer(std::size_t which) {
    auto &connection = connections_[which];
    std::string bytes(largest_datagram, '\0');
    const auto n = ::recv(connection.get(), bytes.data(), bytes.size(), 0);
    if (n <= 0) {
        connection.close();
        return;
    }
    count();
    bytes.resize(static_cast<std::size_t>(n));
    const auto reply = answer_(bytes);
    if (!reply || !send_all(connection, *reply))
        connection.close();
}

DatagramPeer::DatagramPeer(const Endpoint &at, Answer answer) : answer_(std::move(answer)) {
    Descriptor socket(::socket(at.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (::bind(socket.get(), at.data(), at.size()) != 0)
        throw std::runtime_error(last_error("bind").text());
    begin(std::move(socket), [this](const Descriptor &ready) { serve(ready); });
}

void DatagramPeer::serve(const Descriptor &socket) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    std::string bytes(largest_datagram, '\0');
    const auto n = ::recvfrom(socket.get(), bytes.data(), bytes.size(), 0,
                              reinterpret_cast<sockaddr *>(&from), &size);
    if (n < 0)
        return;
    count();
    bytes.resize(static_cast<std::size_t>(n));
    for (const auto &reply : answer_(std::move(bytes)))
        (void)::sendto(socket.get(), reply.data(), reply.size(), 0,
                       reinterpret_cast<sockaddr *>(&from), size);
}

} // namespace kinetd::suite
